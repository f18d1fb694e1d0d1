import type { Bus } from "../bus/bus.ts";
import type { Chain } from "../chain/chain.ts";
import type { HeaderNode } from "../chain/header_tree.ts";
import { SplitView } from "../net/topology/split_view.ts";
import type { Survey } from "../net/topology/survey.ts";
import type { PeerSet } from "../net/peers.ts";
import {
  DISAGREEMENT_MS,
  EXTRA_PEERS,
  MAX_PARTITION_STEP_MS,
  MIN_INTERVAL_SAMPLES,
  NO_PEERS_MS,
  PARTITION_STEP_MS,
  STALE_TIP_INTERVALS,
} from "../protocol/partition_params.ts";
import type { NodeEvents, PartitionReason, PartitionStep } from "../protocol/node_events.ts";
import type { Env, Logger } from "../util/env.ts";
import type { PeerChains } from "./peer_chains.ts";
import type { Handlers, Service } from "./service.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** What can be done about it. */
export interface Connectivity {
  /** Whether there is anybody to dial at all, now or later. */
  readonly wantsPeers: boolean;
  /** Looks for more addresses, and dials at once whoever was to be left alone for a while. */
  reseed(): void;
  /** Dials so many peers beyond the usual number. */
  setExtra(count: number): void;
  /** Replaces the peer of least use. */
  rotate(): void;
}

export interface PartitionDeps {
  readonly env: Env;
  readonly bus: Bus<NodeEvents>;
  readonly chain: Chain;
  readonly peers: PeerSet;
  readonly peerChains: PeerChains;
  readonly connectivity: Connectivity;
  /** Milliseconds between two judgements. */
  readonly intervalMs: number;
  /** How much of the network can be reached, by what peers tell of it. */
  readonly survey: () => Survey;
}

interface Suspicion {
  readonly reason: PartitionReason;
  readonly since: number;
  steps: number;
  nextStepAt: number;
}

/** What is done in turn while the reason lasts. */
const STEPS: { readonly [R in PartitionReason]: readonly PartitionStep[] } = {
  "no-peers": ["reseed"],
  // Hearsay: it is reason enough to look around, and none to leave anybody.
  "split-view": ["reseed"],
  "disagreement": ["reseed", "extra-peer", "rotate"],
  "stale-tip": ["extra-peer", "reseed", "rotate"],
};

/** Weight of the newest interval between two blocks in their mean. */
const INTERVAL_GAIN = 1 / 16;

/**
 * Notices that we, or half of the network, may be cut off, and reaches out: more addresses, more peers, other peers.
 * Every step is an event. It judges by its own observation and clock: what peers claim, without headers that prove their
 * work, makes it ask for addresses at most.
 */
export class Partition implements Service {
  readonly name = "partition";
  readonly handles: Handlers = {};
  readonly #deps: PartitionDeps;
  readonly #log: Logger;
  readonly #splitView: SplitView;
  #tip: HeaderNode;
  #tipSince: number;
  #sawTipCome = false;
  /** Mean time between two blocks as they came, in milliseconds, and of how many. */
  #interval = 0;
  #intervals = 0;
  #lastPeerAt: number;
  #agreedAt: number;
  #suspicion: Suspicion | undefined;
  #nextAt = Number.NEGATIVE_INFINITY;
  /** The tip of a chain that is only quiet: nobody who was asked knows a newer one. */
  #quietTip: HeaderNode | undefined;

  constructor(deps: PartitionDeps) {
    this.#deps = deps;
    this.#log = deps.env.logger("net");
    this.#splitView = new SplitView(deps.survey);
    this.#tip = deps.chain.tip;
    this.#tipSince = this.#lastPeerAt = this.#agreedAt = deps.env.now();
  }

