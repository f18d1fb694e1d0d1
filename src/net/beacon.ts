import { ByteReader, ByteWriter } from "../util/bytes.ts";

/** What a node says of itself to everybody on the local network. Its address is that which the datagram comes from. */
export interface Beacon {
  /** Where it accepts peers; 1 to 65,535. */
  readonly port: number;
  /** Drawn anew at each start: who sees its own has heard itself. */
  readonly nonce: bigint;
}

/** Magic of the network, version of this format, port, nonce. */
export const BEACON_BYTES = 15;

const VERSION = 1;

export function encodeBeacon(magic: number, { port, nonce }: Beacon): Uint8Array {
  const [high, low] = [magic >>> HALF_BITS, magic & HALF_MASK];
  return new ByteWriter(BEACON_BYTES).uint16BigEndian(high).uint16BigEndian(low).uint8(VERSION).uint16BigEndian(port)
    .uint64(nonce).finish();
}

/** `foreign`: of another network. `malformed`: not of this format, or of another version of it. */
export function decodeBeacon(magic: number, bytes: Uint8Array): Beacon | "foreign" | "malformed" {
  if (bytes.length !== BEACON_BYTES) return "malformed";
  const reader = new ByteReader(bytes);
  const isOurs = reader.uint16BigEndian() === magic >>> HALF_BITS && reader.uint16BigEndian() === (magic & HALF_MASK);
  if (!isOurs) return "foreign";
  const version = reader.uint8();
  const port = reader.uint16BigEndian();
  return version === VERSION && port !== 0 ? { port, nonce: reader.uint64() } : "malformed";
}

const HALF_BITS = 16;
const HALF_MASK = 0xffff;
