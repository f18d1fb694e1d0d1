import { addressFromIpv6, IPV6_FORM_BYTES } from "../../protocol/addresses.ts";
import type { Message } from "../../protocol/messages.ts";
import type { WireCodec } from "../../wire/codec.ts";
import { appMessage } from "./bench_peers.ts";
import type { FlowSpec } from "./flow.ts";
import { readStamp, writeStamp } from "./stamps.ts";

/** The topic that benches publish to. */
export const TOPIC = "bench";

/** One kind of message that a flow is made of. Each can carry the time at which it was due. */
export interface Content {
  /** Bytes that belong to an application, if any do. */
  readonly payloadBytes: number;
  /** `dueMs` 0: no time. */
  make(dueMs: number): Message;
  /** Whether it is one of these, and as long as it was. */
  isWhole(message: Message): boolean;
  /** The time that it carries, 0 for none. */
  stampOf(message: Message): number;
}

const NO_BYTES = new Uint8Array(0);
const RECORDS = 10;
const MICROSECONDS = 1_000;
const DEFAULT_PORT = 8333;

export function contentOf({ content, sizeBytes }: FlowSpec, codec: WireCodec): Content {
  if (content === "addresses") return addresses();
  const empty = content === "bytes" ? appMessage(NO_BYTES) : publishMessage(NO_BYTES);
  const payloadBytes = sizeBytes - codec.encode(empty).length;
  return content === "bytes" ? appBytes(payloadBytes) : topicBytes(payloadBytes);
}

/** An application's payload, whose first eight bytes are the time. */
export function makePayload(payloadBytes: number, dueMs: number): Uint8Array {
  const payload = new Uint8Array(payloadBytes);
  writeStamp(payload, 0, dueMs);
  return payload;
}

function appBytes(payloadBytes: number): Content {
  return {
    payloadBytes,
    make: (dueMs) => appMessage(makePayload(payloadBytes, dueMs)),
    isWhole: (message) => message.type === "app" && message.payload.length === payloadBytes,
    stampOf: (message) => message.type === "app" ? readStamp(message.payload, 0) : 0,
  };
}

function topicBytes(payloadBytes: number): Content {
  return {
    payloadBytes,
    make: (dueMs) => publishMessage(makePayload(payloadBytes, dueMs)),
    isWhole: (message) => message.type === "publish" && message.payload.length === payloadBytes,
    stampOf: (message) => message.type === "publish" ? readStamp(message.payload, 0) : 0,
  };
}

function publishMessage(payload: Uint8Array): Message {
  return { type: "publish", topic: TOPIC, id: 1n, payload };
}

/** Ten addresses: numbers, large numbers and bytes in nested records. The services of the first one are the time. */
function addresses(): Content {
  const record = (services: bigint, i: number) => {
    const ip = new Uint8Array(IPV6_FORM_BYTES).fill(i + 1);
    return { time: DEFAULT_PORT + i, services, address: addressFromIpv6(ip), port: DEFAULT_PORT + i };
  };
  const others = Array.from({ length: RECORDS - 1 }, (_, i) => record(BigInt(i), i + 1));
  return {
    payloadBytes: 0,
    make: (dueMs) => ({
      type: "addrv2",
      addresses: [record(BigInt(Math.round(dueMs * MICROSECONDS)), 0), ...others],
    }),
    isWhole: (message) => message.type === "addrv2" && message.addresses.length === RECORDS,
    stampOf: (message) => message.type === "addrv2" ? Number(message.addresses[0]!.services) / MICROSECONDS : 0,
  };
}
