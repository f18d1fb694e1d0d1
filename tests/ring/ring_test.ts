import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import type { FrameSink, FrameSource } from "../../src/ring/frames.ts";
import { type FramePort, MessageReader, MessageWriter, type RingMessage } from "../../src/ring/message_ring.ts";
import { abandonRing, createRing, openReader, openWriter, prepareRing } from "../../src/ring/ring.ts";
import { BufferMemory } from "../../src/ring/memory.ts";
import { createQueue } from "../../src/ring/queue.ts";
import { dataOffset } from "../../src/ring/layout.ts";
import { FrameReader } from "../../src/ring/reader.ts";
import { FrameWriter } from "../../src/ring/writer.ts";
import { withoutSharedMemory } from "../support/threads.ts";

interface RingSetUp {
  readonly capacityBytes?: number;
  readonly readers?: number;
  readonly maxFrameBytes?: number;
}

/** A ring with both ends in one thread: whoever is rung is woken at once. */
interface Ring {
  readonly sink: FrameSink & Pick<FrameWriter, "attach" | "detach">;
  readonly source: FrameSource;
  readonly sources: readonly FrameSource[];
  /** What was called back: room, frames of a reader, lost bytes. */
  readonly calls: string[];
  makeReader(reader: number): FrameSource;
  /** The writer's thread is gone. */
  abandon(): void;
}

function makeRing({ capacityBytes = 64, readers = 1, maxFrameBytes = 1024 }: RingSetUp = {}) {
  const handle = createRing({ capacityBytes, readers, maxFrameBytes });
  const calls: string[] = [];
  const sources: FrameReader[] = [];
  const wakeReader = (reader: number) => sources[reader]?.wake();
  let living: FrameWriter | undefined;
  const wakeWriter = () => living?.wake();
  const makeWriter = (restarts = false) => {
    living = openWriter(handle, { copy: copyBytes, restarts, wakeReader, onRoom: () => calls.push("room") });
    return living;
  };
  const makeReader = (reader: number) =>
    openReader(handle, {
      copy: copyBytes,
      reader,
      wakeWriter,
      onFrames: () => calls.push(`frames ${reader}`),
      onLost: (bytes) => calls.push(`lost ${bytes}`),
    });
  const sink = makeWriter();
  for (let reader = 0; reader < readers; reader++) sources.push(makeReader(reader));
  const abandon = () => {
    living = undefined;
    abandonRing(handle, wakeReader);
  };
  return { sink, source: sources[0]!, sources, calls, makeWriter, makeReader, abandon };
}

/** The same over messages, which arrive at once. */
function makeMessageRing({ capacityBytes = 64, readers = 1, maxFrameBytes = 1024 }: RingSetUp = {}): Ring {
  const calls: string[] = [];
  const pairs = Array.from({ length: readers }, makePorts);
  const makeReader = (reader: number) =>
    new MessageReader({ port: pairs[reader]![1], onFrames: () => calls.push(`frames ${reader}`) });
  const ports = pairs.map(([port]) => port);
  const sink = new MessageWriter({ ports, capacityBytes, maxFrameBytes, onRoom: () => calls.push("room") });
  const sources = pairs.map((_, reader) => makeReader(reader));
  const abandon = () => sources.forEach((source) => source.abandon());
  return { sink, source: sources[0]!, sources, calls, makeReader, abandon };
}

function makePorts(): [FramePort, FramePort] {
  const listeners: ((message: RingMessage) => void)[] = [];
  const port = (own: number): FramePort => ({
    post: (message, transfer) => listeners[1 - own]?.(structuredClone(message, { transfer: [...transfer] })),
    listen: (listener) => listeners[own] = listener,
  });
  return [port(0), port(1)];
}

function frame(length: number, seed = length): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => seed * 31 + index);
}

function takeAll(source: FrameSource, limit?: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  source.take((bytes, start, end) => frames.push(bytes.slice(start, end)), limit);
  return frames;
}

const MEDIA: Readonly<Record<string, (setUp?: RingSetUp) => Ring>> = {
  ring: makeRing,
  "ring of messages": makeMessageRing,
};

