import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { type CapturedFrame, CaptureReader } from "../../src/capture/capture_reader.ts";
import type { Packet } from "../../src/capture/packets.ts";
import { encodeFileHead } from "../../src/capture/pcapng.ts";
import { readPcapng } from "../../src/capture/pcapng_reader.ts";
import { Recorder } from "../../src/capture/recorder.ts";
import { LINKTYPE_UPPER_PDU } from "../../src/capture/upper_pdu.ts";
import type { NetworkParams } from "../../src/protocol/network_params.ts";
import { MAX_STRAY_BYTES } from "../../src/protocol/capture_params.ts";
import { MAIN, NETWORKS, P2P, REGTEST } from "../../src/protocol/networks.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { nativeCodec } from "../../src/wire/native.ts";
import { ManualEnv } from "../support/manual_env.ts";
import { memorySource } from "../support/memory_source.ts";
import { fc } from "../support/properties.ts";
import { ethernetFrame, ipv4Packet, ipv6Packet, type PacketParts, tcpSegment } from "../support/tcp_packets.ts";
import { testHasher } from "../support/test_hasher.ts";

const main = bitcoinCodec(MAIN.magic, testHasher);
const native = nativeCodec(P2P.magic);
const PING = main.encode({ type: "ping", nonce: 5n });
const VERACK = main.encode({ type: "verack" });
const ADDR = main.encode({ type: "unknown", command: "big", payload: new Uint8Array(3_000).fill(7) });
const STREAM = concatBytes([VERACK, PING, ADDR, PING]);
const [SYN, FIN] = [2, 1];
const ETHERNET = 1;
const RAW = 101;

/** What is found in packets that come one after the other. */
function readAll(packets: readonly Uint8Array[], linkType = RAW) {
  const reader = new CaptureReader([...NETWORKS.values()]);
  const found: CapturedFrame[] = [];
  const keep = (frames: readonly CapturedFrame[]) =>
    void found.push(...frames.map((each) => ({ ...each, frame: each.frame.slice() })));
  packets.forEach((data, i) =>
    keep(reader.take({ ...NO_PACKET, number: i + 1, linkType, data, wireBytes: data.length }))
  );
  keep(reader.end());
  return { found, passed: reader.passedOver };
}

const NO_PACKET: Packet = {
  number: 0,
  time: 0,
  linkType: 0,
  data: new Uint8Array(0),
  wireBytes: 0,
  direction: undefined,
  comment: undefined,
};

function tcp(parts: PacketParts): Uint8Array {
  return ipv4Packet(tcpSegment(parts));
}

/** A whole connection's direction in segments of this size. */
function segments(stream: Uint8Array, sizeBytes: number): Uint8Array[] {
  const packets = [tcp({ sequence: 99, flags: SYN, data: new Uint8Array(0) })];
  for (let at = 0; at < stream.length; at += sizeBytes) {
    packets.push(tcp({ sequence: 100 + at, data: stream.slice(at, at + sizeBytes) }));
  }
  return [...packets, tcp({ sequence: 100 + stream.length, flags: FIN, data: new Uint8Array(0) })];
}

function frames(found: readonly CapturedFrame[]): Uint8Array[] {
  return found.map(({ frame }) => frame);
}

test("capture: reads back what the recorder wrote, of both wires", () => {
  const parts: readonly (readonly [NetworkParams, Uint8Array])[] = [
    [MAIN, STREAM],
    [P2P, concatBytes([native.encode({ type: "feefilter", feeRate: 1n }), native.encode({ type: "ping", nonce: 1n })])],
  ];
  for (const [network, stream] of parts) {
    const blocks: Uint8Array[] = [encodeFileHead("/p2p/", network.name, LINKTYPE_UPPER_PDU)];
    const recorder = new Recorder({ env: new ManualEnv(), network, append: (block) => blocks.push(block) > 0 });
    const ends = { remote: { host: "192.0.2.1", port: 1 }, local: { host: "2001:db8::1", port: 2 } };
    recorder.open(ends).received(stream);
    const reader = new CaptureReader([...NETWORKS.values()]);
    const found = [...readPcapng(memorySource(concatBytes(blocks)))].flatMap((packet) => reader.take(packet));
    assertEquals(concatBytes(frames(found)), stream);
    assertEquals([found[0]!.source, found[0]!.target, found[0]!.direction], [ends.remote, ends.local, "in"]);
    assertEquals(found.every((each) => each.network === network && each.problem === undefined), true);
  }
});

test("capture: a TCP connection, whatever the size of its segments", () => {
  for (const sizeBytes of [1, 23, 24, 100, 1_460, STREAM.length]) {
    const { found } = readAll(segments(STREAM, sizeBytes));
    assertEquals(frames(found), [VERACK, PING, ADDR, PING], `segments of ${sizeBytes}`);
    assertEquals(found[0]!.source, { host: "192.0.2.1", port: 1000 });
  }
});

