import type { Bus } from "../../bus/bus.ts";
import type { HeaderNode } from "../../chain/header_tree.ts";
import type { BlockOutcome, RefusedBlock } from "../../chain/outcomes.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import { Balancer } from "../../net/balancer.ts";
import type { CompiledRule } from "../../net/balancing/rules.ts";
import {
  BLOCK_BREAKER_FAILURES,
  BREAKER_MAX_OPEN_MS,
  BREAKER_OPEN_MS,
  BREAKER_WINDOW_MS,
} from "../../protocol/balancing_params.ts";
import { HEADER_SIZE_BYTES, readBlockHeader } from "../../protocol/block_header.ts";
import { RemoteFault } from "../../protocol/errors.ts";
import {
  INV_BLOCK,
  INV_COMPACT_BLOCK,
  INV_WITNESS_BLOCK,
  type InvItem,
  type MessageOf,
} from "../../protocol/messages.ts";
import {
  BLOCK_WINDOW,
  MAX_BLOCKS_IN_FLIGHT,
  MAX_BYTES_IN_FLIGHT,
  PROGRESS_INTERVAL_MS,
} from "../../protocol/sync_params.ts";
import type { NodeEvents } from "../../protocol/node_events.ts";
import type { Peer } from "../../peer/peer.ts";
import { ByteReader } from "../../util/bytes.ts";
import { formatEndpoint } from "../../util/endpoint.ts";
import type { Env, Logger } from "../../util/env.ts";
import { type Hash, hash256, type Hasher } from "../../util/hash.ts";
import type { PeerChains } from "../peer_chains.ts";
import type { Handlers, InventoryPart, Service } from "../service.ts";
import { Download } from "./download.ts";
import { canServe, Plan } from "./plan.ts";

export interface BlockSyncDeps {
  readonly env: Env;
  readonly hasher: Hasher;
  readonly ledger: Ledger;
  readonly bus: Bus<NodeEvents>;
  readonly peerChains: PeerChains;
  /** By which rule blocks are shared out among peers. */
  readonly rule: CompiledRule;
  /** Shares of the work by a peer's name. */
  readonly weights: ReadonlyMap<string, number>;
  readonly healthIntervalMs: number;
  /** Whether the peer is to be asked for a block of which the pool may hold most transactions in its compact form. */
  readonly asksCompact: (peer: Peer, node: HeaderNode) => boolean;
  /** The peer was the first to bring a block that is news. */
  readonly delivered: (peer: Peer) => void;
}

/** First guess at the size of a block, in bytes, until blocks were seen: small, so that the window opens at once. */
const INITIAL_BLOCK_BYTES = 10_000;
/** Weight of the newest block in the mean size. */
const SIZE_GAIN = 1 / 32;

const BREAKER = {
  failures: BLOCK_BREAKER_FAILURES,
  failureShare: 0,
  windowMs: BREAKER_WINDOW_MS,
  openMs: BREAKER_OPEN_MS,
  maxOpenMs: BREAKER_MAX_OPEN_MS,
};

/**
 * Fetches the blocks of the best header chain from all peers that have them, in a moving window. The balancer says who
 * is next; what a peer owes follows its own pace; a peer that stalls loses what it owes to others, and is tried again
 * with one block after a pause if it ever delivered any. Blocks are taken in any order.
 */
export class BlockSync implements Service {
  readonly name = "block-sync";
  readonly handles: Handlers = {
    block: (peer, message) => this.#onBlock(peer, message),
  };
  readonly inventory: InventoryPart = {
    kinds: [INV_WITNESS_BLOCK, INV_BLOCK, INV_COMPACT_BLOCK],
    missing: (peer, items) => this.#onMissing(peer, items),
  };
  /** Who delivers how well. */
  readonly balancer: Balancer;
  readonly #deps: BlockSyncDeps;
  readonly #log: Logger;
  readonly #downloads = new Map<Peer, Download>();
  /** Who owes which block; a block has one debtor. */
  readonly #debtors = new Map<Hash, Download>();
  readonly #plan: Plan;
  #meanBlockBytes = INITIAL_BLOCK_BYTES;
  #syncing = false;
  #progressAt = Number.NEGATIVE_INFINITY;

  constructor(deps: BlockSyncDeps) {
    this.#deps = deps;
    this.#log = deps.env.logger("sync");
    this.balancer = new Balancer({ ...deps, breaker: BREAKER });
    const { peerChains, ledger: { chain } } = deps;
    this.#plan = new Plan({ chain, peerChains, isOwed: (hash) => this.#debtors.has(hash) });
  }

