import * as v from "valibot";
import { type HostPort, parseHostPort } from "../util/endpoint.ts";
import { type Channel, CHANNELS, MAX_CHANNEL_CAPACITY } from "../bus/channels.ts";
import { MAX_TOPIC_BYTES } from "../protocol/wire_limits.ts";
import { MAX_RETRIES, MAX_STICKY_MS, MAX_WEIGHT } from "../protocol/balancing_params.ts";
import { PERMISSIONS } from "../protocol/permissions.ts";
import { parseSubnet, type Subnet } from "../protocol/subnets.ts";
import { LOG_LEVELS, type LogThreshold } from "./log_levels.ts";
import { formatExactSize, parseCount, parseDuration, parseSize } from "../util/units.ts";
import { type BalancingRule, STRATEGY_NAMES } from "../net/balancing/rules.ts";
import type { Permit } from "../net/reputation.ts";
import { EVENT_CHANNELS } from "../node/events.ts";
import type { NodeEvents } from "../protocol/node_events.ts";
import { LOG_CATEGORIES, type LogCategory } from "../util/env.ts";
import { suggestion } from "../util/nearest.ts";
import { wantedWord } from "../util/schemas.ts";

/** Reads the value of a flag, an environment variable or a configuration key from its text. */
export type ValueSchema<T> = v.GenericSchema<string, T>;

/** An address whose port may be left to the network. */
export interface LooseHostPort {
  readonly host: string;
  readonly port: number | undefined;
}

/** What events of a topic begin with. */
const TOPIC_EVENT = "topic:";
const BYTES_PER_MEBIBYTE = 1_048_576;
const MS_PER_SECOND = 1_000;
const MS_PER_DAY = 86_400_000;
/** A hundred years, as long as a ban may last: what is longer is a slip of the finger. */
const MAX_DAYS = 36_525;
/** 1 PiB: no disk is larger. */
const MAX_SIZE_BYTES = 1024 ** 5;
const TRUTHS: ReadonlyMap<string, boolean> = new Map([["true", true], ["1", true], ["false", false], ["0", false]]);

/** Any text but the empty one. */
export const text: ValueSchema<string> = parsed((value) => {
  if (value === "") throw new SyntaxError("must not be empty");
  return value;
});

/** Yes or no, as environment variables spell it. */
export const truth: ValueSchema<boolean> = parsed((value) => {
  const found = TRUTHS.get(value.toLowerCase());
  if (found === undefined) throw new SyntaxError("must be true or false");
  return found;
});

/** A whole number in decimal digits, from `min` to `max`. */
export function wholeNumber(min: number, max: number): ValueSchema<number> {
  return parsed((value) => {
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (!(number >= min && number <= max)) throw new SyntaxError(`must be a whole number from ${min} to ${max}`);
    return number;
  });
}

/** A whole number from `min` to `max`, also with a decimal unit such as 10k. */
export function count(min: number, max: number): ValueSchema<number> {
  return parsed((value) =>
    inRange(parseCount(value), min, max, `must be a number from ${min} to ${max}, such as 500 or 1k`)
  );
}

/** A size in bytes from `min` to `max`; `example` is one of them. */
export function size(min: number, max: number, example: string): ValueSchema<number> {
  const why = `must be a size from ${formatExactSize(min)} to ${formatExactSize(max)}, such as ${example}`;
  return parsed((value) => inRange(parseSize(value), min, max, why));
}

function inRange(value: number | undefined, min: number, max: number, why: string): number {
  if (value === undefined || value < min || value > max) throw new SyntaxError(why);
  return value;
}

/** A size in bytes; a bare number counts MiB. */
export const mebibytes: ValueSchema<number> = parsed((value) => {
  const bytes = parseSize(value, BYTES_PER_MEBIBYTE);
  const why = `must be in whole bytes above 0 and up to ${formatExactSize(MAX_SIZE_BYTES)}, such as 550 (MiB) or 2GiB`;
  return inRange(bytes, 1, MAX_SIZE_BYTES, why);
});

/** A time in milliseconds above 0; a bare number counts seconds. */
export const duration: ValueSchema<number> = parsed((value) => {
  return someTime(value, "10s, 500ms or 2m");
});

/** A time in seconds above 0; a bare number counts seconds. */
export const seconds: ValueSchema<number> = parsed((value) => {
  return someTime(value, "10, 0.5 or 2m") / MS_PER_SECOND;
});

