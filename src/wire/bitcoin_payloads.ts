import type { MessageOf, MessageType } from "../protocol/messages.ts";
import { MAX_MESSAGE_BYTES } from "../protocol/wire_limits.ts";
import { MalformedBytes } from "../util/bytes.ts";
import { app, cancel, publish, request, response, subscribe, unsubscribe } from "./bitcoin_app_payloads.ts";
import { block, headers, inventory, locator, tx } from "./bitcoin_chain_payloads.ts";
import { blocktxn, cmpctblock, getblocktxn } from "./bitcoin_compact_payloads.ts";
import type { PayloadCodec } from "./bitcoin_payload.ts";
import { addr, addrv2, reject, version } from "./bitcoin_peer_payloads.ts";
import { topology } from "./topology_payload.ts";

const UINT64_BYTES = 8;

/** Every message of the Bitcoin wire: a new type is one row here and one entry in messages.ts. */
export const BITCOIN_PAYLOADS: { readonly [T in MessageType]: PayloadCodec<MessageOf<T>> } = {
  version,
  verack: empty("verack"),
  ping: nonce("ping"),
  pong: nonce("pong"),
  addr,
  addrv2,
  sendaddrv2: empty("sendaddrv2"),
  getaddr: empty("getaddr"),
  inv: inventory("inv"),
  getdata: inventory("getdata"),
  notfound: inventory("notfound"),
  getblocks: locator("getblocks"),
  getheaders: locator("getheaders"),
  headers,
  block,
  tx,
  mempool: empty("mempool"),
  sendheaders: empty("sendheaders"),
  sendcmpct: sendcmpct(),
  cmpctblock,
  getblocktxn,
  blocktxn,
  feefilter: feefilter(),
  wtxidrelay: empty("wtxidrelay"),
  reject,
  app,
  publish,
  subscribe,
  unsubscribe,
  request,
  response,
  cancel,
  topology,
  unknown: unknownPayload(),
};

function empty<T>(type: T): PayloadCodec<{ readonly type: T }> {
  const message = Object.freeze({ type });
  return { maxBytes: 0, sizeOf: () => 0, write() {}, read: () => message };
}

/** ping and pong (BIP31). */
function nonce<T>(type: T): PayloadCodec<{ readonly type: T; readonly nonce: bigint }> {
  return {
    maxBytes: UINT64_BYTES,
    sizeOf: () => UINT64_BYTES,
    write: (writer, message) => void writer.uint64(message.nonce),
    read: ({ reader }) => ({ type, nonce: reader.uint64("nonce") }),
  };
}

/** BIP152. */
function sendcmpct(): PayloadCodec<MessageOf<"sendcmpct">> {
  const sizeBytes = 1 + UINT64_BYTES;
  return {
    maxBytes: sizeBytes,
    sizeOf: () => sizeBytes,
    write: (writer, message) => void writer.uint8(Number(message.highBandwidth)).uint64(message.version),
    read({ reader }) {
      const highBandwidth = reader.uint8("highBandwidth");
      if (highBandwidth > 1) throw new MalformedBytes(`a boolean of ${highBandwidth}`);
      return { type: "sendcmpct", highBandwidth: highBandwidth === 1, version: reader.uint64("version") };
    },
  };
}

/** BIP133. */
function feefilter(): PayloadCodec<MessageOf<"feefilter">> {
  return {
    maxBytes: UINT64_BYTES,
    sizeOf: () => UINT64_BYTES,
    write: (writer, message) => void writer.int64(message.feeRate),
    read: ({ reader }) => ({ type: "feefilter", feeRate: reader.int64("feeRate") }),
  };
}

function unknownPayload(): PayloadCodec<MessageOf<"unknown">> {
  return {
    maxBytes: MAX_MESSAGE_BYTES,
    sizeOf: (message) => message.payload.length,
    write: (writer, message) => void writer.raw(message.payload),
    read: (source) => ({ type: "unknown", command: source.command, payload: source.rest() }),
  };
}