  peerReady(peer: Peer): void {
    if (!canServe(peer)) return;
    const member = this.balancer.add({ id: peer.id, name: formatEndpoint(peer.dialled) });
    this.#downloads.set(peer, new Download(peer, member));
  }

  peerClosed(peer: Peer): void {
    const download = this.#downloads.get(peer);
    if (!download) return;
    this.#downloads.delete(peer);
    this.#takeBack(download.dismiss());
    this.balancer.remove(peer.id);
    this.fetch();
  }

  /** Blocks in flight from all peers. */
  get allInFlight(): number {
    return this.#debtors.size;
  }

  /** Blocks in flight from a peer. */
  inFlight(peer: Peer): number {
    return this.#downloads.get(peer)?.count ?? 0;
  }

  /** Something is new that may be worth fetching: headers, or a peer that has them. */
  headersChanged(): void {
    this.#plan.discard();
    this.fetch();
  }

  /** Whether the peer was asked for the block, or counts as if it were. */
  owes(peer: Peer, node: HeaderNode): boolean {
    return this.#debtors.get(node.hash)?.peer === peer;
  }

  /**
   * Counts a block as under way from a peer that began to send it unasked. False if another one owes it, or the peer is
   * not one to owe it.
   */
  expect(peer: Peer, node: HeaderNode): boolean {
    if (this.#debtors.has(node.hash)) return this.owes(peer, node);
    const download = this.#downloads.get(peer);
    if (!download || download.count >= MAX_BLOCKS_IN_FLIGHT) return false;
    this.#charge(download, [node]);
    this.#plan.discard();
    return true;
  }

  /** Asks a peer for the whole of a block that it began to send in another form, unless another one owes it. */
  askWhole(peer: Peer, node: HeaderNode): void {
    if (this.expect(peer, node)) peer.send({ type: "getdata", items: [{ kind: INV_WITNESS_BLOCK, hash: node.hash }] });
  }

  /** Takes a block, in whatever form the peer brought it. A refusal is for the caller to judge. */
  receive(peer: Peer, hash: Hash, block: Uint8Array): BlockOutcome {
    const now = this.#deps.env.now();
    this.#downloads.get(peer)?.delivered(hash, now);
    this.#forgetDebt(hash);
    this.#meanBlockBytes += SIZE_GAIN * (block.length - this.#meanBlockBytes);
    const outcome = this.#deps.ledger.acceptBlock(block);
    if ("node" in outcome) this.#deps.peerChains.learn(peer, outcome.node);
    if (outcome.kind === "extended" || outcome.kind === "side") peer.noteUseful("block");
    if (outcome.kind === "extended" && !this.#syncing && this.#debtors.size === 0) this.#deps.delivered(peer);
    if (outcome.kind !== "refused") this.#afterBlock(now);
    return outcome;
  }

  /** Asks for as much as the peers can deliver and the bounds allow. */
  fetch(): void {
    const { chain } = this.#deps.ledger;
    if (chain.bestHeader === chain.tip) return;
    this.#syncing ||= chain.syncing;
    if (this.#roomInAll() <= 0) return;
    let idle = this.#idle();
    if (idle.length > 0) this.#plan.prepare();
    while (idle.length > 0) {
      const chosen = this.balancer.choose(this.#deps.rule, idle.map(({ member }) => member));
      if (!chosen) return;
      this.#fetchFrom(idle.find(({ member }) => member === chosen)!);
      idle = idle.filter(({ member }) => member !== chosen);
    }
  }

  tick(now: number): void {
    this.balancer.tick(now);
    for (const download of [...this.#downloads.values()]) {
      if (download.overdueMs(now) > 0) this.#onStall(download);
    }
    this.#checkDone();
    this.fetch();
  }

  /** Who could be asked for more of what is missing. */
  #idle(): Download[] {
    const idle: Download[] = [];
    for (const download of this.#downloads.values()) {
      if (download.peer.isOver || download.room(this.#meanBlockBytes) === 0) continue;
      if (this.#deps.peerChains.best(download.peer)) idle.push(download);
    }
    return idle;
  }

  #fetchFrom(download: Download): void {
    const room = Math.min(download.room(this.#meanBlockBytes), this.#roomInAll());
    const nodes = room > 0 ? this.#plan.take(download.peer, room) : [];
    if (nodes.length === 0) return;
    // Of a new one on top most transactions wait in the pool.
    const isOnTop = nodes[0]!.parent === this.#deps.ledger.chain.tip;
    const isNew = nodes.length === 1 && isOnTop && this.#debtors.size === 0 && !this.#syncing;
    const kind = isNew && this.#deps.asksCompact(download.peer, nodes[0]!) ? INV_COMPACT_BLOCK : INV_WITNESS_BLOCK;
    this.#charge(download, nodes);
    download.peer.send({ type: "getdata", items: nodes.map(({ hash }) => ({ kind, hash })) });
  }

  #charge(download: Download, nodes: readonly HeaderNode[]): void {
    download.ask(nodes, this.#deps.env.now());
    for (const node of nodes) this.#debtors.set(node.hash, download);
  }

  #roomInAll(): number {
    const byBytes = Math.floor(MAX_BYTES_IN_FLIGHT / this.#meanBlockBytes);
    return Math.max(1, Math.min(BLOCK_WINDOW, byBytes)) - this.#debtors.size;
  }

  #onBlock(peer: Peer, { block }: MessageOf<"block">): void {
    if (block.length < HEADER_SIZE_BYTES) throw new RemoteFault("malformed", `a block of ${block.length} bytes`);
    const hash = hash256(this.#deps.hasher, block.subarray(0, HEADER_SIZE_BYTES));
    if (!this.#debtors.has(hash) && !this.#isWelcome(block)) {
      return this.#log.debug("unrequested block ignored", { peer: peer.id, hash });
    }
    const outcome = this.receive(peer, hash, block);
    if (outcome.kind === "refused") this.#onRefused(outcome);
  }

  /** Whether a block that nobody owes may be looked at: it continues a chain with as much work as ours, nearly. */
  #isWelcome(block: Uint8Array): boolean {
    const { chain } = this.#deps.ledger;
    const { previous } = readBlockHeader(new ByteReader(block));
    const parent = chain.get(previous);
    return parent !== undefined && parent.chainWork >= chain.workThreshold() && parent.height >= chain.tip.height - 1;
  }

  #onRefused({ hash, reason, fault }: RefusedBlock): void {
    this.headersChanged();
    if (fault === "early") return;
    throw new RemoteFault("bad-block", `${reason} in block ${hash ?? "without a header"}`);
  }

  #afterBlock(now: number): void {
    const { chain } = this.#deps.ledger;
    this.#checkDone();
    if (this.#syncing && now - this.#progressAt >= PROGRESS_INTERVAL_MS) {
      this.#progressAt = now;
      this.#deps.bus.publish("sync:progress", { height: chain.tip.height, headers: chain.bestHeader.height });
    }
    this.fetch();
  }

  /** Not with a block alone: the last one may come from the owner, or whoever owed it may leave. */
  #checkDone(): void {
    const { chain } = this.#deps.ledger;
    if (!this.#syncing || chain.syncing || this.#debtors.size > 0) return;
    this.#syncing = false;
    this.#deps.bus.publish("sync:done", { height: chain.tip.height, hash: chain.tip.hash });
  }

  /** The peer lacks what it announced: others are asked; it is not asked for these again until it announces anew. */
  #onMissing(peer: Peer, items: readonly InvItem[]): void {
    const download = this.#downloads.get(peer);
    let lacksAny = false;
    for (const { hash } of items) {
      if (!download?.owes(hash)) continue;
      this.#forgetDebt(hash);
      lacksAny = true;
    }
    if (!lacksAny) return;
    this.#deps.peerChains.remove(peer);
    this.#deps.peerChains.add(peer);
    this.headersChanged();
  }

  /** What it owes is asked of others. One that never delivered, or failed its probe, is of no use. */
  #onStall(download: Download): void {
    const { peer, member } = download;
    const owed = download.fail();
    this.#takeBack(owed);
    const text = `no progress on ${owed[0]?.hash ?? "blocks"} and what follows it`;
    if (member.answered === 0 || member.circuit.hasFailedAgain) peer.blame(new RemoteFault("stalled", text));
    else this.#log.info("a peer stalls: its blocks are asked elsewhere", { peer: peer.id, blocks: owed.length });
    this.fetch();
  }

  #takeBack(nodes: readonly HeaderNode[]): void {
    for (const { hash } of nodes) this.#debtors.delete(hash);
    this.#plan.discard();
  }

  #forgetDebt(hash: Hash): void {
    this.#debtors.get(hash)?.settle(hash);
    this.#debtors.delete(hash);
  }
}