function someTime(value: string, examples: string): number {
  const ms = parseDuration(value);
  if (ms !== undefined && ms > 0 && ms <= MAX_DAYS * MS_PER_DAY) return ms;
  throw new SyntaxError(`must be a time above 0 and up to ${MAX_DAYS}d, such as ${examples}`);
}

/** `A-B`: whole numbers, the first not above the second. */
export const range: ValueSchema<readonly [first: number, last: number]> = parsed((value) => {
  const [, first = NaN, last = NaN] = (/^(\d+)-(\d+)$/.exec(value) ?? []).map(Number);
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) {
    throw new SyntaxError("must be a range such as 1-500");
  }
  if (first > last) throw new SyntaxError(`must be a range with its lower end first (${last}-${first})`);
  return [first, last];
});

/** Whole numbers with commas between them; `none` is the empty list. */
export const numbers: ValueSchema<readonly number[]> = parsed((value) => {
  if (value === "none") return [];
  if (!/^\d{1,9}(,\d{1,9})*$/.test(value)) throw new SyntaxError("must be numbers such as 0,2,5, or none");
  return value.split(",").map(Number);
});

/** A host to dial, with or without a port. */
export const remoteHost: ValueSchema<LooseHostPort> = parsed((value) => {
  const { host, port } = looseHostPort(value);
  if (port === 0) throw new SyntaxError("port 0 cannot be dialled");
  return { host, port };
});

/** An address to listen on, with or without a port; port 0 lets the system choose. */
export const localHost: ValueSchema<LooseHostPort> = parsed(looseHostPort);

export type HostPortOrPath = HostPort | { readonly path: string };

/** A `host:port`, or the path of a unix socket: whatever holds a slash or no colon. */
export const hostPortOrPath: ValueSchema<HostPortOrPath> = parsed((value) => {
  if (value === "") throw new SyntaxError("must be host:port or a path");
  return value.includes("/") || !value.includes(":") ? { path: value } : parseHostPort(value);
});

/** One of a few words. */
export function oneOf<T extends string>(words: readonly T[]): ValueSchema<T> {
  const schema = parsed((value) => {
    const found = words.find((word) => word === value);
    if (found === undefined) throw new SyntaxError(`must be ${wantedWord(words, value)}`);
    return found;
  });
  return v.pipe(schema, v.metadata({ words }));
}

/** The words that a schema takes; undefined where it takes others. */
export function wordsOf(schema: ValueSchema<unknown>): readonly string[] | undefined {
  const { words } = v.getMetadata(schema);
  return Array.isArray(words) ? words : undefined;
}

/** An address, or a range of them. */
export const subnet: ValueSchema<Subnet> = parsed(parseSubnet);

/** `SUBNET=WORD+…`, such as `192.168.0.0/16=noban+relay`. A comma does as well, where lists are not split at it. */
export const permit: ValueSchema<Permit> = parsed((value) => {
  const [subnet, words, ...rest] = value.split("=").map((part) => part.trim());
  if (!subnet || !words || rest.length > 0) throw new SyntaxError("must read ADDRESS/BITS=WORD+WORD…");
  const permissions = words.split(/[+,]/).map((word) => v.parse(oneOf(PERMISSIONS), word.trim()));
  return { subnet: parseSubnet(subnet), permissions: new Set(permissions) };
});

/** `CATEGORY=LEVEL,…` as pairs. */
export const logFilters: ValueSchema<readonly (readonly [category: LogCategory, level: LogThreshold])[]> = parsed((
  value,
) =>
  value.split(",").map((part) => {
    const [category, level, ...rest] = part.split("=").map((word) => word.trim());
    if (!category || level === undefined || rest.length > 0) throw new SyntaxError("must read CATEGORY=LEVEL,…");
    return [logCategory(category), v.parse(oneOf(LOG_LEVELS), level)] as const;
  })
);

function logCategory(name: string): LogCategory {
  const found = LOG_CATEGORIES.find((category) => category === name);
  if (found !== undefined) return found;
  const names = LOG_CATEGORIES.join(", ");
  throw new SyntaxError(`there is no category ${name}${suggestion(name, LOG_CATEGORIES)}; there is: ${names}`);
}

