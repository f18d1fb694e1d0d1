import type { Channel } from "../bus/channels.ts";
import { EVENT_PAYLOAD_BYTES, EVENT_RETRY_MS } from "../protocol/control_params.ts";
import { toSafeJson } from "../util/escape.ts";
import { bytesToHex } from "../util/hex.ts";

/** One server-sent event, encoded once for all its readers, who share the bytes. */
export interface EventFrame {
  readonly type: string;
  readonly channel: Channel;
  readonly bytes: Uint8Array;
}

const encoder = new TextEncoder();

/**
 * What stands at the head of a stream: how soon a browser asks again when it breaks, and with which number where no event
 * came until then. To readers a number without data is no event, and yet what they had last.
 */
export function encodeHead(id: string | undefined): Uint8Array {
  const number = id === undefined ? "" : `id: ${id}\n`;
  return encoder.encode(`retry: ${EVENT_RETRY_MS}\n${number}: events follow\n\n`);
}

/** A line that readers ignore: it shows both sides that the connection lives. */
export const HEARTBEAT: Uint8Array = encoder.encode(": alive\n\n");

/** The beginning of bytes that are too many to be kept. */
class Beginning {
  readonly sizeBytes: number;
  readonly bytes: Uint8Array;

  constructor(whole: Uint8Array) {
    this.sizeBytes = whole.length;
    this.bytes = whole.slice(0, EVENT_PAYLOAD_BYTES);
  }
}

/** `time`: Unix milliseconds. The JSON is one line, and nothing in it acts on a terminal. */
export function encodeEvent(id: string, time: number, channel: Channel, type: string, event: unknown): EventFrame {
  const data = toSafeJson({ type, channel, time, event: toPlain(event) });
  return { type, channel, bytes: encoder.encode(`id: ${id}\ndata: ${data}\n\n`) };
}

/** So many events of a channel never reached this reader; `isAtMost`: of types that it did not ask for, too. */
export function encodeLag(channel: Channel, missed: number, isAtMost: boolean): Uint8Array {
  const lag = isAtMost ? { channel, missed, atMost: true } : { channel, missed };
  return encoder.encode(`event: lag\ndata: ${toSafeJson(lag)}\n\n`);
}

/** The reader came with an id of another run: what was missed before this node started is not known. */
export function encodeReset(id: string): Uint8Array {
  return encoder.encode(`event: reset\nid: ${id}\ndata: {"reason":"the id is not of this run"}\n\n`);
}

/** The event as it may be kept: without the bytes that are not told anyway. */
export function abridge(event: unknown): unknown {
  if (typeof event !== "object" || event === null) return event;
  const isLong = (value: unknown) => value instanceof Uint8Array && value.length > EVENT_PAYLOAD_BYTES;
  if (!Object.values(event).some(isLong)) return event;
  return Object.fromEntries(
    Object.entries(event).map(([name, value]) => [name, isLong(value) ? new Beginning(value) : value]),
  );
}

/** Events are flat, or hold one snapshot: what JSON cannot carry is found one level deep. */
function toPlain(event: unknown): unknown {
  if (typeof event !== "object" || event === null) return event;
  return Object.fromEntries(Object.entries(event).map(([name, value]) => [name, toPlainValue(value)]));
}

function toPlainValue(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Error) return value.message;
  if (value instanceof Beginning) return { sizeBytes: value.sizeBytes, hex: bytesToHex(value.bytes) };
  if (!(value instanceof Uint8Array)) return value;
  return { sizeBytes: value.length, hex: bytesToHex(value.subarray(0, EVENT_PAYLOAD_BYTES)) };
}
