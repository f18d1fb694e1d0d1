import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { parseBlock } from "../../src/chain/block.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { scanTransaction } from "../../src/protocol/transaction.ts";
import { hexToBytes } from "../../src/util/hex.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import {
  type FrameTrace,
  HEADER_BYTES,
  traceFrame,
  type TraceOptions,
  tracePayload,
} from "../../src/wire/frame_trace.ts";
import { nativeCodec } from "../../src/wire/native.ts";
import { anyMessage } from "../support/arbitrary_messages.ts";
import { anyNativeMessage } from "../support/arbitrary_native_messages.ts";
import { fc } from "../support/properties.ts";
import { testHasher } from "../support/test_hasher.ts";
import { parseTranscript, vectorLines } from "../support/test_data.ts";
import { VECTOR_MAGIC, VECTORS } from "./native_vectors.ts";

const OPTIONS: TraceOptions = {
  hasher: testHasher,
  expansions: {
    block: (reader) => void parseBlock(reader.bytes, reader),
    transaction: (reader) => void scanTransaction(reader),
  },
};
const WIRES = [
  { wire: "bitcoin", codec: bitcoinCodec(REGTEST.magic, testHasher), magic: REGTEST.magic, messages: anyMessage },
  { wire: "native", codec: nativeCodec(VECTOR_MAGIC), magic: VECTOR_MAGIC, messages: anyNativeMessage },
] as const;

/** Every byte belongs to exactly one field, in order, and no two fields have the same name. */
function assertCovers({ fields }: FrameTrace, start: number, end: number): void {
  let at = start;
  for (const { offset, sizeBytes, path } of fields) {
    assertEquals(offset, at, path);
    assert(path !== "", `a field without a name at ${offset}`);
    at += sizeBytes;
  }
  assertEquals(at, end);
  assertEquals(new Set(fields.map(({ path }) => path)).size, fields.length);
}

for (const { wire, codec, magic, messages } of WIRES) {
  test(`trace, ${wire}: the fields of any message are its bytes, each once, and it is what the decoder says`, () => {
    fc.assert(fc.property(messages, (message) => {
      const frame = codec.encode(message);
      const trace = traceFrame(wire, magic, frame, 0, OPTIONS);
      // A block that the wire carries may be none inside: the decoder of peers does not look.
      const isUnread = message.type === "block" || wire === "native" && /^(tx|blocktxn|cmpctblock)$/.test(message.type);
      if (isUnread) return;
      assertEquals(trace.problem, undefined);
      assertEquals(trace.message, message);
      assertEquals(trace.end, frame.length);
      assertCovers(trace, 0, frame.length);
    }));
  });

  test(`trace, ${wire}: a payload by itself has the fields that it has in its frame`, () => {
    fc.assert(fc.property(messages, (message) => {
      if (message.type === "unknown") return;
      const frame = codec.encode(message);
      const header = HEADER_BYTES[wire];
      const inFrame = traceFrame(wire, magic, frame, 0, OPTIONS);
      const alone = tracePayload(wire, message.type, frame.subarray(header), OPTIONS);
      assertEquals(
        alone.fields.map(({ path, offset }) => [path, offset + header]),
        inFrame.fields.filter(({ offset }) => offset >= header).map(({ path, offset }) => [path, offset]),
      );
    }));
  });

  test(`trace, ${wire}: cut anywhere and with any byte wrong it says what is wrong, and shows what came before`, () => {
    fc.assert(fc.property(messages, fc.nat(), fc.nat(), fc.nat(255), (message, cut, at, byte) => {
      const frame = codec.encode(message);
      if (frame.length > 2_000) return;
      const short = traceFrame(wire, magic, frame.subarray(0, cut % frame.length), 0, OPTIONS);
      assert(short.problem !== undefined);
      const damaged = frame.slice();
      damaged[at % frame.length] = byte;
      traceFrame(wire, magic, damaged, 0, OPTIONS);
    }));
  });
}

test("trace, bitcoin: names what is in a frame of a real node", () => {
  const [first] = parseTranscript(vectorLines("regtest_frames.jsonl"));
  const trace = traceFrame("bitcoin", REGTEST.magic, first!.frame, 0, OPTIONS);
  assertEquals(trace.type, "version");
  const field = (path: string) => trace.fields.find((each) => each.path === path);
  assertEquals(field("userAgent.text")?.offset, 24 + 81);
  assertEquals(field("services")?.value, 1037n);
  assertEquals(field("receiver.port")?.sizeBytes, 2);
  assertEquals(field("relay")?.value, 1);
});

test("trace, bitcoin: goes into every real message, blocks and transactions included", () => {
  for (const { command, frame } of parseTranscript(vectorLines("regtest_frames.jsonl"))) {
    const trace = traceFrame("bitcoin", REGTEST.magic, frame, 0, OPTIONS);
    assertEquals([trace.problem, trace.type, trace.isKnown], [undefined, command, true]);
    assertCovers(trace, 0, frame.length);
    assertEquals(trace.fields.some(({ path }) => path === "payload"), false, command);
  }
});

test("trace, native: the vectors of the specification", () => {
  for (const { name, message, frame } of VECTORS) {
    const bytes = hexToBytes(frame.replace(/\s/g, ""));
    const trace = traceFrame("native", VECTOR_MAGIC, bytes, 0, OPTIONS);
    assertEquals(trace.message, message, name);
    assertEquals(trace.fields[0]?.path, "magic");
  }
});

test("trace, bitcoin: what is wrong has a name", () => {
  const { codec } = WIRES[0];
  const ping = codec.encode({ type: "ping", nonce: 1n });
  const wrong = ping.slice();
  wrong[wrong.length - 1] = 9;
  assertEquals(traceFrame("bitcoin", REGTEST.magic, wrong, 0, OPTIONS).problem?.code, "bad-checksum");
  const oversized = ping.slice();
  oversized[16] = 0xff;
  assertEquals(traceFrame("bitcoin", REGTEST.magic, oversized, 0, OPTIONS).problem?.code, "oversized");
  const short = traceFrame("bitcoin", REGTEST.magic, ping.subarray(0, 30), 0, OPTIONS);
  assertEquals(short.problem, { code: "truncated", detail: "the header announces 8 bytes, 6 are there" });
  assertEquals(traceFrame("bitcoin", 1, ping, 0, OPTIONS).problem?.code, "bad-magic");
  const news = traceFrame(
    "bitcoin",
    REGTEST.magic,
    codec.encode({ type: "unknown", command: "news", payload: ping }),
    0,
    OPTIONS,
  );
  assertEquals([news.type, news.isKnown, news.problem], ["news", false, undefined]);
});
