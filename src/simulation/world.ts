import type { P2PNode } from "../node/types.ts";
import { createMemoryNetwork, type LinkOptions, type MemoryNetwork } from "../platform/memory.ts";
import { createMemoryStore } from "../platform/memory_store.ts";
import { SeededRandom } from "../platform/seeded_random.ts";
import type { TcpEndpoint } from "../platform/types.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { P2P } from "../protocol/networks.ts";
import { type Hasher } from "../util/hash.ts";
import { BugLogger } from "./bug_logger.ts";
import { BlockMaker, type MadeBlock } from "./block_maker.ts";
import type { Random } from "./chance.ts";
import { Geography } from "./geography.ts";
import { makeNode, type Wishes } from "./make_node.ts";
import { hostName, Member, messagesIn } from "./member.ts";
import { START_SPREAD_MS, STOPPING_MS } from "./params.ts";
import { Propagation } from "./propagation.ts";
import { Rounds } from "./rounds.ts";
import { Trace } from "./trace.ts";
import { Watch } from "./watch.ts";

export interface WorldOptions extends Wishes {
  /** Everything follows from it. */
  readonly seed: number;
  readonly nodes: number;
  readonly hasher: Hasher;
  /** The same everywhere instead of what regions have. */
  readonly link?: LinkOptions;
}

/** What happened so far. */
export interface WorldCounts {
  reorganisations: number;
  /** Blocks that the deepest one took back. */
  deepest: number;
  crashes: number;
  /** Blocks that were made. */
  blocks: number;
}

/** A host that nobody can reach: its timers see to those who leave. */
const LANDLORD = "landlord";

/** A network of real nodes in virtual time, and somebody who watches them. */
export class World {
  readonly seed: number;
  readonly hasher: Hasher;
  readonly params: NetworkParams = P2P;
  readonly network: MemoryNetwork;
  readonly geography: Geography;
  readonly members: readonly Member[];
  readonly maker: BlockMaker;
  readonly watch: Watch;
  readonly trace = new Trace();
  readonly propagation: Propagation;
  /** Whoever runs it wants no more of it. */
  signal: AbortSignal | undefined;
  /** Called when a member begins a life. */
  onStart: (member: Member) => void = () => {};
  readonly counts: WorldCounts = { reorganisations: 0, deepest: 0, crashes: 0, blocks: 0 };
  readonly #options: WorldOptions;
  readonly #hosts: ReadonlySet<string>;
  readonly #rounds: Rounds;
  /** Who was told to stop and did not yet, and whether each is to be started again at once. */
  readonly #leaving = new Map<Member, { returns: boolean }>();
  /** Nobody is to start or to do anything any more. */
  isStopping = false;
  /** When some node's chain changed last, in virtual milliseconds. */
  chainChangedAt = 0;

