import { assert, assertEquals } from "@std/assert";
import { RemoteFault } from "../../../src/protocol/errors.ts";
import { REGTEST } from "../../../src/protocol/networks.ts";
import type { Message } from "../../../src/protocol/messages.ts";
import { concatBytes } from "../../../src/util/bytes.ts";
import type { WireCodec } from "../../../src/wire/codec.ts";
import { traceFrame } from "../../../src/wire/frame_trace.ts";
import { testHasher } from "../../support/test_hasher.ts";
import {
  bitcoinFrames,
  nativeFrames,
  REGTEST_BITCOIN,
  repairBitcoinFrame,
  repairNativeFrame,
  streams,
  TEST_MAGIC,
  TEST_NATIVE,
} from "../corpora.ts";
import type { FuzzTarget } from "../target.ts";

/** Fields of these are read leniently: texts in foreign encodings, and what a later version appends. */
const LENIENT = new Set(["version", "reject"]);
const CUT_BYTES = 7;

interface Outcome {
  readonly messages: readonly Message[];
  readonly fault: RemoteFault | undefined;
}

function decode(codec: WireCodec, stream: Uint8Array, chunkBytes: number): Outcome {
  const decoder = codec.createDecoder();
  const messages: Message[] = [];
  let consumed = 0;
  try {
    for (let at = 0; at < stream.length; at += chunkBytes) {
      const chunk = stream.slice(at, at + chunkBytes);
      decoder.feed(chunk);
      for (let message = decoder.next(); message; message = decoder.next()) {
        messages.push(message);
        consumed += decoder.lastFrameBytes;
      }
      decoder.detach();
      // What was borrowed is somebody else's now.
      chunk.fill(0xee);
    }
  } catch (error) {
    if (!(error instanceof RemoteFault)) throw error;
    return { messages, fault: error };
  }
  assertEquals(decoder.bufferedBytes, stream.length - consumed);
  return { messages, fault: undefined };
}

function decoderTarget(
  codec: WireCodec,
  frames: () => readonly Uint8Array[],
  repair: (input: Uint8Array) => Uint8Array,
): FuzzTarget {
  return {
    name: `${codec.name}-decoder`,
    corpus: () => [...frames(), ...streams(frames(), 3).slice(0, 40)],
    repair,
    open: () => (input) => {
      const whole = decode(codec, input, Math.max(1, input.length));
      const cut = decode(codec, input, CUT_BYTES);
      assertEquals(cut.messages.map(typeOf), whole.messages.map(typeOf));
      assertEquals(cut.fault?.message, whole.fault?.message);
      const strict = whole.messages.filter(({ type }) => !LENIENT.has(type));
      if (strict.length > 0) {
        const again = decode(codec, concatBytes(strict.map(codec.encode)), Infinity);
        assertEquals(again, { messages: strict, fault: undefined });
      }
      const types = [...new Set(whole.messages.map(typeOf))].join("+") || "nothing";
      return whole.fault ? `${types}, ${whole.fault.code}` : types;
    },
  };
}

function typeOf({ type }: Message): string {
  return type;
}

const expansions = { block: () => {}, transaction: () => {} };

/** The explanation of a frame, which says of any bytes something, and says right what the decoder took. */
function traceTarget(
  codec: WireCodec,
  magic: number,
  frames: () => readonly Uint8Array[],
  repair: (input: Uint8Array) => Uint8Array,
): FuzzTarget {
  return {
    name: `${codec.name}-trace`,
    corpus: frames,
    repair,
    open: () => (input) => {
      const { message, problem, inside, type, isKnown } = traceFrame(codec.name, magic, input, 0, {
        hasher: testHasher,
        expansions,
      });
      const [first] = decode(codec, input, Math.max(1, input.length)).messages;
      assertEquals(message?.type, first?.type);
      if (first !== undefined) {
        assert(problem === undefined, `the decoder takes what has a problem: ${problem?.detail}`);
      }
      return `${isKnown ? type : "unknown"} ${problem?.code ?? "fine"} ${inside ? "but inside" : ""}`;
    },
  };
}

export const BITCOIN_DECODER = decoderTarget(REGTEST_BITCOIN, bitcoinFrames, repairBitcoinFrame);
export const NATIVE_DECODER = decoderTarget(TEST_NATIVE, nativeFrames, repairNativeFrame);
export const BITCOIN_TRACE = traceTarget(REGTEST_BITCOIN, REGTEST.magic, bitcoinFrames, repairBitcoinFrame);
export const NATIVE_TRACE = traceTarget(TEST_NATIVE, TEST_MAGIC, nativeFrames, repairNativeFrame);
