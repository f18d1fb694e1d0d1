import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { TcpFlow } from "../../src/capture/tcp_flow.ts";
import type { Segment } from "../../src/capture/tcp_packet.ts";
import { MAX_FLOW_WAITING_BYTES } from "../../src/protocol/capture_params.ts";
import { fc } from "../support/properties.ts";

const ENDS = { source: { host: "192.0.2.1", port: 1 }, target: { host: "192.0.2.2", port: 2 } };
/** A segment may be sent again, alone or with more. */
const anyOrder = fc.array(fc.tuple(fc.nat(39), fc.integer({ min: 1, max: 12 })), { maxLength: 30 });

function segment(sequence: number, text: string, others: Partial<Segment> = {}): Segment {
  const data = new TextEncoder().encode(text);
  return { ...ENDS, sequence: sequence >>> 0, isFirst: false, isLast: false, data, wireBytes: data.length, ...others };
}

function flow() {
  let heard = "";
  const tcp = new TcpFlow({
    data: (bytes) => void (heard += new TextDecoder().decode(bytes)),
    gap: () => void (heard += "|"),
  });
  return { tcp, heard: () => heard };
}

test("tcp flow: what comes early waits, what comes twice is heard once", () => {
  const { tcp, heard } = flow();
  tcp.take(segment(100, "", { isFirst: true }));
  for (const [at, text] of [[101, "ab"], [105, "ef"], [101, "ab"], [103, "cd"], [104, "defgh"]] as const) {
    tcp.take(segment(at, text));
  }
  assertEquals([heard(), tcp.waitingBytes], ["abcdefgh", 0]);
});

test("tcp flow: any order and any repetition gives the stream", () => {
  const stream = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOP";
  fc.assert(fc.property(anyOrder, fc.nat(0xffff_ffff), (pieces, start) => {
    const { tcp, heard } = flow();
    tcp.take(segment(start - 1, "", { isFirst: true }));
    for (const [at, size] of pieces) tcp.take(segment(start + at, stream.slice(at, at + size)));
    assert(stream.startsWith(heard()));
    for (let at = 0; at < stream.length; at += 7) tcp.take(segment(start + at, stream.slice(at, at + 7)));
    assertEquals([heard(), tcp.waitingBytes], [stream, 0]);
  }));
});

test("tcp flow: numbers go round", () => {
  const { tcp, heard } = flow();
  tcp.take(segment(0xffff_fffd, "", { isFirst: true }));
  tcp.take(segment(2, "efg"));
  tcp.take(segment(0xffff_fffe, "abcd"));
  assertEquals(heard(), "abcdefg");
});

test("tcp flow: joined in the middle, it begins with what it sees first", () => {
  const { tcp, heard } = flow();
  tcp.take(segment(500, "ab"));
  tcp.take(segment(502, "cd"));
  assertEquals(heard(), "abcd");
});

test("tcp flow: what a capture left out of a packet is a gap", () => {
  const { tcp, heard } = flow();
  tcp.take(segment(1, "ab", { wireBytes: 5 }));
  tcp.take(segment(6, "fg"));
  assertEquals(heard(), "ab|fg");
});

test("tcp flow: what is missing is given up when too much waits for it, or at the end", () => {
  const { tcp, heard } = flow();
  tcp.take(segment(0, "a"));
  const piece = "x".repeat(65_536);
  const pieces = MAX_FLOW_WAITING_BYTES / piece.length;
  for (let i = 0; i < pieces; i++) tcp.take(segment(2 + i * piece.length, piece));
  assertEquals([heard(), tcp.waitingBytes], ["a", MAX_FLOW_WAITING_BYTES]);
  tcp.take(segment(2 + pieces * piece.length, "y"));
  assertEquals([heard().length, tcp.waitingBytes], [3 + MAX_FLOW_WAITING_BYTES, 0]);
  tcp.take(segment(10 + pieces * piece.length, "z"));
  tcp.giveUp();
  assertEquals(heard().slice(-3), "y|z");
});
