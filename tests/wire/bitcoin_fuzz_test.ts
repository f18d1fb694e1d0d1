import { test } from "node:test";
import { assertEquals, assertInstanceOf } from "@std/assert";
import { RemoteFault } from "../../src/protocol/errors.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { BITCOIN_PAYLOADS } from "../../src/wire/bitcoin_payloads.ts";
import { anyMessage } from "../support/arbitrary_messages.ts";
import { fc } from "../support/properties.ts";
import { testHasher } from "../support/test_hasher.ts";

const codec = bitcoinCodec(0xfabfb5da, testHasher);

/** Everything that the stream holds, and whether it ended in a fault. Anything but a fault of the remote is a bug. */
function read(stream: Uint8Array, cuts: readonly number[]): { messages: Message[]; fault: RemoteFault | undefined } {
  const decoder = codec.createDecoder();
  const messages: Message[] = [];
  let at = 0;
  try {
    for (const end of [...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]) {
      const chunk = stream.slice(at, end);
      decoder.feed(chunk);
      for (let message = decoder.next(); message; message = decoder.next()) messages.push(message);
      chunk.fill(0xee);
      at = end;
    }
  } catch (error) {
    assertInstanceOf(error, RemoteFault);
    return { messages, fault: error };
  }
  return { messages, fault: undefined };
}

const anyCuts = fc.array(fc.nat(), { maxLength: 20 });

test("bitcoin fuzz: a stream cut anywhere gives its messages in order", () => {
  fc.assert(fc.property(fc.array(anyMessage, { maxLength: 8 }), anyCuts, (messages, cuts) => {
    const stream = concatBytes(messages.map(codec.encode));
    assertEquals(read(stream, cuts), { messages, fault: undefined });
  }));
});

test("bitcoin fuzz: garbage behind the magic is a fault or waits for more", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), anyCuts, (garbage, cuts) => {
    read(concatBytes([Uint8Array.of(0xfa, 0xbf, 0xb5, 0xda), garbage]), cuts);
  }));
});

test("bitcoin fuzz: a damaged stream gives what came before the damage, then a fault or silence", () => {
  const anyDamage = fc.record({ at: fc.nat(), bits: fc.integer({ min: 1, max: 0xff }) });
  fc.assert(
    fc.property(fc.array(anyMessage, { minLength: 1, maxLength: 5 }), anyDamage, anyCuts, (sent, damage, cuts) => {
      const frames = sent.map(codec.encode);
      const stream = concatBytes(frames);
      const at = damage.at % stream.length;
      stream[at]! ^= damage.bits;
      let intact = 0;
      for (let end = frames[0]!.length; end <= at; end += frames[intact]!.length) intact++;
      const { messages } = read(stream, cuts);
      assertEquals(messages.slice(0, intact), sent.slice(0, intact));
    }),
  );
});

test("bitcoin fuzz: any payload under a right header is a message that encodes to the same bytes, or a fault", () => {
  const anyCommand = fc.constantFrom(...Object.keys(BITCOIN_PAYLOADS));
  const anyPayload = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    // A real payload with a few bytes changed reaches deeper than noise.
    fc.tuple(anyMessage, fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 0xff })), { maxLength: 4 }))
      .map(([message, changes]) => {
        const payload = codec.encode(message).slice(24);
        for (const [at, value] of changes) if (payload.length > 0) payload[at % payload.length] = value;
        return payload;
      }),
  );
  const runs = { numRuns: 2000 };
  fc.assert(
    fc.property(anyCommand, anyPayload, (command, payload) => {
      const maxBytes = BITCOIN_PAYLOADS[command as keyof typeof BITCOIN_PAYLOADS].maxBytes;
      const frame = codec.encode({ type: "unknown", command, payload });
      const { messages: [message], fault } = read(frame, []);
      if (payload.length > maxBytes) return assertEquals(fault?.code, "oversized");
      // These two have fields that are read leniently: text in foreign encodings, and what a later version appends.
      if (!message || message.type === "version" || message.type === "reject") return;
      assertEquals(codec.encode(message), frame);
    }),
    runs,
  );
});
