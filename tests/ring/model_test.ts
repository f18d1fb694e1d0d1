import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import type { FrameSource } from "../../src/ring/frames.ts";
import { createQueue, openConsumer, openProducer } from "../../src/ring/queue.ts";
import type { QueueConsumer } from "../../src/ring/queue_consumer.ts";
import type { QueueProducer } from "../../src/ring/queue_producer.ts";
import type { FrameReader } from "../../src/ring/reader.ts";
import { createRing, openReader, openWriter } from "../../src/ring/ring.ts";
import type { FrameWriter } from "../../src/ring/writer.ts";
import { fc } from "../support/properties.ts";

// Rings against plain arrays, in one thread: whoever is rung is woken at once. What threads do to each other is in
// interleavings_test.ts.

const TIMEOUT = { timeout: 60_000 };
const RUNS = { numRuns: 150 };
const CAPACITY_BYTES = 256;
/** Several of these fit, so that none goes through in parts. */
const MAX_FRAME_BYTES = 40;
const USERS = 3;
/** Far more than it takes to empty a ring. */
const MAX_CALLS = 10;
const [SLOTS, SLOT_BYTES] = [4, 32];

interface Step {
  readonly what: "offer" | "commit" | "take" | "sleep";
  readonly who: number;
  readonly size: number;
}

const steps = fc.array(
  fc.record<Step>({
    what: fc.constantFrom("offer", "offer", "offer", "commit", "take", "sleep"),
    who: fc.nat(USERS - 1),
    size: fc.nat(SLOT_BYTES),
  }),
  { maxLength: 300 },
);

/** A frame that no other is like. */
function frameOf(number: number, size: number): Uint8Array {
  return Uint8Array.from(
    { length: 2 + size % (SLOT_BYTES - 1) },
    (_, i) => i < 2 ? number >>> (8 * i) : number * 7 + i,
  );
}

function take(source: FrameSource, limit: number): Uint8Array[] {
  const frames: Uint8Array[] = [];
  assertEquals(source.take((bytes, start, end) => void frames.push(bytes.slice(start, end)), limit), frames.length);
  return frames;
}

test("ring: whatever is done in whatever order, each reader sees what an array would show it", TIMEOUT, () => {
  fc.assert(
    fc.property(steps, fc.integer({ min: 1, max: USERS }), (all, readers) => {
      const handle = createRing({ capacityBytes: CAPACITY_BYTES, readers, maxFrameBytes: MAX_FRAME_BYTES });
      const sources: FrameReader[] = [];
      const woken = new Set<number>();
      const asleep = new Set<number>();
      let isRefused = false;
      const writer: FrameWriter = openWriter(handle, {
        copy: copyBytes,
        wakeReader: (reader) => sources[reader]!.wake(),
        onRoom: () => void (isRefused = false),
      });
      for (let reader = 0; reader < readers; reader++) {
        const onFrames = () => void woken.add(reader);
        sources.push(openReader(handle, { copy: copyBytes, reader, wakeWriter: () => writer.wake(), onFrames }));
      }
      const sent: Uint8Array[] = [];
      const seen = sources.map(() => 0);
      let shown = 0;

      const show = () => {
        // A reader that slept while there was something new has been called.
        if (shown < sent.length) {
          for (const reader of asleep) assert(woken.has(reader), `reader ${reader} sleeps on`);
        }
        if (shown < sent.length) asleep.clear();
        shown = sent.length;
      };
      const takeOf = (reader: number, limit: number) => {
        const frames = take(sources[reader]!, limit);
        // It may look no further than it did before: the rest comes with the next call.
        assertEquals(frames, sent.slice(seen[reader], Math.min(shown, seen[reader]! + limit)).slice(0, frames.length));
        seen[reader]! += frames.length;
        asleep.delete(reader);
      };

      for (const { what, who, size } of all) {
        const reader = who % readers;
        if (what === "offer") {
          const frame = frameOf(sent.length, size);
          if (writer.offer(frame)) sent.push(frame);
          else [isRefused] = [true, show()];
        } else if (what === "commit") {
          writer.commit();
          show();
        } else if (what === "take") takeOf(reader, 1 + size % 5);
        else {
          woken.delete(reader);
          const sleeps = sources[reader]!.sleep();
          assertEquals(sleeps, seen[reader] === shown);
          if (sleeps) asleep.add(reader);
        }
      }
      writer.commit();
      show();
      for (let calls = 0; calls < MAX_CALLS; calls++) sources.forEach((_, reader) => takeOf(reader, Infinity));
      assertEquals(seen, sources.map(() => sent.length));
      assert(!isRefused, "there is room, and the writer was not told");
      writer.close();
      assertEquals(sources.map(({ end }) => end), sources.map(() => "closed"));
    }),
    RUNS,
  );
});

test("queue: whatever is done in whatever order, frames leave it as they would an array", TIMEOUT, () => {
  fc.assert(
    fc.property(steps, (all) => {
      const handle = createQueue({ slots: SLOTS, slotBytes: SLOT_BYTES, users: 2 * USERS });
      const users: (QueueProducer | QueueConsumer)[] = [];
      const wake = (user: number) => users[user]!.wake();
      const refused = new Set<number>();
      const asleep = new Set<number>();
      for (let user = 0; user < USERS; user++) {
        users.push(openProducer(handle, { copy: copyBytes, user, wake, onRoom: () => void refused.delete(user) }));
      }
      for (let user = USERS; user < 2 * USERS; user++) {
        users.push(openConsumer(handle, { copy: copyBytes, user, wake, onFrames: () => void asleep.delete(user) }));
      }
      const producers = users.slice(0, USERS) as QueueProducer[];
      const consumers = users.slice(USERS) as QueueConsumer[];
      const waiting: Uint8Array[] = [];
      let count = 0;

      const takeAs = (who: number, limit: number) => {
        const frames = take(consumers[who]!, limit);
        assertEquals(frames, waiting.splice(0, Math.min(limit, waiting.length)));
        if (waiting.length < SLOTS / 2) assertEquals(refused.size, 0);
      };

      for (const { what, who, size } of all) {
        if (what === "offer") {
          const frame = frameOf(count++, size);
          const isTaken = producers[who]!.offer(frame);
          assertEquals(isTaken, waiting.length < SLOTS);
          if (isTaken) waiting.push(frame);
          else refused.add(who);
        } else if (what === "commit") {
          const before = asleep.size;
          producers.forEach((producer) => producer.commit());
          if (waiting.length > 0) assert(before === 0 || asleep.size < USERS, "all sleep on what is there");
        } else if (what === "take") {
          asleep.delete(USERS + who);
          takeAs(who, 1 + size % 3);
        } else {
          const sleeps = consumers[who]!.sleep();
          assertEquals(sleeps, waiting.length === 0);
          if (sleeps) asleep.add(USERS + who);
          else asleep.delete(USERS + who);
        }
      }
      producers.forEach((producer) => producer.commit());
      takeAs(0, Infinity);
      assertEquals([waiting.length, refused.size], [0, 0]);
    }),
    RUNS,
  );
});