  constructor(options: WorldOptions) {
    const { seed, nodes, hasher, link } = options;
    this.seed = seed;
    this.hasher = hasher;
    this.#options = options;
    this.geography = new Geography(seed);
    this.members = Array.from({ length: nodes }, (_, index) => new Member(index, hostName(index), createMemoryStore()));
    this.#hosts = new Set(this.members.map(({ host }) => host));
    this.network = createMemoryNetwork({
      seed,
      linkOf: (from, to) => link ?? this.geography.linkOf(from, to),
      onDelivery: (from, to, kind, bytes) => this.trace.note(this.network.now(), from, to, kind, bytes),
      logger: (host, category, life) => new BugLogger(this.watch, host, category, life),
    });
    this.maker = new BlockMaker(this.params, hasher);
    this.watch = new Watch(this.network, (host) => this.#hosts.has(host));
    this.#rounds = new Rounds(this.network, this.members, this.watch);
    this.propagation = new Propagation(() => this.network.now());
  }

  /** Chance for one purpose: who draws from one does not disturb the others. */
  random(purpose: string): Random {
    const random = new SeededRandom(this.seed, `simulation ${purpose}`);
    return () => random.number();
  }

  /** Members that are up. */
  up(): Member[] {
    return this.members.filter(({ node }) => node !== undefined);
  }

  endpointOf(host: string): TcpEndpoint {
    return { host, port: this.params.defaultPort };
  }

  /** Starts everybody, not all at the same moment. */
  async startAll(): Promise<void> {
    const random = this.random("start");
    for (const member of this.members) {
      this.network.env(member.host).after(random() * START_SPREAD_MS, () => this.start(member));
    }
    await this.run(START_SPREAD_MS);
  }

  /** Starts a member's next life, on what its store kept. */
  start(member: Member): void {
    if (member.node) return;
    const leaving = this.#leaving.get(member);
    if (leaving) {
      leaving.returns = true;
      return;
    }
    const node = makeNode(this, member, this.#options);
    member.node = node;
    member.startedAt = this.network.now();
    this.#listen(member, node);
    node.load();
    this.watch.checkKept(member, node);
    const { bestHash: hash, height } = node.chain();
    member.told = { hash, height };
    this.onStart(member);
    node.start().catch((error: Error) => this.watch.report("no-internal-error", `${member.host}: ${error.message}`));
  }

  /** Ends a member's process in the middle of what it does: what it did not commit is lost. */
  crash(member: Member, silently: boolean): void {
    if (!member.node) return;
    member.closeAccounts();
    this.watch.expectTrouble(0);
    this.network.kill(member.host, { silently });
    member.store = member.store.crash();
    member.node = undefined;
    this.counts.crashes++;
  }

  /** A member's owner ends it in order, and will start it again: its store is closed by then, and nothing is left. */
  leave(member: Member): void {
    const { node } = member;
    if (!node) return;
    member.closeAccounts();
    member.node = undefined;
    const leaving = { returns: false };
    this.#leaving.set(member, leaving);
    this.network.env(LANDLORD).after(STOPPING_MS, () => {
      if (this.#leaving.get(member) === leaving) this.watch.tooLate(member.host);
      // Unless its next life has begun.
      else if (!member.node && !this.#leaving.has(member)) this.watch.checkLeft(member.host, node);
    });
    node.stop().then(() => {
      // A socket that was closed may take until its remote has heard of it.
      this.watch.checkLeft(member.host, node, { sockets: 0 });
      member.store = member.store.crash();
      this.#leaving.delete(member);
      if (leaving.returns) this.start(member);
    }, (error: Error) => this.watch.report("no-internal-error", `${member.host}: ${error.message}`));
  }

  /** Stops members in order; nothing may be left of them. */
  async stop(members: readonly Member[] = this.up()): Promise<void> {
    this.isStopping = true;
    for (const member of members) this.watch.checkKept(member, member.up);
    let running = members.length;
    for (const { up } of members) {
      up.stop().then(() => running--, (error: Error) => this.watch.report("no-internal-error", error.message));
    }
    for (const member of members) member.closeAccounts();
    await this.run(STOPPING_MS);
    if (running > 0) this.watch.report("what-is-stopped-is-gone", `${running} nodes did not stop in time`);
    for (const { host, up } of members) this.watch.checkLeft(host, up);
    for (const member of members) member.node = undefined;
    this.watch.throwIfBroken();
  }

  /** Lets virtual time pass, and looks at everybody now and then. Throws Broken, or the signal's reason. */
  async run(forMs: number): Promise<void> {
    await this.runUntil(() => false, forMs);
  }

  /** The same until something holds; false if it never did. */
  async runUntil(holds: () => boolean, withinMs: number): Promise<boolean> {
    const deadline = this.network.now() + withinMs;
    for (;;) {
      const until = Math.min(deadline, this.#rounds.dueAt);
      await this.network.run(until);
      if (until === this.#rounds.dueAt) this.#rounds.go();
      this.watch.throwIfBroken();
      this.signal?.throwIfAborted();
      if (holds()) return true;
      if (this.network.now() >= deadline) return false;
    }
  }

  /** A member makes a block on its own tip, by its own clock. */
  mine(member: Member, transactions: readonly Uint8Array[] = []): MadeBlock {
    const { up, host } = member;
    const block = this.maker.make(up.chain().bestHash, this.network.env(host).wallClock(), transactions);
    this.counts.blocks++;
    this.propagation.made(block, member.index);
    this.submit(member, block.raw);
    return block;
  }

  /** Gives a member a block as its own. */
  submit(member: Member, raw: Uint8Array): void {
    const verdict = member.up.submitBlock(raw);
    if (verdict.kind !== "refused" && verdict.kind !== "orphan") return;
    this.watch.report("no-internal-error", `${member.host} takes no block of its own: ${JSON.stringify(verdict)}`);
  }

  /** Whether all who are up follow one chain. */
  agrees(): boolean {
    const tips = new Set(this.up().map(({ up }) => up.chain().bestHash));
    return tips.size <= 1;
  }

  /** Waits until all follow one chain; breaks if they do not. */
  async agree(withinMs: number): Promise<void> {
    if (await this.runUntil(() => this.agrees(), withinMs)) this.watch.checkTold(this.up());
    else this.watch.checkOneTip(this.up(), withinMs);
    this.watch.throwIfBroken();
  }

  /** Waits until all that members had to tell each other is told; breaks if something is left. */
  async settle(withinMs: number): Promise<void> {
    const unmoved = () => this.watch.findUnmoved(this.up());
    if (await this.runUntil(() => unmoved() === undefined, withinMs)) return;
    const { invariant, what } = unmoved()!;
    this.watch.report(invariant, `after ${withinMs} ms ${what}`);
    this.watch.throwIfBroken();
  }

  /** Messages that nodes handled. */
  get messages(): number {
    return this.members.reduce((sum, member) => sum + member.allMessages, 0);
  }

  /** Items that were announced again within seconds, over all nodes. */
  get duplicates(): number {
    return this.members.reduce((sum, member) => sum + member.allDuplicates, 0);
  }

  #listen(member: Member, node: P2PNode): void {
    node.on("block:connected", ({ hash }) => {
      this.chainChangedAt = this.network.now();
      member.acknowledge(hash);
      this.propagation.arrived(hash, member.index);
    });
    node.on("chain:tip", (tip) => {
      this.watch.tipTold(member, tip.height);
      member.told = tip;
    });
    node.on("chain:reorganised", ({ depth }) => {
      this.counts.reorganisations++;
      this.counts.deepest = Math.max(this.counts.deepest, depth);
    });
    node.on("peer:disconnected", (event) => {
      member.messages += messagesIn(event.peer);
      this.watch.peerLost(member.host, event);
    });
    node.on("node:failed", ({ error }) => this.watch.report("no-internal-error", `${member.host}: ${error.message}`));
  }
}
