import { addressFromIpv6, IPV6_FORM_BYTES } from "../../protocol/addresses.ts";
import type { Message } from "../../protocol/messages.ts";
import type { WireCodec } from "../../wire/codec.ts";
import { appMessage, appOverheadBytes } from "./bench_peers.ts";
import type { FlowSpec } from "./flow.ts";

/** One kind of message that a flow is made of. Each can carry the time at which it was due. */
export interface Content {
  /** `dueMs` 0: no time. */
  make(dueMs: number): Message;
  /** Whether it is one of these, and as long as it was. */
  isWhole(message: Message): boolean;
  /** The time that it carries, 0 for none. */
  stampOf(message: Message): number;
}

const RECORDS = 10;
const MICROSECONDS = 1_000;
const DEFAULT_PORT = 8333;

export function contentOf({ content, sizeBytes }: FlowSpec, codec: WireCodec): Content {
  return content === "bytes" ? bytesOf(sizeBytes - appOverheadBytes(codec)) : addresses();
}

/** An application's payload, whose first eight bytes are the time. */
function bytesOf(payloadBytes: number): Content {
  return {
    make(dueMs) {
      const payload = new Uint8Array(payloadBytes);
      new DataView(payload.buffer).setFloat64(0, dueMs, true);
      return appMessage(payload);
    },
    isWhole: (message) => message.type === "app" && message.payload.length === payloadBytes,
    stampOf(message) {
      if (message.type !== "app") return 0;
      const { buffer, byteOffset } = message.payload;
      return new DataView(buffer, byteOffset).getFloat64(0, true);
    },
  };
}

/** Ten addresses: numbers, large numbers and bytes in nested records. The services of the first one are the time. */
function addresses(): Content {
  const record = (services: bigint, i: number) => {
    const ip = new Uint8Array(IPV6_FORM_BYTES).fill(i + 1);
    return { time: DEFAULT_PORT + i, services, address: addressFromIpv6(ip), port: DEFAULT_PORT + i };
  };
  const others = Array.from({ length: RECORDS - 1 }, (_, i) => record(BigInt(i), i + 1));
  return {
    make: (dueMs) => ({
      type: "addrv2",
      addresses: [record(BigInt(Math.round(dueMs * MICROSECONDS)), 0), ...others],
    }),
    isWhole: (message) => message.type === "addrv2" && message.addresses.length === RECORDS,
    stampOf: (message) => message.type === "addrv2" ? Number(message.addresses[0]!.services) / MICROSECONDS : 0,
  };
}
