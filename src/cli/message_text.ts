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
  raw: { usage: "HEX …", read: (words) => ({ kind: "raw", bytes: bytesOf(words.join("")) }) },
};

/** Words that a line may begin with, and what follows each. */
export const MESSAGE_FORMS: ReadonlyMap<string, string> = new Map(
  Object.entries(FORMS).map(([name, { usage }]) => [name, usage]),
);

/** Reads one line such as `getdata block HASH`. Throws SyntaxError with the reason. */
export function readSending(line: string, defaults: MessageDefaults): Sending {
  const [name = "", ...words] = line.trim().split(/\s+/);
  const form = Object.hasOwn(FORMS, name) ? FORMS[name] : undefined;
  if (!form) throw new SyntaxError(`no message ${JSON.stringify(name)}${suggestion(name, Object.keys(FORMS))}`);
  try {
    return form.read(words, defaults);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new SyntaxError(`${error.message}: write ${`${name} ${form.usage}`.trim()}`);
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
