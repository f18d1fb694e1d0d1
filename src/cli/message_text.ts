import {
  INV_BLOCK,
  INV_COMPACT_BLOCK,
  INV_FILTERED_BLOCK,
  INV_TX,
  INV_WITNESS_BLOCK,
  INV_WITNESS_TX,
  INV_WTX,
  type InvItem,
  type Message,
} from "../protocol/messages.ts";
import { PROTOCOL_VERSION } from "../protocol/params.ts";
import { MAX_TOPIC_BYTES, MAX_TOPICS } from "../protocol/wire_limits.ts";
import { type Hash, HASH_SIZE_BYTES, ZERO_HASH } from "../util/hash.ts";
import { hexToBytes, isHexOfSize } from "../util/hex.ts";
import { suggestion } from "../util/nearest.ts";

/** What one line asks to send: a message, or bytes as they are. */
export type Sending =
  | { readonly kind: "message"; readonly message: Message }
  | { readonly kind: "raw"; readonly bytes: Uint8Array };

/** What a line may leave open. */
export interface MessageDefaults {
  readonly genesisHash: Hash;
  newNonce(): bigint;
  /** A number for a request, other than those before. */
  newRequestId(): number;
}

interface Form {
  /** What follows the word, for help and completion. */
  readonly usage: string;
  read(words: readonly string[], defaults: MessageDefaults): Sending;
}

/** The names of inventory kinds, as `getdata` and `inv` take them and as messages are shown. */
export const INV_KINDS: Readonly<Record<string, number>> = {
  "tx": INV_TX,
  "block": INV_BLOCK,
  "filtered-block": INV_FILTERED_BLOCK,
  "compact-block": INV_COMPACT_BLOCK,
  "wtx": INV_WTX,
  "witness-tx": INV_WITNESS_TX,
  "witness-block": INV_WITNESS_BLOCK,
};

const utf8 = new TextEncoder();
const MAX_UINT32 = 0xffff_ffffn;
const MAX_UINT64 = (1n << 64n) - 1n;
const MAX_INT64 = (1n << 63n) - 1n;

const FORMS: Readonly<Record<string, Form>> = {
  ping: { usage: "[NONCE]", read: (words, defaults) => message({ type: "ping", nonce: nonceOf(words, defaults) }) },
  pong: { usage: "[NONCE]", read: (words, defaults) => message({ type: "pong", nonce: nonceOf(words, defaults) }) },
  getaddr: bare("getaddr"),
  mempool: bare("mempool"),
  sendheaders: bare("sendheaders"),
  sendaddrv2: bare("sendaddrv2"),
  wtxidrelay: bare("wtxidrelay"),
  verack: bare("verack"),
  getheaders: { usage: "[HASH …] [stop=HASH]", read: (words, defaults) => locator("getheaders", words, defaults) },
  getblocks: { usage: "[HASH …] [stop=HASH]", read: (words, defaults) => locator("getblocks", words, defaults) },
  getdata: { usage: "KIND HASH …", read: (words) => message({ type: "getdata", items: itemsOf(words) }) },
  inv: { usage: "KIND HASH …", read: (words) => message({ type: "inv", items: itemsOf(words) }) },
  notfound: { usage: "KIND HASH …", read: (words) => message({ type: "notfound", items: itemsOf(words) }) },
  feefilter: {
    usage: "SATOSHI",
    read: (words) => message({ type: "feefilter", feeRate: integerOf(only(words, "a fee rate"), MAX_INT64) }),
  },
  sendcmpct: { usage: "0|1 [VERSION]", read: readSendCompact },
  getblocktxn: { usage: "HASH INDEX …", read: readGetBlockTransactions },
  block: { usage: "HEX", read: (words) => message({ type: "block", block: bytesOf(only(words, "a block in hex")) }) },
  tx: { usage: "HEX", read: (words) => message({ type: "tx", transaction: bytesOf(only(words, "hex")) }) },
  subscribe: { usage: "TOPIC …", read: (words) => message({ type: "subscribe", topics: namesOf(words) }) },
  unsubscribe: { usage: "TOPIC …", read: (words) => message({ type: "unsubscribe", topics: namesOf(words) }) },
  cancel: {
    usage: "ID",
    read: (words) => message({ type: "cancel", id: Number(integerOf(only(words, "a request's id"), MAX_UINT32)) }),
  },
  raw: { usage: "HEX …", read: (words) => ({ kind: "raw", bytes: bytesOf(words.join("")) }) },
};

interface TextForm {
  readonly usage: string;
  /** `text` is all that follows the colon, spaces included. */
  read(text: string, defaults: MessageDefaults): Message;
}

/** Messages of applications: a word and a colon, then text as it is. */
const TEXT_FORMS: Readonly<Record<string, TextForm>> = {
  topic: {
    usage: "NAME=TEXT",
    read(text, defaults) {
      const [topic, payload] = splitName(text, "a topic");
      if (payload === undefined) throw new SyntaxError("no = after the topic");
      return { type: "publish", topic, id: defaults.newNonce(), payload: utf8.encode(payload) };
    },
  },
  request: {
    usage: "METHOD[=TEXT]",
    read(text, defaults) {
      const [method, payload = ""] = splitName(text, "a method");
      return { type: "request", id: defaults.newRequestId(), method, payload: utf8.encode(payload) };
    },
  },
  app: { usage: "TEXT", read: (text) => ({ type: "app", payload: utf8.encode(text) }) },
};

/** What a line may begin with, and what follows: a space and words, or what stands behind a colon. */
export const MESSAGE_FORMS: ReadonlyMap<string, string> = new Map([
  ...Object.entries(FORMS).map(([name, { usage }]) => [`${name} `, usage] as const),
  ...Object.entries(TEXT_FORMS).map(([name, { usage }]) => [`${name}:`, usage] as const),
]);

