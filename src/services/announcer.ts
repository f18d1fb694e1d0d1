import type { HeaderNode } from "../chain/header_tree.ts";
import type { Chain } from "../chain/chain.ts";
import { MAX_ANNOUNCED_HEADERS } from "../protocol/consensus.ts";
import { INV_BLOCK, type Message } from "../protocol/messages.ts";
import type { PeerSet } from "../net/peers.ts";
import type { Peer } from "../peer/peer.ts";
import type { PeerChains } from "./peer_chains.ts";
import type { Service } from "./service.ts";

export interface AnnouncerDeps {
  readonly chain: Chain;
  readonly peers: PeerSet;
  readonly peerChains: PeerChains;
  /** Pushes the block itself in its compact form to those of the peers that wish it; answers to whom. */
  readonly announceCompact: (tip: HeaderNode, uninformed: ReadonlySet<Peer>) => ReadonlySet<Peer>;
}

/**
 * Tells each peer about a new tip once: by a compact block if it wishes (BIP152), by headers if it asked for that and can
 * connect them (BIP130), else by inv. Who has no room for it is told of the tip once it has.
 */
export function announcer(deps: AnnouncerDeps): Service {
  const { chain, peers, peerChains } = deps;
  const wantsHeaders = new Set<Peer>();
  /** Told of nothing, because their queues were full. */
  const waiting = new Set<Peer>();

  function announce(to: Iterable<Peer> = peers.ready()): void {
    if (chain.syncing && isSomebodyAhead()) return;
    const tip = chain.tip;
    const uninformed = new Set([...to].filter((peer) => !peerChains.has(peer, tip)));
    const pushed = deps.announceCompact(tip, uninformed);
    const others = new Set([...uninformed].filter((peer) => !pushed.has(peer)));
    const refused = new Set<Peer>();
    for (const [depth, group] of groupByHeaders(tip, others)) {
      peers.broadcast(announcement(tip, depth), (peer) => group.has(peer), (peer) => refused.add(peer));
    }
    for (const peer of uninformed) {
      if (refused.has(peer)) awaitRoom(peer);
      else peerChains.assume(peer, tip);
    }
  }

  function awaitRoom(peer: Peer): void {
    if (peer.isOver) return;
    waiting.add(peer);
    peer.awaitRoom();
  }

  /** A node that is far behind has news for nobody, unless what it lacks is what nobody has. */
  function isSomebodyAhead(): boolean {
    const { chainWork } = chain.tip;
    return [...peers.ready()].some((peer) => (peerChains.best(peer)?.chainWork ?? 0n) > chainWork);
  }

  /** Peers by the number of headers that each one lacks; 0 stands for an inv. Each group shares one frame. */
  function groupByHeaders(tip: HeaderNode, uninformed: ReadonlySet<Peer>): Map<number, Set<Peer>> {
    const groups = new Map<number, Set<Peer>>();
    for (const peer of uninformed) {
      const depth = wantsHeaders.has(peer) ? missingHeaders(peer, tip) : 0;
      let group = groups.get(depth);
      if (!group) groups.set(depth, group = new Set());
      group.add(peer);
    }
    return groups;
  }

  function missingHeaders(peer: Peer, tip: HeaderNode): number {
    const best = peerChains.best(peer);
    if (!best) return 0;
    const depth = tip.height - best.forkWith(tip).height;
    return depth <= MAX_ANNOUNCED_HEADERS ? depth : 0;
  }

  return {
    name: "announcer",
    handles: { sendheaders: (peer) => void wantsHeaders.add(peer) },
    chainChanged: () => announce(),
    peerWritable: (peer) => {
      if (waiting.delete(peer)) announce([peer]);
    },
    peerClosed(peer) {
      wantsHeaders.delete(peer);
      waiting.delete(peer);
    },
  };
}

function announcement(tip: HeaderNode, depth: number): Message {
  if (depth === 0) return { type: "inv", items: [{ kind: INV_BLOCK, hash: tip.hash }] };
  const headers = [];
  for (let height = tip.height - depth + 1; height <= tip.height; height++) {
    headers.push(tip.ancestor(height).header);
  }
  return { type: "headers", headers };
}
