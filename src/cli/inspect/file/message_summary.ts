import { encodeBlockHeader, HEADER_SIZE_BYTES } from "../../../protocol/block_header.ts";
import type { InvItem, Message, MessageOf, MessageType } from "../../../protocol/messages.ts";
import { SHORT_ID_BYTES } from "../../../protocol/wire_limits.ts";
import { parseTransaction } from "../../../protocol/transaction.ts";
import { ByteReader, MalformedBytes } from "../../../util/bytes.ts";
import { hash256, type Hasher } from "../../../util/hash.ts";
import { kindName, messageToLine } from "../../render_message.ts";

type Summaries = { readonly [T in MessageType]?: (message: MessageOf<T>, hasher: Hasher) => string };

/** What matters of messages that are too long for a line; others are shown in full. */
const SUMMARIES: Summaries = {
  version: (message) =>
    `${message.userAgent} protocol ${message.protocolVersion} height ${message.startHeight} services 0x${
      message.services.toString(HEX)
    }`,
  inv: ({ items }) => describeItems(items),
  getdata: ({ items }) => describeItems(items),
  notfound: ({ items }) => describeItems(items),
  getheaders: (message) => describeLocator(message),
  getblocks: (message) => describeLocator(message),
  addr: ({ addresses }) => plural(addresses.length, "address"),
  addrv2: ({ addresses }) => plural(addresses.length, "address"),
  headers: describeHeaders,
  block: ({ block }, hasher) => describeBlock(block, hasher),
  tx: ({ transaction }, hasher) => describeTransaction(transaction, hasher),
  cmpctblock: ({ header, shortIds, prefilled }, hasher) =>
    `${hash256(hasher, encodeBlockHeader(header))} ${
      plural(shortIds.length / SHORT_ID_BYTES, "short id")
    }, ${prefilled.length} in full`,
  getblocktxn: ({ blockHash, indexes }) => `${blockHash} ${plural(indexes.length, "transaction")}`,
  blocktxn: ({ blockHash, transactions }) => `${blockHash} ${plural(transactions.length, "transaction")}`,
  unknown: ({ payload }) => `${payload.length} bytes of a type that is not known here`,
};

const HEX = 16;

/** One line about a message, its type excluded. It is not escaped. */
export function summarize(message: Message, hasher: Hasher): string {
  const summary = SUMMARIES[message.type] as ((message: Message, hasher: Hasher) => string) | undefined;
  return summary ? summary(message, hasher) : messageToLine(message).slice(message.type.length + 1);
}

function describeItems(items: readonly InvItem[]): string {
  const first = items[0];
  if (!first) return "nothing";
  const kinds = Map.groupBy(items, ({ kind }) => kind);
  const counts = [...kinds].map(([kind, each]) => `${each.length} ${kindName(kind)}`).join(", ");
  return `${counts}: ${first.hash}${items.length > 1 ? " …" : ""}`;
}

function describeLocator({ locator, stop }: MessageOf<"getheaders"> | MessageOf<"getblocks">): string {
  const until = /^0+$/.test(stop) ? "" : ` until ${stop}`;
  return `after ${locator[0] ?? "nothing"} (${plural(locator.length, "hash")})${until}`;
}

function describeHeaders({ headers }: MessageOf<"headers">, hasher: Hasher): string {
  const [first, last] = [headers[0], headers.at(-1)];
  if (!first || !last) return "none";
  const nameOf = (header: typeof first) => hash256(hasher, encodeBlockHeader(header));
  const until = headers.length === 1 ? "" : ` to ${nameOf(last)}`;
  return `${plural(headers.length, "header")} ${nameOf(first)}${until}`;
}

function describeBlock(block: Uint8Array, hasher: Hasher): string {
  const hash = hash256(hasher, block.subarray(0, HEADER_SIZE_BYTES));
  return unlessMalformed("block", () => {
    return `${hash} ${plural(new ByteReader(block, HEADER_SIZE_BYTES).varInt(), "transaction")}`;
  });
}

function describeTransaction(raw: Uint8Array, hasher: Hasher): string {
  return unlessMalformed("transaction", () => {
    const { txid, layout } = parseTransaction(hasher, raw);
    return `${txid} ${layout.inputCount} in, ${layout.outputCount} out${layout.hasWitness ? ", with witness" : ""}`;
  });
}

/** Wires carry blocks and transactions as they are: they may be none inside. */
function unlessMalformed(what: string, describe: () => string): string {
  try {
    return describe();
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    return `no ${what}: ${error.message}`;
  }
}

function plural(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun}${/(s|sh)$/.test(noun) ? "es" : "s"}`;
}