/** Reads one line such as `getdata block HASH`. Throws SyntaxError with the reason. */
export function readSending(line: string, defaults: MessageDefaults): Sending {
  const tagged = /^\s*([a-z]+):(.*)$/s.exec(line);
  if (tagged && Object.hasOwn(TEXT_FORMS, tagged[1]!)) return readTagged(tagged[1]!, tagged[2]!, defaults);
  const [name = "", ...words] = line.trim().split(/\s+/);
  const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
  if (!form) {
    const start = name.replace(/:.*/s, ":");
    const starts = [...MESSAGE_FORMS.keys()].map((known) => known.trim());
    throw new SyntaxError(
      `no message ${JSON.stringify(name)}${suggestion(start, starts) || `: one of ${starts.join(", ")}`}`,
    );
  }
  return showUsage(`${name} ${form.usage}`.trim(), () => form.read(words, defaults));
}

function readTagged(name: string, text: string, defaults: MessageDefaults): Sending {
  const form = TEXT_FORMS[name]!;
  return showUsage(`${name}:${form.usage}`, () => message(form.read(text, defaults)));
}

/** What is wrong, and how it is done. */
function showUsage(usage: string, read: () => Sending): Sending {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`${error.message}: write ${usage}`);
  }
}

function message(value: Message): Sending {
  return { kind: "message", message: value };
}

function bare(type: "getaddr" | "mempool" | "sendheaders" | "sendaddrv2" | "wtxidrelay" | "verack"): Form {
  return {
    usage: "",
    read(words) {
      if (words.length > 0) throw new SyntaxError("nothing follows");
      return message({ type });
    },
  };
}

function readSendCompact(words: readonly string[]): Sending {
  const [mode, version = "2", ...rest] = words;
  if ((mode !== "0" && mode !== "1") || rest.length > 0) throw new SyntaxError("a mode is 0 or 1");
  return message({ type: "sendcmpct", highBandwidth: mode === "1", version: integerOf(version, MAX_UINT64) });
}

function readGetBlockTransactions([hash = "", ...indexes]: readonly string[]): Sending {
  if (indexes.length === 0) throw new SyntaxError("no index");
  const numbers = indexes.map((index) => Number(integerOf(index, BigInt(Number.MAX_SAFE_INTEGER))));
  return message({ type: "getblocktxn", blockHash: hashOf(hash), indexes: numbers });
}

function locator(
  type: "getheaders" | "getblocks",
  words: readonly string[],
  { genesisHash }: MessageDefaults,
): Sending {
  const STOP = "stop=";
  const stops = words.filter((word) => word.startsWith(STOP)).map((word) => hashOf(word.slice(STOP.length)));
  const hashes = words.filter((word) => !word.startsWith(STOP)).map(hashOf);
  if (stops.length > 1) throw new SyntaxError("two stops");
  return message({
    type,
    protocolVersion: PROTOCOL_VERSION,
    locator: hashes.length > 0 ? hashes : [genesisHash],
    stop: stops[0] ?? ZERO_HASH,
  });
}

function itemsOf([kind = "", ...hashes]: readonly string[]): InvItem[] {
  const number = Object.hasOwn(INV_KINDS, kind) ? INV_KINDS[kind]! : undefined;
  if (number === undefined) throw new SyntaxError(`a kind is one of ${Object.keys(INV_KINDS).join(", ")}`);
  if (hashes.length === 0) throw new SyntaxError("no hash");
  return hashes.map((hash) => ({ kind: number, hash: hashOf(hash) }));
}

/** What stands before the first equals sign, and what follows it. */
function splitName(text: string, what: string): [name: string, rest: string | undefined] {
  const at = text.indexOf("=");
  const name = at < 0 ? text : text.slice(0, at);
  checkName(name, what);
  return [name, at < 0 ? undefined : text.slice(at + 1)];
}

function namesOf(words: readonly string[]): readonly string[] {
  if (words.length === 0) throw new SyntaxError("no topic");
  if (words.length > MAX_TOPICS) throw new SyntaxError(`more than ${MAX_TOPICS} topics`);
  for (const word of words) checkName(word, "a topic");
  return words;
}

/** Topics and methods have the same limit. */
function checkName(name: string, what: string): void {
  const sizeBytes = utf8.encode(name).length;
  if (sizeBytes >= 1 && sizeBytes <= MAX_TOPIC_BYTES) return;
  throw new SyntaxError(`${what} has from 1 to ${MAX_TOPIC_BYTES} bytes: ${JSON.stringify(name)}`);
}

function nonceOf(words: readonly string[], defaults: MessageDefaults): bigint {
  return words.length === 0 ? defaults.newNonce() : integerOf(only(words, "one nonce"), MAX_UINT64);
}

function only(words: readonly string[], what: string): string {
  if (words.length !== 1) throw new SyntaxError(`${what} is wanted`);
  return words[0]!;
}

function integerOf(text: string, max: bigint): bigint {
  const value = /^(?:\d+|0x[\da-f]+)$/i.test(text) ? BigInt(text) : undefined;
  if (value === undefined || value > max) {
    throw new SyntaxError(`not a number from 0 to ${max}: ${JSON.stringify(text)}`);
  }
  return value;
}

function hashOf(text: string): Hash {
  if (!isHexOfSize(text, HASH_SIZE_BYTES)) {
    throw new SyntaxError(`not a hash of 64 hex digits: ${JSON.stringify(text)}`);
  }
  return text.toLowerCase();
}

function bytesOf(text: string): Uint8Array {
  if (text === "" || !isHexOfSize(text, text.length / 2)) throw new SyntaxError("not an even number of hex digits");
  return hexToBytes(text);
}
