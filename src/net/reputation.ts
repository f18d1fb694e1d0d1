import type { Store } from "../platform/types.ts";
import { parseAddress } from "../protocol/addresses.ts";
import { type FaultCode, LocalError } from "../protocol/errors.ts";
import {
  DISCOURAGEMENT_MS,
  MAX_BAN_REASON_LENGTH,
  MAX_BANS,
  MAX_DISCOURAGED,
  MAX_LISTED_OFFENDERS,
  MAX_SCORED,
  MIN_MISBEHAVIOUR_SCORE,
  MISBEHAVIOUR_HALF_LIFE_MS,
  MISBEHAVIOUR_LIMIT,
} from "../protocol/peer_params.ts";
import { PENALTIES } from "../protocol/penalties.ts";
import { NO_PERMISSIONS, type Permission, type Permissions } from "../protocol/permissions.ts";
import type { BanSnapshot, OffenderSnapshot } from "../protocol/peer_snapshots.ts";
import { formatSubnet, parseSubnet, type Subnet, SubnetMap, subnetsOverlap } from "../protocol/subnets.ts";
import type { Env, Logger } from "../util/env.ts";
import { type HostIdentity, identifyHost } from "./host_identity.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** What peers of a subnet may do beyond others. */
export interface Permit {
  /** From which they come. */
  readonly subnet: Subnet;
  readonly permissions: Permissions;
}

export interface ReputationOptions {
  readonly env: Env;
  readonly store: Pick<Store, "bans" | "putBan" | "removeBan">;
  readonly permits: readonly Permit[];
}

/** How we think of an address: whether to talk to it at all. */
export type Standing = "good" | "discouraged" | "banned";

interface Score {
  readonly score: number;
  readonly at: number;
  /** The last one, and how many there were. */
  readonly fault: FaultCode;
  readonly faults: number;
}

interface Ban {
  readonly subnet: Subnet;
  /** By `env.now()`: a clock on the wall that jumps neither ends a ban nor prolongs it. */
  readonly endsAt: number;
  readonly reason: string;
}

/**
 * What addresses did, and what their owner is refused or allowed for it. Faults add up and fade. An address that is
 * found out is discouraged for a day, in memory only; bans are the owner's own and outlive the process.
 */
export class Reputation {
  readonly #options: ReputationOptions;
  readonly #log: Logger;
  readonly #permits = new SubnetMap<Permissions>();
  readonly #bans = new SubnetMap<Ban>();
  /** By address key, the newest fault last. */
  readonly #scores = new Map<string, Score>();
  /** When each discouragement ends, in that order. */
  readonly #discouraged = new Map<string, number>();

  constructor(options: ReputationOptions) {
    this.#options = options;
    this.#log = options.env.logger("net");
    for (const { subnet, permissions } of options.permits) {
      this.#permits.set(subnet, new Set([...this.#permits.get(subnet) ?? [], ...permissions]));
    }
  }

  /** Brings the bans back from the store. What is no ban there is dropped with a word. */
  load(): void {
    const { env, store } = this.#options;
    for (const { subnet: text, until, reason } of store.bans()) {
      const leftMs = until * MS_PER_SECOND - env.wallClock();
      const subnet = readSubnet(text);
      if (subnet && leftMs > 0) {
        this.#bans.set(subnet, { subnet, endsAt: env.now() + leftMs, reason });
        continue;
      }
      if (!subnet) this.#log.warn("a ban of the store is dropped: it names no subnet", { subnet: text });
      store.removeBan(text);
    }
  }

