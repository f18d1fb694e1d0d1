import * as v from "valibot";
import type { StoredAddress } from "../../platform/types.ts";
import { NEW_BUCKETS, NEW_PLACES_PER_ADDRESS } from "../../protocol/address_params.ts";
import { formatAddress, parseAddress } from "../../protocol/addresses.ts";
import type { NetAddress } from "../../protocol/messages.ts";
import { parseHostPort } from "../../util/endpoint.ts";
import { bytesToHex, hexToBytes } from "../../util/hex.ts";
import { formatPeerAddress, fromEndpoint, isOwnSource } from "../peer_address.ts";
import { type Entry, makeEntry } from "./entry.ts";
import { Uptime, UPTIME_NUMBERS } from "./uptime.ts";

/** 2106, the last time that an address message can spell. */
const MAX_TIME = 0xffff_ffff;
const MAX_SERVICES = 0xffff_ffff_ffff_ffffn;
/** Two of each digit: the longest name there can be. */
const MAX_SOURCE_LENGTH = 1024;

const whole = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(max));
const seconds = whole(MAX_TIME);

const RECORD = v.object({
  source: v.pipe(v.string(), v.maxLength(MAX_SOURCE_LENGTH)),
  services: v.pipe(
    v.string(),
    v.regex(/^\d{1,20}$/),
    v.transform((digits) => BigInt(digits)),
    v.maxValue(MAX_SERVICES),
  ),
  time: seconds,
  lastTry: seconds,
  lastSuccess: seconds,
  attempts: whole(Number.MAX_SAFE_INTEGER),
  tried: v.boolean(),
  buckets: v.pipe(v.array(whole(NEW_BUCKETS - 1)), v.maxLength(NEW_PLACES_PER_ADDRESS)),
  uptime: v.optional(v.pipe(v.array(v.pipe(v.number(), v.finite(), v.minValue(0))), v.length(UPTIME_NUMBERS))),
});

/** An entry as it comes back from the store, in no table yet. */
export interface Restored {
  readonly entry: Entry;
  /** Whether it stood in the tried table; if not, its buckets of the new one. */
  readonly wasTried: boolean;
  readonly buckets: readonly number[];
}

/** What the store keeps of an entry. `buckets`: those of the new table that hold it. */
export function toStored(entry: Entry, buckets: readonly number[]): StoredAddress {
  const { source, services, time, lastTry, lastSuccess, attempts, isTried, uptime } = entry;
  const record = {
    source: formatSource(source),
    services: String(services),
    time,
    lastTry,
    lastSuccess,
    attempts,
    tried: isTried,
    buckets,
    ...(uptime && { uptime: uptime.toNumbers() }),
  };
  return { endpoint: formatPeerAddress(entry), record: JSON.stringify(record) };
}

/** Undefined where the row is none that `toStored` makes: somebody or something wrote into the file. */
export function fromStored({ endpoint, record }: StoredAddress, now: number): Restored | undefined {
  const peerAddress = parsePeerAddress(endpoint);
  const parsed = v.safeParse(RECORD, parseJson(record));
  if (!peerAddress || !parsed.success) return undefined;
  const { source: sourceText, services, time, lastTry, lastSuccess, attempts, tried, buckets, uptime } = parsed.output;
  const source = parseSource(sourceText);
  if (!source) return undefined;
  const entry = makeEntry({ ...peerAddress, services, time: Math.min(time, now) }, source);
  entry.lastTry = Math.min(lastTry, now);
  entry.lastSuccess = Math.min(lastSuccess, now);
  entry.attempts = attempts;
  if (uptime) entry.uptime = new Uptime(uptime);
  return { entry, wasTried: tried, buckets };
}

function parsePeerAddress(endpoint: string) {
  try {
    return fromEndpoint(parseHostPort(endpoint));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

const OWN_PREFIX = "own:";

function formatSource(source: NetAddress): string {
  return isOwnSource(source) ? OWN_PREFIX + bytesToHex(source.bytes) : formatAddress(source);
}

function parseSource(text: string): NetAddress | undefined {
  if (!text.startsWith(OWN_PREFIX)) return parseAddress(text);
  const hex = text.slice(OWN_PREFIX.length);
  return /^(?:[0-9a-f]{2})*$/.test(hex) ? { networkId: 0, bytes: hexToBytes(hex) } : undefined;
}
