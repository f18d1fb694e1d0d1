import type { HeaderNode } from "../chain/header_tree.ts";
import { stripWitness } from "../chain/block.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { INV_BLOCK, INV_COMPACT_BLOCK, INV_WITNESS_BLOCK, type InvItem, type MessageOf } from "../protocol/messages.ts";
import { GETBLOCKS_PAGE, HEADERS_PAGE, MAX_DEFERRED_ITEMS, OUTBOX_LOW_WATER_BYTES } from "../protocol/params.ts";
import type { Peer } from "../peer/peer.ts";
import { Deque } from "../util/deque.ts";
import type { Hash } from "../util/hash.ts";
import type { PeerChains } from "./peer_chains.ts";
import type { Service } from "./service.ts";

export interface BlockServerDeps {
  readonly ledger: Ledger;
  readonly peerChains: PeerChains;
}

/** What one peer asked for and did not get yet. */
interface Deferred {
  readonly items: Deque<InvItem>;
  /** The last block of an answer to getblocks: when it is fetched, the peer is told of the tip so that it asks on. */
  continueAt: Hash | undefined;
}

/**
 * Serves headers and blocks of the best chain, and blocks of any branch. Blocks leave at the pace at which the peer
 * takes them: what it asked for beyond that waits here, and beyond a bound so does reading from it.
 */
export function blockServer(deps: BlockServerDeps): Service {
  const { chain } = deps.ledger;
  const deferred = new Map<Peer, Deferred>();

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
    if (nodes.length === GETBLOCKS_PAGE && last !== chain.tip) stateOf(peer).continueAt = last.hash;
  }

  function onGetData(peer: Peer, message: MessageOf<"getdata">): void {
    const { items } = stateOf(peer);
    for (const item of message.items) items.push(item);
    serve(peer);
    if (items.length > MAX_DEFERRED_ITEMS) peer.hold();
  }

  function serve(peer: Peer): void {
    const state = stateOf(peer);
    const missing: InvItem[] = [];
    while (peer.outbox.bytes < OUTBOX_LOW_WATER_BYTES && !peer.isOver) {
      const item = state.items.shift();
      if (!item) break;
      if (!sendBlock(peer, item, state)) missing.push(item);
    }
    if (missing.length > 0) peer.send({ type: "notfound", items: missing });
    if (state.items.length <= MAX_DEFERRED_ITEMS) peer.release();
  }

  /** False if we do not have it. */
  function sendBlock(peer: Peer, item: InvItem, state: Deferred): boolean {
    const node = isBlockKind(item.kind) ? chain.get(item.hash) : undefined;
    const raw = node && deps.ledger.block(item.hash);
    if (!node || !raw) return false;
    peer.send({ type: "block", block: item.kind === INV_BLOCK ? stripWitness(raw) : raw });
    deps.peerChains.learn(peer, node);
    if (state.continueAt === item.hash) {
      state.continueAt = undefined;
      peer.send({ type: "inv", items: [{ kind: INV_BLOCK, hash: chain.tip.hash }] });
    }
    return true;
  }

  /** Who was sent the headers up to the tip need not be told of it. */
  function learnLast(peer: Peer, nodes: readonly HeaderNode[]): void {
    const last = nodes.at(-1);
    if (last) deps.peerChains.learn(peer, last);
  }

  function stateOf(peer: Peer): Deferred {
    let state = deferred.get(peer);
    if (!state) deferred.set(peer, state = { items: new Deque(), continueAt: undefined });
    return state;
  }

  return {
    name: "block-server",
    handles: { getheaders: onGetHeaders, getblocks: onGetBlocks, getdata: onGetData },
    peerWritable: (peer) => {
      if (deferred.has(peer)) serve(peer);
    },
    peerClosed: (peer) => void deferred.delete(peer),
  };
}

/** Of compact blocks too: a peer that asks for an old one gets it whole (BIP152). */
function isBlockKind(kind: number): boolean {
  return kind === INV_BLOCK || kind === INV_WITNESS_BLOCK || kind === INV_COMPACT_BLOCK;
}
