import {
  HORIZON_SECONDS,
  MAX_FAILURES,
  MAX_RETRIES,
  MIN_FAIL_SECONDS,
  RECENT_TRY_SECONDS,
  RETRY_PAUSE_SECONDS,
} from "../../protocol/address_params.ts";
import { addressScope } from "../../protocol/addresses.ts";
import type { AddressRecord, NetAddress } from "../../protocol/messages.ts";
import { hasServices, SERVICES_OF_FULL_NODES } from "../../protocol/service_flags.ts";
import { addressGroup } from "../address_group.ts";
import { addressKey } from "../peer_address.ts";
import type { Uptime } from "./uptime.ts";

/** What the book knows about one address. Times are Unix seconds, 0 for never. */
export interface KnownAddress extends AddressRecord {
  /** Who told us first. */
  readonly source: NetAddress;
  /** Whether it answered, and so stands in the tried table. */
  readonly isTried: boolean;
  readonly lastTry: number;
  readonly lastSuccess: number;
  /** Failed dials since the last success, of those that count. */
  readonly attempts: number;
  /** How it answered the probes of a seed. */
  readonly uptime: Uptime | undefined;
}

/** Whether a seed recommends it: it answers probes, and has what a node needs that begins. */
export function isRecommended({ uptime, services }: Pick<KnownAddress, "uptime" | "services">): boolean {
  return (uptime?.isReliable ?? false) && hasServices(services, SERVICES_OF_FULL_NODES);
}

type Writable<T> = { -readonly [K in keyof T]: T[K] };

/** The book's own view of it. */
export interface Entry extends Writable<KnownAddress> {
  /** Text that no other entry has; characters below 256. */
  readonly key: string;
  /** Slots that it fills: several of the new table, or one of the tried. */
  slots: number[];
  /** Where it stands in the list of all. */
  index: number;
  /** Successes of the whole book when an attempt was last counted. */
  countedAt: number;
  /** Whether the store has a row of it. */
  isStored: boolean;
}

/** `key`: the `addressKey` of the record, if there is one already. */
export function makeEntry(record: AddressRecord, source: NetAddress, key: string = addressKey(record)): Entry {
  const { address, port, services, time } = record;
  return {
    key,
    address,
    port,
    services,
    time,
    source,
    isTried: false,
    lastTry: 0,
    lastSuccess: 0,
    attempts: 0,
    uptime: undefined,
    slots: [],
    index: 0,
    countedAt: 0,
    isStored: false,
  };
}

/** The group of an entry's address, for the tables. Made anew each time: it is asked for seldom. */
export function groupOf({ address, key }: Entry): string {
  // Where our own machines stand is no secret, and they are all of one group: each counts for itself.
  return addressScope(address) === "global" ? addressGroup(address) : key;
}

/** Whether the address is not worth a place. A time that is ahead is a clock's fault, not the address's. */
export function isTerrible(entry: KnownAddress, now: number): boolean {
  if (isWithin(entry.lastTry, RECENT_TRY_SECONDS, now)) return false;
  if (now - entry.time > HORIZON_SECONDS) return true;
  if (entry.lastSuccess === 0) return entry.attempts >= MAX_RETRIES;
  return now - entry.lastSuccess > MIN_FAIL_SECONDS && entry.attempts >= MAX_FAILURES;
}

/** How likely a selected address is taken, 0 to 1. */
export function chanceOf(entry: KnownAddress, now: number): number {
  const rested = isWithin(entry.lastTry, RETRY_PAUSE_SECONDS, now) ? RECENT_CHANCE : 1;
  return rested * FAILURE_CHANCES[Math.min(entry.attempts, MAX_COUNTED_FAILURES)]!;
}

const RECENT_CHANCE = 0.01;
/** Each failure makes it a third less likely, down to a thirtieth: one that was away for long is still looked for. */
const FAILURE_CHANCE = 0.66;
const MAX_COUNTED_FAILURES = 8;
/** By the number of failures; multiplied out, because engines round powers differently. */
const FAILURE_CHANCES = [1];
while (FAILURE_CHANCES.length <= MAX_COUNTED_FAILURES) FAILURE_CHANCES.push(FAILURE_CHANCES.at(-1)! * FAILURE_CHANCE);

/** Whether `time` is at most so long ago. One that is ahead was noted by a clock that has gone back since: it is not. */
export function isWithin(time: number, seconds: number, now: number): boolean {
  return time > 0 && time <= now && now - time <= seconds;
}
