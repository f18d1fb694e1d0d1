import {
  HEALTH_INTERVAL_MS,
  MAX_STICKY_SESSIONS,
  REMEMBERED_MS,
  REMEMBERED_PEERS,
} from "../protocol/balancing_params.ts";
import type { WorkerSnapshot } from "../protocol/app_snapshots.ts";
import type { Env } from "../util/env.ts";
import type { Wish } from "./any_of.ts";
import { isEligible, type Question } from "./balancing/candidate.ts";
import { Member, type MemberFacts } from "./balancing/member.ts";
import type { CompiledRule } from "./balancing/rules.ts";
import type { BreakerOptions } from "./circuit_breaker.ts";
import { Sticky } from "./sticky.ts";

export interface BalancerOptions {
  readonly env: Env;
  readonly breaker: BreakerOptions;
  /** Shares of the work by a peer's name or region; 1 for who is not named. */
  readonly weights?: ReadonlyMap<string, number>;
  /** Our own region, which requests prefer unless they name one; empty for none. */
  readonly region?: string;
  /** How often what expired is looked for. */
  readonly healthIntervalMs?: number;
}

interface Remembered {
  readonly member: Member;
  readonly until: number;
}

/**
 * Knows how the peers that do one kind of work are doing, and says who does the next piece of it: never one that drains
 * or whose breaker is open, a half-open one first, for nothing else would tell whether it is well again.
 */
export class Balancer {
  readonly #options: BalancerOptions;
  readonly #members = new Map<number, Member>();
  /** Who left, by name, in the order in which they did. */
  readonly #left = new Map<string, Remembered>();
  readonly #sticky = new Sticky(MAX_STICKY_SESSIONS);
  readonly #random: () => number;
  #sweepAt = Number.NEGATIVE_INFINITY;

  constructor(options: BalancerOptions) {
    this.#options = options;
    this.#random = () => options.env.random();
  }

  get size(): number {
    return this.#members.size;
  }

  get sessions(): number {
    return this.#sticky.size;
  }

  members(): Iterable<Member> {
    return this.#members.values();
  }

  get(id: number): Member | undefined {
    return this.#members.get(id);
  }

  /** A peer joins. If it left a while ago, its record goes on where it ended. */
  add(facts: MemberFacts): Member {
    const { env, breaker, weights } = this.#options;
    const member = new Member({ facts, env, breaker, weights: weights ?? new Map() });
    this.#members.set(facts.id, member);
    this.#remember(member, facts.name);
    return member;
  }

  /** The peer goes by this name from one connection to the next, whatever address it comes from. */
  recognise(id: number, alias: string): void {
    const member = this.#members.get(id);
    if (member && member.alias !== alias) this.#remember(member, alias);
  }

  remove(id: number): void {
    const member = this.#members.get(id);
    if (!member) return;
    this.#members.delete(id);
    this.#left.delete(member.alias);
    this.#left.set(member.alias, { member, until: this.#options.env.now() + REMEMBERED_MS });
    if (this.#left.size <= REMEMBERED_PEERS) return;
    const [oldest] = this.#left.keys();
    this.#left.delete(oldest!);
  }

  /** Whether a peer is to get nothing new. False if there is no such peer. */
  drain(id: number, isDrained: boolean): boolean {
    const member = this.#members.get(id);
    if (member) member.drained = isDrained;
    return member !== undefined;
  }

  snapshot(work: WorkerSnapshot["work"]): readonly WorkerSnapshot[] {
    return [...this.#members.values()].map((member) => ({
      peer: member.id,
      name: member.name,
      work,
      outstanding: member.outstanding,
      answered: member.answered,
      failures: member.failures,
      latencyMs: member.latencyMs ?? null,
      health: member.health,
      breaker: member.breaker,
      draining: member.isDraining,
      region: member.region,
      load: member.load,
    }));
  }

  /** Who of `members` takes the next piece of work; undefined if none may. */
  choose(rule: CompiledRule, members: readonly Member[], wish: Wish = {}): Member | undefined {
    const eligible = members.filter(isEligible);
    if (eligible.length === 0) return undefined;
    const chosen = this.#bound(rule, eligible, wish) ?? eligible.find(({ breaker }) => breaker === "half-open") ??
      rule.strategy.choose(eligible, this.#question(wish));
    if (wish.session !== undefined && rule.stickyMs > 0) {
      this.#sticky.bind(sessionKey(rule, wish.session), chosen.alias, rule.stickyMs, this.#options.env.now());
    }
    return chosen;
  }

  /** Tell it the time now and then: what has expired is forgotten. */
  tick(now: number): void {
    if (now < this.#sweepAt) return;
    this.#sweepAt = now + (this.#options.healthIntervalMs ?? HEALTH_INTERVAL_MS);
    this.#sticky.sweep(now);
    for (const [name, { until }] of this.#left) if (until <= now) this.#left.delete(name);
  }

  #remember(member: Member, alias: string): void {
    const earlier = this.#left.get(alias);
    this.#left.delete(alias);
    member.recognise(alias, earlier && earlier.until > this.#options.env.now() ? earlier.member : undefined);
  }

  #bound(rule: CompiledRule, eligible: readonly Member[], { session }: Wish): Member | undefined {
    if (session === undefined || rule.stickyMs === 0) return undefined;
    const alias = this.#sticky.get(sessionKey(rule, session), this.#options.env.now());
    return alias === undefined ? undefined : eligible.find((member) => member.alias === alias);
  }

  #question({ key, region }: Wish): Question {
    const wanted = region ?? this.#options.region ?? "";
    return { ...(key !== undefined && { key }), region: wanted, random: this.#random };
  }
}

/** One session may go to one peer by one rule, and to another by another. No name of a class has a line break. */
function sessionKey({ name }: CompiledRule, session: string): string {
  return `${name}\n${session}`;
}