/** `CLASS=STRATEGY`, and behind it `+sticky=TIME` and `+retries=N`. */
export const balancingRule: ValueSchema<BalancingRule> = parsed((value) => {
  const [, rule = "", options = ""] = /^(.*?)((?:\+(?:sticky|retries)=[^+]*)*)$/.exec(value) ?? [];
  const at = rule.lastIndexOf("=");
  if (at < 1) {
    throw new SyntaxError("must read CLASS=STRATEGY[+sticky=TIME][+retries=N], such as block-download=least-latency");
  }
  const settings = new Map(options.split("+").map((option) => option.split("=", 2) as [string, string]));
  const [sticky, retries] = [settings.get("sticky"), settings.get("retries")];
  return {
    class: rule.slice(0, at),
    strategy: v.parse(oneOf(STRATEGY_NAMES), rule.slice(at + 1)),
    ...(sticky !== undefined && { stickyMs: readSticky(sticky) }),
    ...(retries !== undefined && { retries: v.parse(wholeNumber(0, MAX_RETRIES), retries) }),
  };
});

/** `NAME=N`: the share of the work that a peer, or those of a region, get beside others. */
export const weight: ValueSchema<readonly [name: string, weight: number]> = parsed((value) => {
  const at = value.lastIndexOf("=");
  const number = /^\d+(\.\d+)?$/.test(value.slice(at + 1)) ? Number(value.slice(at + 1)) : NaN;
  if (at < 1 || !(number > 0 && number <= MAX_WEIGHT)) {
    throw new SyntaxError(`must read HOST:PORT=N or REGION=N, with N above 0 and up to ${MAX_WEIGHT}`);
  }
  return [value.slice(0, at), number];
});

/** `CHANNEL=N`: how many events of a channel may wait for one reader. */
export const channelCapacity: ValueSchema<readonly [channel: Channel, capacity: number]> = parsed((value) => {
  const [channel = "", capacity = "", ...rest] = value.split("=").map((part) => part.trim());
  if (rest.length > 0 || capacity === "") throw new SyntaxError("must read CHANNEL=N, such as data=8192");
  return [v.parse(oneOf(CHANNELS), channel), v.parse(count(1, MAX_CHANNEL_CAPACITY), capacity)];
});

/** Events, and the file whose handler gets them. */
export interface HandlerFile {
  readonly types: readonly (keyof NodeEvents & string)[];
  readonly file: string;
}

export const handlerFile: ValueSchema<HandlerFile> = parsed((value) => {
  const [types = "", ...rest] = value.split("=");
  const file = rest.join("=");
  if (file === "") throw new SyntaxError("must read EVENT+…=FILE, such as chain:tip+peer:connected=./handler.ts");
  return { types: types.split("+").map(eventType), file };
});

function eventType(name: string): keyof NodeEvents & string {
  if (Object.hasOwn(EVENT_CHANNELS, name) || name.startsWith(TOPIC_EVENT)) return name as keyof NodeEvents & string;
  throw new SyntaxError(`there is no event ${name}${suggestion(name, Object.keys(EVENT_CHANNELS))}`);
}

/** The name of a topic. */
export const topicName: ValueSchema<string> = parsed((value) => {
  const sizeBytes = new TextEncoder().encode(value).length;
  if (sizeBytes < 1 || sizeBytes > MAX_TOPIC_BYTES) {
    throw new SyntaxError(`must be a name of 1 to ${MAX_TOPIC_BYTES} bytes of UTF-8`);
  }
  return value;
});

/** The first complaint of a schema about `value`, or what the value means. */
export function readValue<T>(schema: ValueSchema<T>, value: string): { readonly value: T } | { readonly why: string } {
  const result = v.safeParse(schema, value);
  return result.success ? { value: result.output } : { why: result.issues[0].message };
}

/** A schema of a function that throws SyntaxError (or a valibot error) with the complaint. */
function parsed<T>(parse: (value: string) => T): ValueSchema<T> {
  return v.pipe(
    v.string(),
    v.rawTransform<string, T>(({ dataset, addIssue, NEVER }) => {
      try {
        return parse(dataset.value);
      } catch (error) {
        if (!(error instanceof SyntaxError) && !(error instanceof v.ValiError)) throw error;
        addIssue({ message: error.message });
        return NEVER;
      }
    }),
  );
}

function readSticky(value: string): number {
  const ms = v.parse(duration, value);
  if (ms > MAX_STICKY_MS) {
    throw new SyntaxError(`must have a time of sticky of at most ${MAX_STICKY_MS / MS_PER_SECOND} s`);
  }
  return ms;
}

function looseHostPort(value: string): LooseHostPort {
  const NO_PORT = -1;
  const { host, port } = parseHostPort(value, NO_PORT);
  return { host, port: port === NO_PORT ? undefined : port };
}