for (const [medium, make] of Object.entries(MEDIA)) {
  test(`${medium}: frames of any length come out as they went in, over many rounds of the ring`, () => {
    const { sink, source } = make({ capacityBytes: 256 });
    const lengths = Array.from({ length: 500 }, (_, index) => index * 7 % 61);
    for (const length of lengths) {
      assertEquals(sink.offer(frame(length)), true);
      sink.commit();
      assertEquals(takeAll(source), [frame(length)]);
    }
  });

  test(`${medium}: nothing is visible before the commit, and then everything`, () => {
    const { sink, source } = make();
    sink.offer(frame(5));
    sink.offer(frame(6));
    assertEquals(takeAll(source), []);
    sink.commit();
    assertEquals(takeAll(source), [frame(5), frame(6)]);
  });

  test(`${medium}: a batch is bounded by its limit, and the rest follows`, () => {
    const { sink, source } = make();
    for (const length of [1, 2, 3]) sink.offer(frame(length));
    sink.commit();
    assertEquals(takeAll(source, 2), [frame(1), frame(2)]);
    assertEquals(takeAll(source), [frame(3)]);
  });

  test(`${medium}: a full ring refuses, shows what it has, and says when there is room`, () => {
    const { sink, source, calls } = make();
    let taken = 0;
    while (sink.offer(frame(12))) taken++;
    assertEquals(taken, 4);
    assertEquals(calls, []);
    assertEquals(takeAll(source).length, 4);
    assertEquals(calls, ["room"]);
    assertEquals(sink.offer(frame(12)), true);
  });

  test(`${medium}: who sleeps is woken by a commit, and not by the frame before it`, () => {
    const { sink, source, calls } = make();
    assertEquals(source.sleep(), true);
    sink.offer(frame(3));
    assertEquals(calls, []);
    sink.commit();
    assertEquals(calls, ["frames 0"]);
    assertEquals(source.sleep(), false);
    assertEquals(takeAll(source), [frame(3)]);
  });

  test(`${medium}: a frame larger than the ring goes through it, and the next ones wait for that`, () => {
    const { sink, source } = make();
    const frames: Uint8Array[] = [];
    for (const length of [2, 300, 3]) {
      for (let round = 0; !sink.offer(frame(length)) && round < 40; round++) frames.push(...takeAll(source));
    }
    sink.commit();
    for (let round = 0; round < 40 && frames.length < 3; round++) frames.push(...takeAll(source));
    assertEquals(frames, [frame(2), frame(300), frame(3)]);
  });

  test(`${medium}: a frame above the largest size is refused with that size`, () => {
    const { sink, source } = make();
    const error = assertThrows(() => sink.offer(frame(1025)), LocalError, "at most 1024 bytes a frame: received 1025");
    assertEquals(error.code, "limit");
    sink.offer(frame(4));
    sink.commit();
    assertEquals(takeAll(source), [frame(4)]);
  });

  test(`${medium}: of a writer that died, what it committed is read, and nothing else`, () => {
    const { sink, source, calls, abandon } = make();
    sink.offer(frame(5));
    sink.commit();
    sink.offer(frame(6));
    assertEquals(source.sleep(), false);
    abandon();
    assertEquals(source.end, "open");
    assertEquals(takeAll(source), [frame(5)]);
    assertEquals(source.end, "abandoned");
    assertEquals(calls, []);
  });

  test(`${medium}: a reader that sleeps learns that the writer died`, () => {
    const { source, calls, abandon } = make();
    assertEquals(source.sleep(), true);
    abandon();
    assertEquals(calls, ["frames 0"]);
    assertEquals(source.end, "abandoned");
  });

  test(`${medium}: a writer that ends is heard after its last frame, parts included`, () => {
    const { sink, source } = make();
    sink.offer(frame(100));
    sink.close();
    assertThrows(() => sink.offer(frame(1)), LocalError, "closed");
    const frames: Uint8Array[] = [];
    for (let round = 0; round < 40 && source.end === "open"; round++) frames.push(...takeAll(source));
    assertEquals(frames, [frame(100)]);
    assertEquals(source.end, "closed");
  });

  test(`${medium}: a handler that throws loses its own frame only`, () => {
    const { sink, source } = make();
    for (const length of [1, 2]) sink.offer(frame(length));
    sink.commit();
    const fail = () => {
      throw new Error("a bug");
    };
    assertThrows(() => source.take(fail), Error, "a bug");
    assertEquals(takeAll(source), [frame(2)]);
  });

  test(`${medium}: every reader gets every frame, and the slowest holds the writer up`, () => {
    const { sink, sources, calls } = make({ readers: 3 });
    while (sink.offer(frame(12)));
    assertEquals(takeAll(sources[0]!).length, 4);
    assertEquals(takeAll(sources[1]!).length, 4);
    assertEquals(sink.offer(frame(12)), false);
    assertEquals(takeAll(sources[2]!).length, 4);
    assertEquals(calls.includes("room"), true);
    assertEquals(sink.offer(frame(12)), true);
  });

  test(`${medium}: who is detached holds nobody up, and who is attached again begins at the present`, () => {
    const { sink, sources, calls, makeReader } = make({ readers: 2 });
    while (sink.offer(frame(12)));
    takeAll(sources[0]!);
    assertEquals(sink.offer(frame(12)), false);
    sink.detach(1);
    assertEquals(calls.at(-1), "room");
    assertEquals(sink.offer(frame(12)), true);
    sink.commit();
    sink.attach(1);
    const again = makeReader(1);
    sink.offer(frame(9));
    sink.commit();
    assertEquals(takeAll(again), [frame(9)]);
    assertEquals(takeAll(sources[0]!), [frame(12), frame(9)]);
  });
}

