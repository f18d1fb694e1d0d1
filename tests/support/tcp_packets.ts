import { ByteWriter, concatBytes } from "../../src/util/bytes.ts";

/** What a packet is built of. */
export interface PacketParts {
  readonly sourcePort?: number;
  readonly targetPort?: number;
  readonly sequence?: number;
  /** FIN 1, SYN 2, RST 4. */
  readonly flags?: number;
  readonly data: Uint8Array;
}

const ETHERNET_ADDRESSES = new Uint8Array(12);

export function tcpSegment(
  { sourcePort = 1000, targetPort = 2000, sequence = 0, flags = 0, data }: PacketParts,
): Uint8Array {
  const head = new ByteWriter().uint16BigEndian(sourcePort).uint16BigEndian(targetPort);
  head.raw(bigEndian(sequence)).raw(bigEndian(0)).uint8(0x60).uint8(flags).raw(new Uint8Array(6));
  // An option: segments of real connections have some.
  return concatBytes([head.finish(), Uint8Array.of(1, 1, 1, 0), data]);
}

/** 192.0.2.1 to 192.0.2.2. */
export function ipv4Packet(payload: Uint8Array, protocol = 6, fragment = 0): Uint8Array {
  const head = new ByteWriter().uint8(0x45).uint8(0).uint16BigEndian(20 + payload.length).uint16BigEndian(7);
  head.uint16BigEndian(fragment).uint8(64).uint8(protocol).uint16BigEndian(0);
  return concatBytes([head.raw(Uint8Array.of(192, 0, 2, 1)).raw(Uint8Array.of(192, 0, 2, 2)).finish(), payload]);
}

/** 2001:db8::1 to 2001:db8::2, with an extension header. */
export function ipv6Packet(payload: Uint8Array): Uint8Array {
  const head = new ByteWriter().raw(bigEndian(0x6000_0000)).uint16BigEndian(8 + payload.length).uint8(60).uint8(64);
  for (const last of [1, 2]) head.raw(Uint8Array.of(0x20, 1, 0x0d, 0xb8)).raw(new Uint8Array(11)).uint8(last);
  return concatBytes([head.finish(), Uint8Array.of(6, 0, 1, 4, 0, 0, 0, 0), payload]);
}

/** With tags of virtual networks, and the padding of short frames behind it. */
export function ethernetFrame(type: number, packet: Uint8Array, tags = 0): Uint8Array {
  const head = new ByteWriter();
  for (let i = 0; i < tags; i++) head.uint16BigEndian(0x8100).uint16BigEndian(5);
  head.uint16BigEndian(type);
  const padding = new Uint8Array(Math.max(0, 46 - packet.length));
  return concatBytes([ETHERNET_ADDRESSES, head.finish(), packet, padding]);
}

function bigEndian(value: number): Uint8Array {
  return new ByteWriter().uint32(value).finish().reverse();
}
