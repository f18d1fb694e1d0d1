import { test } from "node:test";
import { assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import type { Packet } from "../../src/capture/packets.ts";
import { isPcap, readPcap } from "../../src/capture/pcap_reader.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { memorySource } from "../support/memory_source.ts";

const DATA = Uint8Array.of(1, 2, 3, 4, 5);
const MICROSECONDS = 0xa1b2c3d4;
const NANOSECONDS = 0xa1b23c4d;

function numbers(isLittleEndian: boolean, ...values: readonly number[]): Uint8Array {
  const view = new DataView(new ArrayBuffer(4 * values.length));
  values.forEach((value, i) => view.setUint32(4 * i, value, isLittleEndian));
  return new Uint8Array(view.buffer);
}

function file(isLittleEndian: boolean, magic: number, fraction: number): Uint8Array {
  // The second number of the head is two versions, of which no reader makes anything; the last has flags above.
  const head = numbers(isLittleEndian, magic, 0x0004_0002, 0, 0, 65_535, 0x1000_0001);
  const packet = numbers(isLittleEndian, 1_700_000_000, fraction, DATA.length, 9);
  return concatBytes([head, packet, DATA, packet, DATA]);
}

function read(bytes: Uint8Array): { packets: Packet[]; fault: LocalError | undefined } {
  const packets: Packet[] = [];
  try {
    for (const packet of readPcap(memorySource(bytes))) packets.push(packet);
  } catch (error) {
    assertInstanceOf(error, LocalError);
    return { packets, fault: error };
  }
  return { packets, fault: undefined };
}

test("pcap: either byte order, either unit of time", () => {
  for (const isLittleEndian of [true, false]) {
    for (const [magic, fraction] of [[MICROSECONDS, 250_000], [NANOSECONDS, 250_000_000]] as const) {
      const bytes = file(isLittleEndian, magic, fraction);
      assertEquals(isPcap(bytes.subarray(0, 4)), true);
      const { packets, fault } = read(bytes);
      assertEquals(fault, undefined);
      assertEquals(
        packets.map(({ number, linkType, time, data, wireBytes }) => [number, linkType, time, data, wireBytes]),
        [
          [1, 1, 1_700_000_000_250, DATA, 9],
          [2, 1, 1_700_000_000_250, DATA, 9],
        ],
      );
    }
  }
});

test("pcap: cut at any byte, what came before is there, and one clear error says where it ends", () => {
  const bytes = file(true, MICROSECONDS, 0);
  const ends = [24, 24 + 16 + DATA.length];
  for (let cut = 4; cut < bytes.length; cut++) {
    const { packets, fault } = read(bytes.subarray(0, cut));
    assertEquals(packets.length, cut < ends[1]! ? 0 : 1);
    if (ends.includes(cut)) assertEquals(fault, undefined);
    else assertStringIncludes(fault?.message ?? "", "the file ends after");
  }
});

test("pcap: a packet that nobody can hold is refused", () => {
  const bytes = concatBytes([
    file(true, MICROSECONDS, 0).subarray(0, 24),
    numbers(true, 0, 0, 0xffff_ffff, 0xffff_ffff),
  ]);
  assertStringIncludes(read(bytes).fault?.message ?? "", "4294967295 bytes, at most");
});

test("pcap: other files are none", () => {
  for (const start of [[], [0xd4], [0x0a, 0x0d, 0x0d, 0x0a], [0xf9, 0xbe, 0xb4, 0xd9]]) {
    assertEquals(isPcap(Uint8Array.from(start)), false);
  }
});