test("capture: segments out of order, sent again, and lost", () => {
  const packets = segments(STREAM, 50);
  const order = [0, 2, 1, 1, 3, ...packets.keys().drop(4), 5, 6];
  assertEquals(frames(readAll(order.map((i) => packets[i]!)).found), [VERACK, PING, ADDR, PING]);
  // Within the third frame: it is gone, and the fourth is found.
  const lossy = packets.filter((_, i) => i !== 10);
  assertEquals(frames(readAll(lossy).found), [VERACK, PING, PING]);
});

test("capture: link types, versions of IP, tags", () => {
  const segment = tcpSegment({ data: PING });
  const [ipv4, ipv6] = [ipv4Packet(segment), ipv6Packet(segment)];
  const cases: readonly (readonly [linkType: number, packet: Uint8Array])[] = [
    [ETHERNET, ethernetFrame(0x0800, ipv4)],
    [ETHERNET, ethernetFrame(0x86dd, ipv6)],
    [ETHERNET, ethernetFrame(0x0800, ipv4, 2)],
    [RAW, ipv4],
    [RAW, ipv6],
    [228, ipv4],
    [229, ipv6],
    [0, concatBytes([Uint8Array.of(2, 0, 0, 0), ipv4])],
    [108, concatBytes([Uint8Array.of(0, 0, 0, 24), ipv6])],
    [113, concatBytes([new Uint8Array(14), Uint8Array.of(8, 0), ipv4])],
    [276, concatBytes([Uint8Array.of(8, 0), new Uint8Array(18), ipv4])],
  ];
  for (const [linkType, packet] of cases) {
    assertEquals(frames(readAll([packet], linkType).found), [PING], `${linkType}`);
  }
  const { found } = readAll([ipv6]);
  assertEquals(found[0]!.target, { host: "2001:db8::2", port: 2000 });
});

test("capture: the padding of a short Ethernet frame is no data", () => {
  const packets = [VERACK.subarray(0, 1), VERACK.subarray(1)].map((data, i) =>
    ethernetFrame(0x0800, tcp({ sequence: i, data }))
  );
  assertEquals(frames(readAll(packets, ETHERNET).found), [VERACK]);
});

test("capture: begun in the middle of a connection, it finds the next frame", () => {
  const { found } = readAll(segments(STREAM.slice(10), 40).slice(1));
  assertEquals(frames(found), [PING, ADDR, PING]);
});

test("capture: two directions and two connections at a time are told apart", () => {
  const [there, back] = [PING, VERACK].map((frame) => [frame.subarray(0, 10), frame.subarray(10)]);
  const packets = [0, 1].flatMap((i) => [
    tcp({ sequence: i * 10, data: there![i]! }),
    tcp({ sourcePort: 2000, targetPort: 1000, sequence: i * 10, data: back![i]! }),
    tcp({ sourcePort: 1001, sequence: i * 10, data: there![i]! }),
  ]);
  assertEquals(frames(readAll(packets).found), [PING, VERACK, PING]);
});

test("capture: a frame that no peer would take is named, and those after it are found", () => {
  const wrong = ADDR.slice();
  wrong[18] = 0xff;
  const { found } = readAll(segments(concatBytes([VERACK, wrong, PING]), 1_000));
  assertEquals(frames(found), [VERACK, new Uint8Array(0), PING]);
  assert(found[1]!.problem?.startsWith("oversized"));
});

test("capture: a new connection between the same ends begins anew", () => {
  const packets = [...segments(PING.subarray(0, 20), 20), ...segments(VERACK, 7)];
  assertEquals(frames(readAll(packets).found), [VERACK]);
});

test("capture: somebody else's traffic is let go, and what is no TCP counted", () => {
  const noise = new Uint8Array(1_000).fill(0x47);
  const foreign = Array.from(
    { length: 2 + MAX_STRAY_BYTES / noise.length },
    (_, i) => tcp({ sequence: i * 1_000, data: noise }),
  );
  assertEquals(readAll(foreign).found, []);
  const { passed } = readAll([
    ipv4Packet(PING, 17),
    ipv4Packet(tcpSegment({ data: PING }), 6, 0x2000),
    Uint8Array.of(0x45),
  ]);
  assertEquals(passed.others, 3);
  assertEquals([...readAll([PING], 147).passed.links], [[147, 1]]);
});

test("capture: any bytes as packets of any link type do no harm", () => {
  const anyPacket = fc.tuple(
    fc.constantFrom(0, 1, 12, 101, 108, 113, 228, 229, 252, 276),
    fc.uint8Array({ maxLength: 120 }),
  );
  fc.assert(fc.property(fc.array(anyPacket, { maxLength: 10 }), (packets) => {
    for (const [linkType, data] of packets) readAll([data], linkType);
  }));
  const whole = ethernetFrame(0x0800, ipv4Packet(tcpSegment({ data: PING })));
  fc.assert(fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, cut) => {
    const damaged = whole.slice(0, cut);
    if (at < cut) damaged[at] = byte;
    readAll([damaged], ETHERNET);
  }));
});

test("capture: networks are told apart by their frames, and others can be named", () => {
  const regtest = bitcoinCodec(REGTEST.magic, testHasher).encode({ type: "verack" });
  assertEquals(readAll([tcp({ data: regtest })]).found[0]?.network?.name, "regtest");
});