  standing({ address, key }: Pick<HostIdentity, "address" | "key">): Standing {
    const now = this.#options.env.now();
    if (address && this.#bans.size > 0) {
      for (const { endsAt } of this.#bans.holding(address)) if (endsAt > now) return "banned";
    }
    return (this.#discouraged.get(key) ?? now) > now ? "discouraged" : "good";
  }

  /** What every permit that holds the address allows, together. */
  permissions({ address }: HostIdentity): Permissions {
    if (!address || this.#permits.size === 0) return NO_PERMISSIONS;
    const allowed = new Set<Permission>();
    for (const permissions of this.#permits.holding(address)) permissions.forEach((each) => allowed.add(each));
    return allowed;
  }

  /** Whether a permit spares addresses of the subnet from being banned. */
  isSpared(subnet: Subnet): boolean {
    return this.#options.permits.some((permit) =>
      permit.permissions.has("noban") && subnetsOverlap(permit.subnet, subnet)
    );
  }

  /** 0 (nothing known) to `MISBEHAVIOUR_LIMIT`. */
  score({ key }: Pick<HostIdentity, "key">): number {
    const known = this.#scores.get(key);
    return known ? remainingScore(known, this.#options.env.now()) : 0;
  }

  /** Whether it broke rules of late: who has to leave is looked for there first. */
  isSuspect({ key }: Pick<HostIdentity, "key">): boolean {
    return this.score({ key }) > 0 || (this.#discouraged.get(key) ?? 0) > this.#options.env.now();
  }

  /**
   * Counts a fault against an address; true if it is discouraged from now on. This machine and private networks never
   * are: an onion service, or the gateway of a container's network, lends its address to all whom it brings to us.
   */
  blame(identity: HostIdentity, code: FaultCode): boolean {
    const now = this.#options.env.now();
    const before = this.score(identity);
    const score = Math.min(MISBEHAVIOUR_LIMIT, before + PENALTIES[code]);
    if (score === 0) return false;
    const faults = 1 + (before > 0 ? this.#scores.get(identity.key)!.faults : 0);
    putNewest(this.#scores, identity.key, { score, at: now, fault: code, faults }, MAX_SCORED);
    if (score < MISBEHAVIOUR_LIMIT || identity.scope !== "global") return false;
    putNewest(this.#discouraged, identity.key, now + DISCOURAGEMENT_MS, MAX_DISCOURAGED);
    this.#log.info("an address is discouraged", { address: identity.key, fault: code, hours: DISCOURAGEMENT_HOURS });
    return true;
  }

  /** Bans a subnet, or changes its ban. Throws LocalError where the table is full or the reason too long. */
  ban(subnet: Subnet, durationMs: number, reason: string): BanSnapshot {
    const { env, store } = this.#options;
    const text = formatSubnet(subnet);
    this.#dropExpired();
    if (this.#bans.size >= MAX_BANS && !this.#bans.get(subnet)) {
      throw new LocalError("limit", `Cannot ban ${text}: ${MAX_BANS} bans is the limit: ban ranges (ADDRESS/BITS)`);
    }
    if (reason.length > MAX_BAN_REASON_LENGTH) {
      const why = `a reason has at most ${MAX_BAN_REASON_LENGTH} characters`;
      throw new LocalError("bad-argument", `Cannot ban ${text}: ${why}: received ${reason.length}`);
    }
    store.putBan({ subnet: text, until: Math.ceil((env.wallClock() + durationMs) / MS_PER_SECOND), reason });
    const ban = { subnet, endsAt: env.now() + durationMs, reason };
    this.#bans.set(subnet, ban);
    this.#log.info("banned", { subnet: text, seconds: durationMs / MS_PER_SECOND, reason });
    return this.#describe(ban);
  }

  /** Ends a ban, and the discouragement of a single address. False if there was neither. */
  unban(subnet: Subnet): boolean {
    const text = formatSubnet(subnet);
    const wasBanned = this.#bans.delete(subnet);
    if (wasBanned) this.#options.store.removeBan(text);
    const { key } = identifyHost(text);
    const wasDiscouraged = this.#discouraged.delete(key);
    if (wasDiscouraged) this.#scores.delete(key);
    return wasBanned || wasDiscouraged;
  }

  /** Who has a score, or is left alone for one that has faded since; the latest first, at most 100. */
  offenders(): readonly OffenderSnapshot[] {
    const now = this.#options.env.now();
    const offenders = [...this.#scores].filter(([key]) => this.isSuspect({ key })).slice(-MAX_LISTED_OFFENDERS);
    return offenders.reverse().map(([address, known]) => {
      const { at, fault, faults } = known;
      const endsAt = this.#leftAloneUntil(address, now);
      return {
        address,
        score: Math.round(remainingScore(known, now)),
        fault,
        faults,
        secondsAgo: Math.floor((now - at) / MS_PER_SECOND),
        secondsLeft: endsAt > now ? Math.ceil((endsAt - now) / MS_PER_SECOND) : null,
      };
    });
  }

  /** Until when nobody is taken from there: for a ban of all of it, or for its score. */
  #leftAloneUntil(key: string, now: number): number {
    const ends = [now, this.#discouraged.get(key) ?? now];
    const [host = "", length = "Infinity"] = key.split("/");
    const address = parseAddress(host);
    if (!address) return Math.max(...ends);
    for (const { endsAt, subnet } of this.#bans.holding(address)) if (subnet.bits <= Number(length)) ends.push(endsAt);
    return Math.max(...ends);
  }

  /** The bans of now, those that end first before others. */
  bans(): readonly BanSnapshot[] {
    this.#dropExpired();
    return [...this.#bans.values()].sort((left, right) => left.endsAt - right.endsAt).map((ban) => this.#describe(ban));
  }

  #describe({ subnet, endsAt, reason }: Ban): BanSnapshot {
    const { env } = this.#options;
    const text = formatSubnet(subnet);
    const secondsLeft = Math.ceil((endsAt - env.now()) / MS_PER_SECOND);
    return {
      id: text,
      subnet: text,
      until: Math.ceil(env.wallClock() / MS_PER_SECOND) + secondsLeft,
      secondsLeft,
      reason,
    };
  }

  #dropExpired(): void {
    const now = this.#options.env.now();
    for (const { subnet, endsAt } of [...this.#bans.values()]) {
      if (endsAt > now) continue;
      this.#bans.delete(subnet);
      this.#options.store.removeBan(formatSubnet(subnet));
    }
  }
}

const DISCOURAGEMENT_HOURS = DISCOURAGEMENT_MS / (60 * 60 * MS_PER_SECOND);

/** What is left of a score after so many milliseconds. */
export function decayedScore(score: number, elapsedMs: number): number {
  return score * 2 ** (-Math.max(0, elapsedMs) / MISBEHAVIOUR_HALF_LIFE_MS);
}

function remainingScore({ score, at }: Score, now: number): number {
  const left = decayedScore(score, now - at);
  return left < MIN_MISBEHAVIOUR_SCORE ? 0 : left;
}

/** Sets an entry as the newest of an ordered map that forgets its oldest. */
function putNewest<V>(map: Map<string, V>, key: string, value: V, capacity: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= capacity) return;
  const [oldest] = map.keys();
  map.delete(oldest!);
}

function readSubnet(text: string): Subnet | undefined {
  try {
    return parseSubnet(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}
