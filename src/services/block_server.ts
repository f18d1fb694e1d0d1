import type { HeaderNode } from "../chain/header_tree.ts";
import { stripWitness } from "../chain/block.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { INV_BLOCK, INV_WITNESS_BLOCK, type InvItem, type Message, type MessageOf } from "../protocol/messages.ts";
import { GETBLOCKS_PAGE, HEADERS_PAGE } from "../protocol/sync_params.ts";
import type { Peer } from "../peer/peer.ts";
import type { Hash } from "../util/hash.ts";
import type { PeerChains } from "./peer_chains.ts";
import type { Service } from "./service.ts";

export interface BlockServerDeps {
  readonly ledger: Ledger;
  readonly peerChains: PeerChains;
}

/** Serves headers and blocks of the best chain, and blocks of any branch. */
export function blockServer(deps: BlockServerDeps): Service {
  const { chain } = deps.ledger;
  /** The last block of an answer to getblocks: when it is fetched, the peer is told of the tip so that it asks on. */
  const continueAt = new Map<Peer, Hash>();

  function onGetHeaders(peer: Peer, message: MessageOf<"getheaders">): void {
    const nodes = chain.headersAfter(message.locator, message.stop, HEADERS_PAGE);
    if (peer.send({ type: "headers", headers: nodes.map((node) => node.header) })) learnLast(peer, nodes);
  }

  /** Asked by nodes that sync without headers: btcd does, Bitcoin Core did before 0.10. */
  function onGetBlocks(peer: Peer, message: MessageOf<"getblocks">): void {
    const nodes = chain.headersAfter(message.locator, message.stop, GETBLOCKS_PAGE);
    const last = nodes.at(-1);
    if (!last) return;
    peer.send({ type: "inv", items: nodes.map(({ hash }) => ({ kind: INV_BLOCK, hash })) });
    if (nodes.length === GETBLOCKS_PAGE && last !== chain.tip) continueAt.set(peer, last.hash);
  }

  function serve(peer: Peer, item: InvItem): Message | undefined {
    const node = chain.get(item.hash);
    const raw = node && deps.ledger.block(item.hash);
    if (!node || !raw) return undefined;
    deps.peerChains.assume(peer, node);
    if (continueAt.get(peer) === item.hash) {
      continueAt.delete(peer);
      peer.send({ type: "inv", items: [{ kind: INV_BLOCK, hash: chain.tip.hash }] });
    }
    return { type: "block", block: item.kind === INV_BLOCK ? stripWitness(raw) : raw };
  }

  /** Who was sent the headers up to the tip need not be told of it. */
  function learnLast(peer: Peer, nodes: readonly HeaderNode[]): void {
    const last = nodes.at(-1);
    if (last) deps.peerChains.assume(peer, last);
  }

  return {
    name: "block-server",
    handles: { getheaders: onGetHeaders, getblocks: onGetBlocks },
    inventory: { kinds: [INV_BLOCK, INV_WITNESS_BLOCK], serve },
    peerClosed: (peer) => void continueAt.delete(peer),
  };
}