test("ring: another writer goes on where one died", () => {
  const { sink, source, makeWriter, abandon } = makeRing();
  sink.offer(frame(5));
  sink.commit();
  sink.offer(frame(6));
  abandon();
  const next = makeWriter(true);
  assertEquals(takeAll(source), [frame(5)]);
  assertEquals(source.end, "open");
  next.offer(frame(7));
  next.commit();
  assertEquals(takeAll(source), [frame(7)]);
});

test("ring: a frame of which a dead writer sent some parts is dropped, and that is told", () => {
  const { sink, source, calls, makeWriter, abandon } = makeRing();
  sink.offer(frame(300));
  abandon();
  assertEquals(takeAll(source), []);
  const next = makeWriter(true);
  next.offer(frame(8));
  next.commit();
  assertEquals(takeAll(source), [frame(8)]);
  assertEquals(calls.filter((call) => call.startsWith("lost")).length, 1);
});

test("ring: positions may pass 2^31 and 2^32", () => {
  for (const start of [2 ** 31 - 40, 2 ** 32 - 40]) {
    const size = { capacityBytes: 64, readers: 1 };
    const memory = new BufferMemory(new SharedArrayBuffer(dataOffset(1) + 64), copyBytes);
    prepareRing(memory, size, start | 0);
    const sink = new FrameWriter({ memory, size, maxFrameBytes: 64, wakeReader: () => {} });
    const source = new FrameReader({ memory, size, reader: 0, wakeWriter: () => {} });
    for (let round = 0; round < 20; round++) {
      sink.offer(frame(round));
      sink.commit();
      assertEquals(takeAll(source), [frame(round)]);
    }
    while (sink.offer(frame(12)));
    assertEquals(takeAll(source).length >= 3, true);
  }
});

/** What V8 copies shared memory by, where both ends begin at one. */
const V8_WORD_BYTES = 8;

test("ring: frames of any length begin where V8 copies by words, round after round", () => {
  const { sink, source } = makeRing();
  for (let length = 0; length <= 60; length++) {
    while (!sink.offer(frame(length % 28))) takeAll(source);
    sink.commit();
    source.take((bytes, start) => assertEquals((bytes.byteOffset + start) % V8_WORD_BYTES, 0));
  }
});

test("ring: where threads share no memory, that is said, and what there is instead", () => {
  using _ = withoutSharedMemory();
  assertThrows(() => createRing(), LocalError, "Cannot make a ring: there is no SharedArrayBuffer here");
  const size = { slots: 8, slotBytes: 64, users: 2 };
  assertThrows(() => createQueue(size), LocalError, "send frames by messages (MessageWriter, MessageReader)");
});

test("ring: sizes that no ring has are refused", () => {
  for (const capacityBytes of [0, 63, 100, 2 ** 31, NaN]) {
    assertThrows(() => createRing({ capacityBytes }), LocalError, "a power of two from 64");
  }
  for (const readers of [0, 129, 1.5]) assertThrows(() => createRing({ readers }), LocalError, "1 to 128 readers");
});
