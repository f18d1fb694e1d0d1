import { copyBytes } from "../src/platform/copy_bytes.ts";
import { dataOffset, headOf, paddedBytes, TAIL } from "../src/ring/layout.ts";
import { createRing, openReader, openWriter, type RingHandle } from "../src/ring/ring.ts";
import { type Candidate, type Subject, timed } from "./support.ts";

const FRAMES = 512;
const FRAME_BYTES = 256;
const RING_BYTES = 256 * 1024;
const WORD_BYTES = 4;

/** What it costs that the rings see memory through a seam: the same work in one thread, with it and by hand. */
export const subject: Subject = timed(`ring in one thread, frames of ${FRAME_BYTES} bytes in and out`, () => {
  const frame = new Uint8Array(FRAME_BYTES).fill(1);
  return [
    { name: "by hand", operations: FRAMES, run: byHand(frame) },
    { name: "by FrameWriter and FrameReader", operations: FRAMES, run: byClasses(frame) },
    { name: "the copies alone", operations: FRAMES, run: copiesAlone(frame) },
  ] satisfies Candidate[];
});

function makeRing(): RingHandle {
  return createRing({ capacityBytes: RING_BYTES });
}

function byClasses(frame: Uint8Array): () => number {
  const handle = makeRing();
  const sink = openWriter(handle, { copy: copyBytes, wakeReader: () => {} });
  const source = openReader(handle, { copy: copyBytes, wakeWriter: () => {} });
  let sum = 0;
  const handleFrame = (bytes: Uint8Array, start: number) => {
    sum += bytes[start]!;
  };
  return () => {
    for (let i = 0; i < FRAMES; i++) sink.offer(frame);
    sink.commit();
    source.take(handleFrame);
    return sum;
  };
}

/** No parts, no sleepers, no room to wait for: the least that moves a frame. */
function byHand(frame: Uint8Array): () => number {
  const { buffer } = makeRing();
  const [words, bytes] = [new Int32Array(buffer), new Uint8Array(buffer)];
  const [base, mask, headWord] = [dataOffset(1), RING_BYTES - 1, headOf(0)];
  const size = paddedBytes(FRAME_BYTES);
  let [tail, head, sum] = [0, 0, 0];
  const skip = (position: number) => RING_BYTES - (position & mask) < size ? RING_BYTES - (position & mask) : 0;
  return () => {
    const seenHead = Atomics.load(words, headWord);
    for (let i = 0; i < FRAMES; i++) {
      tail = (tail + skip(tail)) | 0;
      if (((tail + size - seenHead) | 0) > RING_BYTES) throw new Error("full");
      const at = base + (tail & mask);
      words[at >> 2] = FRAME_BYTES;
      copyBytes(frame, bytes, at + WORD_BYTES);
      tail = (tail + size) | 0;
    }
    Atomics.store(words, TAIL, tail);
    const seenTail = Atomics.load(words, TAIL);
    while (head !== seenTail) {
      head = (head + skip(head)) | 0;
      const at = base + (head & mask);
      sum += words[at >> 2]! + bytes[at + WORD_BYTES]!;
      head = (head + size) | 0;
    }
    Atomics.store(words, headWord, head);
    return sum;
  };
}

function copiesAlone(frame: Uint8Array): () => number {
  const bytes = new Uint8Array(makeRing().buffer);
  return () => {
    for (let i = 0; i < FRAMES; i++) copyBytes(frame, bytes, i * paddedBytes(FRAME_BYTES));
    return bytes[0]!;
  };
}
