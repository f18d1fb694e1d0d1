import type { HeaderNode } from "../chain/header_tree.ts";
import type { HeadersOutcome } from "../chain/outcomes.ts";
import { Presync, type PresyncStep } from "../chain/presync.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { type BlockHeader, encodeBlockHeader } from "../protocol/block_header.ts";
import { RemoteFault } from "../protocol/errors.ts";
import { INV_BLOCK } from "../protocol/messages.ts";
import { TIMEOUT_ROUND_TRIPS } from "../protocol/connection_params.ts";
import {
  HEADERS_PAGE,
  HEADERS_TIMEOUT_MS,
  MAX_HEADERS_TIMEOUT_MS,
  MAX_UNCONNECTED_HEADERS,
  MIN_HEADERS_TIMEOUT_MS,
} from "../protocol/sync_params.ts";
import type { Peer } from "../peer/peer.ts";
import { AwaitedAnswer } from "../util/awaited_answer.ts";
import type { Env, Logger } from "../util/env.ts";
import { type Hash, hash256, type Hasher, ZERO_HASH } from "../util/hash.ts";
import type { PeerChains } from "./peer_chains.ts";
import type { Handlers, InventoryPart, Service } from "./service.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export interface HeaderSyncDeps {
  readonly env: Env;
  readonly hasher: Hasher;
  readonly ledger: Ledger;
  readonly peerChains: PeerChains;
  /** There are new headers, or a peer is known to have more than before. */
  readonly headersChanged: () => void;
}

interface State {
  /** The answer that we wait for. */
  awaited: AwaitedAnswer | undefined;
  /** It announced something while we waited: if the answer never comes, there is a reason to ask again. */
  announcedMeanwhile: boolean;
  /** Under way while the peer's chain has yet to prove its work. */
  presync: Presync | undefined;
  /** Times in a row that what it told did not connect to anything we know, though it had time to tell what lies between. */
  unconnected: number;
}

const SALT_SIZE_BYTES = 32;
const TIMEOUT_BOUNDS = {
  initialMs: HEADERS_TIMEOUT_MS,
  minMs: MIN_HEADERS_TIMEOUT_MS,
  maxMs: MAX_HEADERS_TIMEOUT_MS,
};

/**
 * Learns the headers of every peer's chain. Peers are asked one after the other, since the first one usually has all
 * there is; announcements are followed at once. Chains that show too little work are not kept.
 */
export class HeaderSync implements Service {
  readonly name = "header-sync";
  readonly handles: Handlers = {
    headers: (peer, message) => this.#onHeaders(peer, message.headers),
  };
  readonly inventory: InventoryPart = {
    kinds: [INV_BLOCK],
    announced: (peer, items) => this.#onAnnounced(peer, items.at(-1)!.hash),
    repeated: (peer, items) => this.#deps.peerChains.learnHash(peer, items.at(-1)!.hash),
    lacks: ({ hash }) => this.#lacks(hash),
  };
  readonly #deps: HeaderSyncDeps;
  readonly #log: Logger;
  /** Of peers that were asked for headers, or told some. */
  readonly #states = new Map<Peer, State>();
  /** Peers that were never asked for their headers, in order of arrival. */
  readonly #unasked = new Set<Peer>();
  /** The peer whose first answers are under way. */
  #leader: Peer | undefined;

  constructor(deps: HeaderSyncDeps) {
    this.#deps = deps;
    this.#log = deps.env.logger("sync");
  }

  peerReady(peer: Peer): void {
    peer.send({ type: "sendheaders" });
    this.#unasked.add(peer);
    this.#askNext();
  }

  peerClosed(peer: Peer): void {
    this.#states.delete(peer);
    this.#unasked.delete(peer);
    this.#finish(peer);
  }

  tick(now: number): void {
    for (const [peer, state] of this.#states) {
      const allowed = peer.liveness.roundTrips.timeoutMs(TIMEOUT_ROUND_TRIPS, TIMEOUT_BOUNDS);
      const isOverdue = state.awaited?.isOverdue(now, peer.bytesIn, allowed, MAX_HEADERS_TIMEOUT_MS);
      if (isOverdue) this.#onTimeout(peer, state);
    }
  }

