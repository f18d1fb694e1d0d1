import { test } from "node:test";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Recorder } from "../../src/capture/recorder.ts";
import { P2P, REGTEST } from "../../src/protocol/networks.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { bytesToHex } from "../../src/util/hex.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { nativeCodec } from "../../src/wire/native.ts";
import { ManualEnv } from "../support/manual_env.ts";
import { testHasher } from "../support/test_hasher.ts";

const ENDS = { remote: { host: "192.0.2.1", port: 8333 }, local: { host: "2001:db8::1", port: 40_000 } };
const bitcoin = bitcoinCodec(REGTEST.magic, testHasher);
const native = nativeCodec(P2P.magic);
const PING = bitcoin.encode({ type: "ping", nonce: 5n });
const VERACK = bitcoin.encode({ type: "verack" });

function record(network = REGTEST, takes = true) {
  const records: Uint8Array[] = [];
  const recorder = new Recorder({
    env: new ManualEnv(),
    network,
    append(record) {
      if (takes) records.push(record);
      return takes;
    },
  });
  return { records, recorder, tap: recorder.open(ENDS) };
}

function textIn(record: Uint8Array): string {
  return new TextDecoder("latin1").decode(record);
}

test("recorder: one record a frame, whatever the cuts of the stream", () => {
  const stream = concatBytes([PING, VERACK, PING]);
  for (const sizeBytes of [1, 7, 24, 31, stream.length]) {
    const { records, tap } = record();
    for (let at = 0; at < stream.length; at += sizeBytes) tap.received(stream.slice(at, at + sizeBytes));
    assertEquals(records.length, 3);
    [PING, VERACK, PING].forEach((frame, i) => assertStringIncludes(bytesToHex(records[i]!), bytesToHex(frame)));
  }
});

test("recorder: a batch of frames that we send is told apart too", () => {
  const { records, tap } = record();
  tap.sent(concatBytes([VERACK, PING, PING]));
  assertEquals(records.length, 3);
});

test("recorder: names the dissector, both ends and the direction", () => {
  const { records, tap } = record();
  tap.received(PING);
  tap.sent(PING);
  const [received, sent] = records.map((each) => bytesToHex(each));
  const [remote, local] = ["c0000201", "20010db8000000000000000000000001"];
  // Tag, length, value: 20 to 23 are addresses of source and target, 25 and 26 their ports.
  assertStringIncludes(
    received!,
    `00140004${remote}00170010${local}001800040000000200190004${"0000208d"}001a000400009c40`,
  );
  assertStringIncludes(sent!, `00160010${local}00150004${remote}001800040000000200190004${"00009c40"}001a00040000208d`);
  assertStringIncludes(received!, "000c0008" + "626974636f696e00");
  // Flags: 1 is inbound, 2 outbound.
  assertStringIncludes(received!, "0200040001000000");
  assertStringIncludes(sent!, "0200040002000000");
});

test("recorder: of our wire the body, as CBOR where it is that, with the header beside it", () => {
  const { records, tap } = record(P2P);
  const feefilter = native.encode({ type: "feefilter", feeRate: 1_000n });
  const ping = native.encode({ type: "ping", nonce: 5n });
  tap.sent(concatBytes([feefilter, ping]));
  assertStringIncludes(textIn(records[0]!), "cbor");
  assertStringIncludes(textIn(records[0]!), `feefilter; frame header ${bytesToHex(feefilter.subarray(0, 8))}`);
  assertStringIncludes(textIn(records[1]!), "data");
  assertStringIncludes(textIn(records[1]!), "p2p ping");
});

test("recorder: bytes that are no frame are kept once, and the other direction goes on", () => {
  const { records, tap } = record();
  tap.received(concatBytes([PING, new TextEncoder().encode("GET / HTTP/1.1")]));
  tap.received(PING);
  tap.sent(PING);
  assertEquals(records.length, 3);
  assertStringIncludes(textIn(records[1]!), "GET / HTTP/1.1");
  assertStringIncludes(textIn(records[1]!), "no frame: bad-magic");
});

test("recorder: what could not be kept is counted", () => {
  const { recorder, tap } = record(REGTEST, false);
  tap.sent(PING);
  tap.received(PING);
  assertEquals(recorder.counts, { frames: 2, dropped: 2 });
});

test("recorder: blocks are multiples of four bytes and say their length at both ends", () => {
  const { records, tap } = record(P2P);
  for (let size = 0; size < 9; size++) tap.sent(native.encode({ type: "app", payload: new Uint8Array(size) }));
  for (const block of records) {
    const view = new DataView(block.buffer, block.byteOffset, block.length);
    assert(block.length % 4 === 0);
    assertEquals([view.getUint32(4, true), view.getUint32(block.length - 4, true)], [block.length, block.length]);
  }
});
