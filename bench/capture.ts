import { encodeFileHead } from "../src/capture/pcapng.ts";
import { CaptureReader } from "../src/capture/capture_reader.ts";
import { readPcapng } from "../src/capture/pcapng_reader.ts";
import { Recorder } from "../src/capture/recorder.ts";
import { LINKTYPE_UPPER_PDU } from "../src/capture/upper_pdu.ts";
import type { ByteSource } from "../src/capture/byte_source.ts";
import { createEnv } from "../src/platform/env.ts";
import { createHasher } from "../src/platform/hasher.ts";
import { REGTEST } from "../src/protocol/networks.ts";
import { concatBytes } from "../src/util/bytes.ts";
import { bitcoinCodec } from "../src/wire/bitcoin.ts";
import { type Candidate, type Subject, timed } from "./support.ts";

/** As large as the chunks that sockets deliver. */
const CHUNK_BYTES = 65_536;
const PAYLOAD_BYTES = 232;
const ENDS = { remote: { host: "192.0.2.1", port: 1 }, local: { host: "192.0.2.2", port: 2 } };

/** Frames a second: what a peer pays for being overheard, the disk excluded, and how fast a capture is read back. */
export const subject: Subject = timed("capture, frames of 256 bytes on the Bitcoin wire", () => {
  const codec = bitcoinCodec(REGTEST.magic, createHasher());
  const frame = codec.encode({ type: "unknown", command: "app", payload: new Uint8Array(PAYLOAD_BYTES) });
  const perChunk = Math.floor(CHUNK_BYTES / frame.length);
  const chunk = concatBytes(Array.from({ length: perChunk }, () => frame));
  const decoder = codec.createDecoder();
  const env = createEnv();
  const file = capture(chunk);
  const recorder = new Recorder({ env, network: REGTEST, append: () => true });
  const tap = recorder.open(ENDS);
  return [
    {
      name: "decode, checksum verified",
      operations: perChunk,
      run() {
        decoder.feed(chunk);
        while (decoder.next() !== undefined);
      },
    },
    { name: "record", operations: perChunk, run: () => tap.received(chunk) },
    {
      name: "read back",
      operations: perChunk,
      run() {
        const reader = new CaptureReader([REGTEST]);
        for (const packet of readPcapng(sourceOf(file))) reader.take(packet);
      },
    },
  ] satisfies readonly Candidate[];

  function capture(bytes: Uint8Array): Uint8Array {
    const blocks = [encodeFileHead("bench", "regtest", LINKTYPE_UPPER_PDU)];
    const recorder = new Recorder({ env, network: REGTEST, append: (block) => blocks.push(block) > 0 });
    recorder.open(ENDS).received(bytes);
    return concatBytes(blocks);
  }
});

function sourceOf(bytes: Uint8Array): ByteSource {
  let at = 0;
  return {
    path: "memory",
    get offset() {
      return at;
    },
    prepare: (sizeBytes) => Math.min(sizeBytes, bytes.length - at),
    view: (sizeBytes) => bytes.subarray(at, at + sizeBytes),
    skip(sizeBytes) {
      at += sizeBytes;
    },
  };
}
