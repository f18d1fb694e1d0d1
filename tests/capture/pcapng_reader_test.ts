import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertStringIncludes } from "@std/assert";
import type { Packet } from "../../src/capture/packets.ts";
import { encodeFileHead, encodePacket, encodeStatistics } from "../../src/capture/pcapng.ts";
import { readPcapng } from "../../src/capture/pcapng_reader.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { memorySource } from "../support/memory_source.ts";

/** Builds blocks of either byte order, by the draft and not by our writer. */
class Blocks {
  readonly #isLittleEndian: boolean;

  constructor(isLittleEndian: boolean) {
    this.#isLittleEndian = isLittleEndian;
  }

  numbers(...fields: readonly (readonly [value: number, bytes: 1 | 2 | 4])[]): Uint8Array {
    const bytes = new Uint8Array(fields.reduce((sum, [, size]) => sum + size, 0));
    const view = new DataView(bytes.buffer);
    let at = 0;
    for (const [value, size] of fields) {
      if (size === 1) view.setUint8(at, value);
      else if (size === 2) view.setUint16(at, value, this.#isLittleEndian);
      else view.setUint32(at, value, this.#isLittleEndian);
      at += size;
    }
    return bytes;
  }

  option(code: number, value: Uint8Array): Uint8Array {
    return concatBytes([this.numbers([code, 2], [value.length, 2]), padded(value)]);
  }

  block(type: number, ...parts: readonly Uint8Array[]): Uint8Array {
    const body = concatBytes(parts);
    const length = this.numbers([body.length + 12, 4]);
    return concatBytes([this.numbers([type, 4]), length, body, length]);
  }

  section(): Uint8Array {
    const unknown = this.numbers([0xffff_ffff, 4], [0xffff_ffff, 4]);
    return this.block(0x0a0d_0d0a, this.numbers([0x1a2b_3c4d, 4], [1, 2], [0, 2]), unknown);
  }

  source(linkType: number, snapBytes: number, ...options: readonly Uint8Array[]): Uint8Array {
    return this.block(1, this.numbers([linkType, 2], [0, 2], [snapBytes, 4]), ...options);
  }

  packet(source: number, units: bigint, data: Uint8Array, ...options: readonly Uint8Array[]): Uint8Array {
    const [high, low] = [Number(units >> 32n), Number(units & 0xffff_ffffn)];
    const head = this.numbers([source, 4], [high, 4], [low, 4], [data.length, 4], [data.length + 5, 4]);
    return this.block(6, head, padded(data), ...options);
  }
}

function padded(bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(Math.ceil(bytes.length / 4) * 4);
  whole.set(bytes);
  return whole;
}

/** What was read before the end, or before the fault. */
function read(file: Uint8Array): { packets: Packet[]; fault: LocalError | undefined } {
  const packets: Packet[] = [];
  try {
    for (const packet of readPcapng(memorySource(file))) packets.push({ ...packet, data: packet.data.slice() });
  } catch (error) {
    assertInstanceOf(error, LocalError);
    assertEquals(error.code, "bad-file");
    return { packets, fault: error };
  }
  return { packets, fault: undefined };
}

const DATA = Uint8Array.of(1, 2, 3, 4, 5);

test("pcapng: reads what we write: time, direction, comment, data", () => {
  const packet = {
    wallClock: 1_700_000_000_123,
    isInbound: true,
    head: Uint8Array.of(9),
    data: DATA,
    comment: "hello",
  };
  const file = concatBytes([
    encodeFileHead("/p2p/", "main", 252),
    encodePacket(packet),
    encodePacket({ ...packet, isInbound: false, comment: "" }),
    encodeStatistics(0, 2, 0),
  ]);
  const { packets, fault } = read(file);
  assertEquals(fault, undefined);
  assertEquals(
    packets.map(({ number, time, linkType, direction, comment }) => [number, time, linkType, direction, comment]),
    [
      [1, 1_700_000_000_123, 252, "in", "hello"],
      [2, 1_700_000_000_123, 252, "out", undefined],
    ],
  );
  assertEquals(packets[0]!.data, Uint8Array.of(9, ...DATA));
});

for (const order of ["little", "big"] as const) {
  const blocks = new Blocks(order === "little");

  test(`pcapng, ${order}-endian: times by each interface's resolution and offset`, () => {
    const offset = blocks.numbers([order === "little" ? 100 : 0, 4], [order === "little" ? 0 : 100, 4]);
    const { packets, fault } = read(concatBytes([
      blocks.section(),
      blocks.source(1, 0),
      blocks.source(101, 0, blocks.option(9, Uint8Array.of(9)), blocks.option(14, offset)),
      blocks.source(0, 0, blocks.option(9, Uint8Array.of(0x80 | 10))),
      blocks.packet(0, 5_000_000n, DATA),
      blocks.packet(1, 5_000_000_000n, DATA),
      blocks.packet(2, 5_120n, DATA),
    ]));
    assertEquals(fault, undefined);
    assertEquals(packets.map(({ linkType, time }) => [linkType, time]), [[1, 5_000], [101, 105_000], [0, 5_000]]);
    assertEquals(packets[0]!.wireBytes, DATA.length + 5);
  });

  test(`pcapng, ${order}-endian: simple and old packets, and blocks that nobody knows`, () => {
    const old = blocks.numbers([0, 2], [7, 2], [0, 4], [9_000, 4], [DATA.length, 4], [DATA.length, 4]);
    const { packets, fault } = read(concatBytes([
      blocks.section(),
      blocks.source(1, 3),
      blocks.block(3, blocks.numbers([DATA.length, 4]), padded(DATA.subarray(0, 3))),
      blocks.block(0x0bad_cafe, new Uint8Array(400)),
      blocks.block(2, old, padded(DATA)),
    ]));
    assertEquals(fault, undefined);
    assertEquals(packets.map(({ time, data }) => [time, data.length]), [[undefined, 3], [9, 5]]);
  });
}

test("pcapng: sections of both byte orders in one file, each with interfaces of its own", () => {
  const files = [true, false].map((isLittleEndian) => {
    const blocks = new Blocks(isLittleEndian);
    return concatBytes([blocks.section(), blocks.source(isLittleEndian ? 1 : 101, 0), blocks.packet(0, 1_000n, DATA)]);
  });
  const { packets } = read(concatBytes(files));
  assertEquals(packets.map(({ number, linkType }) => [number, linkType]), [[1, 1], [2, 101]]);
});

/** A file with a bit of everything. */
function small(): Uint8Array {
  const blocks = new Blocks(true);
  return concatBytes([
    encodeFileHead("/p2p/", "main", 252),
    encodePacket({ wallClock: 1, isInbound: true, head: DATA, data: DATA, comment: "first" }),
    blocks.block(0x0bad_cafe, new Uint8Array(8)),
    encodePacket({ wallClock: 2, isInbound: false, head: DATA, data: DATA, comment: "" }),
    blocks.block(3, blocks.numbers([DATA.length, 4]), padded(DATA)),
    encodeStatistics(3, 3, 0),
  ]);
}

test("pcapng: cut at any byte, what came before is there, and one clear error says where it ends", () => {
  const file = small();
  const whole = read(file).packets;
  assertEquals(whole.length, 3);
  let faults = 0;
  for (let cut = 0; cut < file.length; cut++) {
    const { packets, fault } = read(file.subarray(0, cut));
    assertEquals(packets, whole.slice(0, packets.length), `cut at ${cut}`);
    if (fault === undefined) continue;
    faults++;
    assertStringIncludes(fault.message, "Cannot read memory: at byte ");
    assertStringIncludes(fault.message, "ends");
  }
  // Only between blocks is a cut no cut.
  assertEquals(file.length - faults, 8 - 1);
});

test("pcapng: with any byte wrong it is read, or refused with a clear error", () => {
  const file = small();
  for (let at = 0; at < file.length; at++) {
    for (const byte of [0, 1, 0x7f, 0x80, 0xff]) {
      const damaged = file.slice();
      damaged[at] = byte;
      const { packets } = read(damaged);
      assert(packets.length <= 3);
    }
  }
});

test("pcapng: what is wrong is named", () => {
  const blocks = new Blocks(true);
  const start = [blocks.section(), blocks.source(1, 0)];
  const wrong: readonly (readonly [file: readonly Uint8Array[], says: string])[] = [
    [[...start, blocks.packet(1, 0n, DATA)], "interface 1, which the file does not describe"],
    [[...start, blocks.numbers([6, 4], [17, 4], [0, 4], [0, 4])], "a block of 17 bytes"],
    [[...start, blocks.numbers([6, 4], [0xffff_fff0, 4], [0, 4])], "at most 16777216 are read"],
    [[blocks.block(0x0a0d_0d0a, new Uint8Array(16))], "no known byte order"],
    [[...start, blocks.block(6, blocks.numbers([0, 4], [0, 4], [0, 4], [99, 4], [99, 4]))], "a packet of 99 bytes"],
  ];
  for (const [file, says] of wrong) assertStringIncludes(read(concatBytes(file)).fault?.message ?? "", says);
});
