import { existsSync, readFileSync } from "node:fs";
import { P2P, REGTEST } from "../../src/protocol/networks.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { nativeCodec } from "../../src/wire/native.ts";
import { ARBITRARY_MESSAGES } from "../support/arbitrary_messages.ts";
import { NATIVE_MESSAGES } from "../support/arbitrary_native_messages.ts";
import { fc } from "../support/properties.ts";
import { parseTranscript, transcript, type TranscriptLine, vectorLines } from "../support/test_data.ts";
import { testHasher } from "../support/test_hasher.ts";

// What fuzzers begin with: frames of real nodes where they are at hand, and frames of ours in any clone.

export const REGTEST_BITCOIN = bitcoinCodec(REGTEST.magic, testHasher);
/** The network of our own. */
export const TEST_MAGIC = P2P.magic;
export const TEST_NATIVE = nativeCodec(TEST_MAGIC);
/** Longer ones teach little more, and take all the time. */
const MAX_FRAME_BYTES = 5_000;
const OF_EACH_TYPE = 3;
const SEED = 1;

/** Frames between real nodes on regtest. */
export function realFrames(): TranscriptLine[] {
  const small = parseTranscript(vectorLines("regtest_frames.jsonl"));
  const large = ["transcript-relay.jsonl", "transcript-ibd.jsonl"].flatMap((name) => transcript(name) ?? []);
  return [...small, ...large].filter(({ frame }) => frame.length <= MAX_FRAME_BYTES);
}

/** Frames between two nodes of ours, of which one mined and the other one dialled it, from a `--capture` of the latter. */
export function realNativeFrames(): TranscriptLine[] {
  return parseTranscript(vectorLines("native_frames.jsonl"));
}

/** Frames of the Bitcoin wire, of every type. */
export function bitcoinFrames(): Uint8Array[] {
  const made = Object.values(ARBITRARY_MESSAGES).flatMap((messages) =>
    fc.sample<Parameters<typeof REGTEST_BITCOIN.encode>[0]>(messages, { numRuns: OF_EACH_TYPE, seed: SEED })
  );
  return [
    ...realFrames().slice(0, 300).map(({ frame }) => frame),
    ...made.map((message) => REGTEST_BITCOIN.encode(message)),
  ];
}

/** Frames of our own wire, of every type. */
export function nativeFrames(): Uint8Array[] {
  const made = Object.values(NATIVE_MESSAGES).flatMap((messages) =>
    fc.sample<Parameters<typeof TEST_NATIVE.encode>[0]>(messages, { numRuns: OF_EACH_TYPE, seed: SEED })
  );
  return [...realNativeFrames().map(({ frame }) => frame), ...made.map((message) => TEST_NATIVE.encode(message))];
}

const BITCOIN_HEADER = { bytes: 24, lengthAt: 16, checksumAt: 20 };
const NATIVE_HEADER = { bytes: 8, lengthAt: 5 };

/** The input as one frame of the Bitcoin wire whose magic, length and checksum are right. */
export function repairBitcoinFrame(input: Uint8Array): Uint8Array {
  if (input.length < BITCOIN_HEADER.bytes) return input;
  const copy = input.slice();
  const view = new DataView(copy.buffer);
  const payload = copy.subarray(BITCOIN_HEADER.bytes);
  view.setUint32(0, REGTEST.magic);
  view.setUint32(BITCOIN_HEADER.lengthAt, payload.length, true);
  copy.set(testHasher.sha256d(payload).subarray(0, 4), BITCOIN_HEADER.checksumAt);
  return copy;
}

/** The same for our own wire. */
export function repairNativeFrame(input: Uint8Array): Uint8Array {
  if (input.length < NATIVE_HEADER.bytes) return input;
  const copy = input.slice();
  new DataView(copy.buffer).setUint32(0, TEST_MAGIC);
  const size = copy.length - NATIVE_HEADER.bytes;
  copy.set([size, size >>> 8, size >>> 16], NATIVE_HEADER.lengthAt);
  return copy;
}

/** Several frames behind one another. */
export function streams(frames: readonly Uint8Array[], length: number): Uint8Array[] {
  return frames.map((_, i) => concatBytes(Array.from({ length }, (_, j) => frames[(i * 7 + j * 13) % frames.length]!)));
}

/** A file of the repository's own, as bytes. */
export function ownFile(url: URL): Uint8Array[] {
  return existsSync(url) ? [new Uint8Array(readFileSync(url))] : [];
}