  tick(now: number): void {
    this.#observe(now);
    if (now < this.#nextAt) return;
    this.#nextAt = now + this.#deps.intervalMs;
    const reason = this.#reason(now);
    if (this.#suspicion && this.#suspicion.reason !== reason) this.#onHealed(this.#suspicion, now);
    if (!reason) return;
    const suspicion = this.#suspicion ??= this.#suspect(reason, now);
    if (now < suspicion.nextStepAt) return;
    if (this.#isQuiet(suspicion)) this.#quietTip = this.#tip;
    else this.#takeStep(suspicion, now);
  }

  /** Where no pace is prescribed there may be no more blocks: other peers, asked once around, would know better. */
  #isQuiet({ reason, steps }: Suspicion): boolean {
    return reason === "stale-tip" && steps >= STEPS[reason].length && this.#deps.chain.params.difficulty === "none";
  }

  #observe(now: number): void {
    const { chain, peers } = this.#deps;
    if (!peers.ready()[Symbol.iterator]().next().done) this.#lastPeerAt = now;
    if (chain.tip !== this.#tip) this.#onTip(chain.tip, now);
    if (!this.#isDisputed()) this.#agreedAt = now;
  }

  #onTip(tip: HeaderNode, now: number): void {
    // Only blocks that come one by one, each after one that was seen to come: a sync tells nothing of the network's pace.
    const isNext = tip.parent === this.#tip && !this.#deps.chain.syncing;
    if (isNext && this.#sawTipCome) {
      const sample = now - this.#tipSince;
      this.#interval += (this.#intervals === 0 ? 1 : INTERVAL_GAIN) * (sample - this.#interval);
      this.#intervals++;
    }
    this.#sawTipCome = isNext;
    this.#tip = tip;
    this.#tipSince = now;
  }

  /**
   * A peer has headers of more work than our chain, which then should grow; or of as much on a branch that is longer
   * than the one block by which two miners happen to race.
   */
  #isDisputed(): boolean {
    const { chain, peers, peerChains } = this.#deps;
    for (const peer of peers.ready()) {
      const best = peerChains.best(peer);
      if (!best || best.chainWork < chain.tip.chainWork || chain.isActive(best)) continue;
      if (best.chainWork > chain.tip.chainWork || !chain.isActive(best.parent!)) return true;
    }
    return false;
  }

  #reason(now: number): PartitionReason | undefined {
    if (!this.#deps.connectivity.wantsPeers) return undefined;
    if (now - this.#lastPeerAt >= NO_PEERS_MS) return "no-peers";
    if (now - Math.max(this.#agreedAt, this.#tipSince) >= DISAGREEMENT_MS) return "disagreement";
    if (this.#splitView.look(now)) return "split-view";
    if (this.#tip === this.#quietTip) return undefined;
    const interval = this.#expectedInterval();
    return interval !== undefined && now - this.#tipSince > STALE_TIP_INTERVALS * interval ? "stale-tip" : undefined;
  }

  /** What the rules aim at; where they aim at nothing, what was seen. */
  #expectedInterval(): number | undefined {
    const { difficulty, spacingSeconds } = this.#deps.chain.params;
    if (difficulty !== "none") return spacingSeconds * MS_PER_SECOND;
    return this.#intervals >= MIN_INTERVAL_SAMPLES ? this.#interval : undefined;
  }

  #suspect(reason: PartitionReason, now: number): Suspicion {
    this.#log.warn("this node may be cut off", { reason });
    this.#deps.bus.publish("partition:suspected", { reason });
    return { reason, since: now, steps: 0, nextStepAt: now };
  }

  #takeStep(suspicion: Suspicion, now: number): void {
    const { bus, connectivity } = this.#deps;
    const { reason } = suspicion;
    const steps = STEPS[reason];
    const step = steps[suspicion.steps % steps.length]!;
    suspicion.nextStepAt = now + Math.min(MAX_PARTITION_STEP_MS, PARTITION_STEP_MS * 2 ** suspicion.steps);
    suspicion.steps++;
    this.#log.info("a step against being cut off", { reason, step });
    bus.publish("partition:step", { reason, step });
    const act: { readonly [S in PartitionStep]: () => void } = {
      "reseed": () => connectivity.reseed(),
      "extra-peer": () => connectivity.setExtra(EXTRA_PEERS),
      "rotate": () => connectivity.rotate(),
    };
    act[step]();
  }

  #onHealed({ reason, since }: Suspicion, now: number): void {
    this.#suspicion = undefined;
    this.#deps.connectivity.setExtra(0);
    const seconds = Math.round((now - since) / MS_PER_SECOND);
    this.#log.info("no longer cut off", { reason, seconds });
    this.#deps.bus.publish("partition:healed", { reason, seconds });
  }
}