  /**
   * Takes the header of a block that a peer announces by more than its header. Answers its node if it is in the tree
   * now, and undefined where what lies between had to be asked for, or the peer's chain has too little work.
   * Throws RemoteFault.
   */
  announced(peer: Peer, header: BlockHeader): HeaderNode | undefined {
    const { ledger, peerChains } = this.#deps;
    const state = this.#stateOf(peer);
    if (!ledger.chain.get(header.previous)) {
      this.#onUnconnected(peer, state, [header]);
      return undefined;
    }
    state.unconnected = 0;
    if (ledger.chain.workAfter([header])! < ledger.chain.workThreshold()) {
      this.#log.debug("a block without enough work is not looked at", { peer: peer.id });
      return undefined;
    }
    const { last, stopped } = ledger.acceptHeaders([header]);
    if (last) peerChains.learn(peer, last);
    // Blocks may be passed on before they are validated (BIP152): that this one is known as invalid is no fault.
    if (stopped?.kind !== "refused" || stopped.reason !== "known-invalid") checkStop(stopped);
    return last;
  }

  /** Asks a peer what it has above a header. */
  askAbove(peer: Peer, node: HeaderNode): void {
    this.#ask(peer, this.#deps.ledger.chain.locator(node));
  }

  /** One after the other; but who claims no more than we have gives way to one who claims more. */
  #askNext(): void {
    const peer = this.#leader ? this.#whoClaimsMore(this.#leader) : this.#unasked.values().next().value;
    if (!peer) return;
    this.#unasked.delete(peer);
    this.#leader = peer;
    // From the parent of our best: the answer is not empty then, and shows what the peer has.
    const { bestHeader } = this.#deps.ledger.chain;
    this.#ask(peer, this.#deps.ledger.chain.locator(bestHeader.parent ?? bestHeader));
  }

  /** The first that was never asked and claims more than we have, where the one that is asked now does not. */
  #whoClaimsMore(leader: Peer): Peer | undefined {
    if (this.#claimsMore(leader)) return undefined;
    for (const peer of this.#unasked) if (this.#claimsMore(peer)) return peer;
    return undefined;
  }

  #claimsMore(peer: Peer): boolean {
    return peer.agreement!.version.startHeight > this.#deps.ledger.chain.bestHeader.height;
  }

  #ask(peer: Peer, locator: readonly Hash[]): void {
    const state = this.#stateOf(peer);
    if (state.awaited || peer.isOver) return;
    state.awaited = new AwaitedAnswer(this.#deps.env.now(), peer.bytesIn);
    state.announcedMeanwhile = false;
    peer.send({ type: "getheaders", protocolVersion: peer.agreement!.protocolVersion, locator, stop: ZERO_HASH });
  }

  #stateOf(peer: Peer): State {
    let state = this.#states.get(peer);
    if (state) return state;
    state = { awaited: undefined, announcedMeanwhile: false, presync: undefined, unconnected: 0 };
    // Of who is gone nobody would take it away.
    if (!peer.isOver) this.#states.set(peer, state);
    return state;
  }

  /** The peer has told what it has. */
  #finish(peer: Peer): void {
    if (this.#leader !== peer) return;
    this.#leader = undefined;
    this.#askNext();
  }

  /** Silence of a peer that claims no more than we have is an answer: btcd gives none while it is behind. */
  #onTimeout(peer: Peer, state: State): void {
    state.awaited = undefined;
    state.presync = undefined;
    const claimsMore = this.#claimsMore(peer);
    this.#finish(peer);
    if (claimsMore) {
      const claimed = peer.agreement!.version.startHeight;
      return peer.blame(new RemoteFault("stalled", `claims height ${claimed} and sends no headers`));
    }
    if (state.announcedMeanwhile) this.#ask(peer, this.#deps.ledger.chain.locator());
  }

  /** The last block of an announcement is the newest. */
  #onAnnounced(peer: Peer, hash: Hash): void {
    const { chain } = this.#deps.ledger;
    this.#deps.peerChains.learnHash(peer, hash);
    if (chain.get(hash)) return this.#deps.headersChanged();
    this.#stateOf(peer).announcedMeanwhile = true;
    this.#ask(peer, chain.locator());
  }

  #lacks(hash: Hash): boolean {
    const { chain } = this.#deps.ledger;
    const node = chain.get(hash);
    return !node || !(node.hasBlock || chain.isActive(node));
  }

  #onHeaders(peer: Peer, headers: readonly BlockHeader[]): void {
    const state = this.#stateOf(peer);
    const { chain } = this.#deps.ledger;
    const [first] = headers;
    // An answer begins where we are. What leads nowhere was announced, and the answer is still to come.
    if (first && !state.presync && !chain.get(first.previous)) return this.#onUnconnected(peer, state, headers);
    state.awaited = undefined;
    const isFull = headers.length === HEADERS_PAGE;
    if (state.presync) return this.#onPresync(peer, state, state.presync.accept(headers, isFull));
    const parent = first && chain.get(first.previous);
    if (!parent) return this.#finish(peer);
    state.unconnected = 0;
    if (chain.workAfter(headers)! >= chain.workThreshold()) return this.#accept(peer, headers, isFull);
    state.presync = this.#startPresync(parent);
    this.#log.debug("a chain has to prove its work before its headers are kept", { peer: peer.id });
    this.#onPresync(peer, state, state.presync.accept(headers, isFull));
  }

  #accept(peer: Peer, headers: readonly BlockHeader[], mayHaveMore: boolean): void {
    const { ledger, peerChains, headersChanged } = this.#deps;
    const { last, stopped, change } = ledger.acceptHeaders(headers);
    if (last) {
      peerChains.learn(peer, last);
      headersChanged();
    }
    checkStop(stopped);
    // Only after news: a peer that announces what it never shows must not be asked for ever.
    const isBehind = change.headers.length > 0 && peerChains.hasPending(peer);
    if (last && !stopped && (mayHaveMore || isBehind)) this.#ask(peer, ledger.chain.locator(last));
    else this.#finish(peer);
  }

  /**
   * Either a race with blocks that we do not know yet, or nonsense: the peer is asked for what lies between. Until it had
   * time to answer, more of the same is no news: after an outage all that was announced meanwhile comes at once.
   */
  #onUnconnected(peer: Peer, state: State, headers: readonly BlockHeader[]): void {
    if (!state.awaited && ++state.unconnected > MAX_UNCONNECTED_HEADERS) {
      throw new RemoteFault("unconnected-headers", `${state.unconnected} times it told what leads nowhere`);
    }
    this.#deps.peerChains.learnHash(peer, hash256(this.#deps.hasher, encodeBlockHeader(headers.at(-1)!)));
    this.#ask(peer, this.#deps.ledger.chain.locator());
  }

  #startPresync(start: HeaderNode): Presync {
    const { env, hasher, ledger } = this.#deps;
    return new Presync({
      params: ledger.chain.params,
      hasher,
      start,
      threshold: ledger.chain.workThreshold(),
      salt: env.randomBytes(SALT_SIZE_BYTES),
      nowSeconds: Math.floor(env.wallClock() / MS_PER_SECOND),
    });
  }

  #onPresync(peer: Peer, state: State, step: PresyncStep): void {
    if (step.kind === "failed") {
      state.presync = undefined;
      if (step.fault) throw new RemoteFault("bad-header", `${step.reason} in headers that had to prove their work`);
      return this.#onLowWork(peer, step.reason);
    }
    if (step.kind === "done") {
      state.presync = undefined;
      return this.#accept(peer, step.release, true);
    }
    if (step.release.length > 0) this.#acceptReleased(peer, step.release);
    this.#ask(peer, step.locator);
  }

  #acceptReleased(peer: Peer, headers: readonly BlockHeader[]): void {
    const { last, stopped } = this.#deps.ledger.acceptHeaders(headers);
    if (last) this.#deps.peerChains.learn(peer, last);
    checkStop(stopped);
  }

  /** No fault: an honest node may still be syncing itself. It is asked again when it announces something. */
  #onLowWork(peer: Peer, reason: string): void {
    this.#log.debug("headers without enough work are not kept", { peer: peer.id, reason });
    this.#finish(peer);
  }
}

/** A header whose time is ahead of ours may be good later; all else that breaks a rule is the sender's fault. */
function checkStop(stopped: HeadersOutcome["stopped"]): void {
  if (!stopped || stopped.kind === "orphan") return;
  if (stopped.kind === "unlinked") throw new RemoteFault("bad-header", `${stopped.hash} does not follow its parent`);
  if (!stopped.temporary) throw new RemoteFault("bad-header", `${stopped.reason} in ${stopped.hash}`);
}
