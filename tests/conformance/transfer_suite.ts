import { assert, assertEquals } from "@std/assert";
import { type Bench, type Harness, pattern, testOn, writePolitely } from "./harness.ts";

const FRAME_BYTES = 32;
const PIECE_BYTES = 65_536;

/** How bytes get from one end to the other. */
export function testTransfers(harness: Harness): void {
  testOn(harness, "bytes arrive in the order of the writes, both ways at once", async (bench) => {
    const { near, far } = await bench.recordPair();
    const there = pattern(20_000);
    const back = pattern(20_000).reverse();
    for (let at = 0; at < there.length; at += FRAME_BYTES) {
      near.connection.write(there.subarray(at, at + FRAME_BYTES));
      far.connection.write(back.subarray(at, at + FRAME_BYTES));
    }
    await bench.wait(Promise.all([far.received(there.length), near.received(back.length)]));
    assertEquals(far.bytes, there);
    assertEquals(near.bytes, back);
  });

  testOn(harness, "a writer that waits for drained is slowed by its reader and loses nothing", async (bench) => {
    const { near, far } = await bench.recordPair();
    const sent = pattern(harness.largeTransferBytes);
    far.connection.pause();
    const writing = writePolitely(near, sent, PIECE_BYTES);
    far.connection.resume();
    const { refusals } = await bench.wait(writing);
    await bench.wait(far.received(sent.length));
    assert(refusals > 0, "the writer was never held back");
    assert(near.drainedCount > 0);
    assertSameBytes(far.bytes, sent);
  });

  testOn(harness, "a write larger than every buffer is taken whole", async (bench) => {
    const { near, far } = await bench.recordPair();
    const sent = pattern(harness.largeTransferBytes);
    assertEquals(near.connection.write(sent), false);
    near.connection.write(pattern(FRAME_BYTES));
    await bench.wait(far.received(sent.length + FRAME_BYTES));
    assertSameBytes(far.bytes.subarray(0, sent.length), sent);
    assertEquals(far.bytes.subarray(sent.length), pattern(FRAME_BYTES));
    await bench.wait(near.until(() => near.drainedCount > 0));
    assertEquals(near.drainedCount, 1);
  });

  testOn(harness, "after pause at most one more chunk comes; resume brings the rest", async (bench) => {
    const { near, far } = await bench.recordPair();
    const sent = pattern(harness.largeTransferBytes);
    far.onData = () => {
      if (far.chunks.length === 1) far.connection.pause();
    };
    near.connection.write(sent);
    await bench.wait(far.received(1));
    // Another connection's round trip gives a second chunk all the time that it needs.
    await exchange(bench);
    assert(far.chunks.length <= 2, `${far.chunks.length} chunks although paused`);
    far.connection.resume();
    await bench.wait(far.received(sent.length));
    assertSameBytes(far.bytes, sent);
  });

  testOn(harness, "pausing and resuming at every chunk loses nothing", async (bench) => {
    const { near, far } = await bench.recordPair();
    const sent = pattern(2 ** 20);
    far.onData = () => {
      far.connection.pause();
      far.connection.resume();
    };
    near.connection.write(sent);
    await bench.wait(far.received(sent.length));
    assertSameBytes(far.bytes, sent);
  });

  testOn(harness, "the first half of a frame is delivered before the second is sent", async (bench) => {
    const { near, far } = await bench.recordPair();
    const frame = pattern(FRAME_BYTES);
    for (let size = 1; size <= frame.length; size++) {
      near.connection.write(frame.subarray(size - 1, size));
      await bench.wait(far.received(size));
    }
    assertEquals(far.bytes, frame);
  });

  testOn(harness, "a chunk is borrowed: a copy lasts, and slice() is a copy", async (bench) => {
    const { near, far } = await bench.recordPair();
    const sent = pattern(2 ** 18);
    far.onData = (chunk) => {
      // A Buffer would pass for a Uint8Array, but its slice() is a view.
      assertEquals(Object.getPrototypeOf(chunk), Uint8Array.prototype);
      assert(chunk.length > 0);
    };
    near.connection.write(sent);
    await bench.wait(far.received(sent.length));
    // The recorder kept slices; every chunk's memory may have been used again since.
    assertSameBytes(far.bytes, sent);
  });

  testOn(harness, "nothing is delivered before start, and nothing is lost by starting late", async (bench) => {
    const { near, far } = await bench.connect();
    const sent = pattern(FRAME_BYTES);
    near.write(sent);
    near.close();
    await exchange(bench);
    const recorder = bench.record(far);
    assertEquals(recorder.sizeBytes, 0);
    await bench.wait(recorder.ended());
    assertEquals(recorder.bytes, sent);
    assertEquals(recorder.closedCount, 1);
  });

  testOn(harness, "what was written before start is sent, and its drained is told after start", async (bench) => {
    const { near, far } = await bench.connect();
    const receiver = bench.record(far);
    const sent = pattern(harness.largeTransferBytes);
    assertEquals(near.write(sent), false);
    await bench.wait(receiver.received(sent.length));
    await exchange(bench);
    const sender = bench.record(near);
    await bench.wait(sender.until(() => sender.drainedCount === 1));
  });

  testOn(harness, "a sink may write from within data", async (bench) => {
    const { near, far } = await bench.recordPair();
    far.onData = (chunk) => void far.connection.write(chunk.slice());
    const sent = pattern(100_000);
    near.connection.write(sent);
    await bench.wait(near.received(sent.length));
    assertEquals(near.bytes, sent);
  });

  testOn(harness, "300 dials at once are all served", async (bench) => {
    const dials = 300;
    const listener = await bench.listen((connection) => {
      const recorder = bench.record(connection);
      recorder.onData = (chunk) => void connection.write(chunk.slice());
    });
    const connections = await bench.wait(
      Promise.all(Array.from({ length: dials }, () => bench.startDial(listener.local))),
    );
    const callers = connections.map((connection, index) => {
      connection.write(Uint8Array.of(index & 0xff, index >> 8));
      return bench.record(connection);
    });
    await bench.wait(Promise.all(callers.map((caller) => caller.received(2))));
    assertEquals(callers.map(({ bytes }) => bytes[0]! + (bytes[1]! << 8)), callers.map((_, index) => index));
  });
}

/** One round trip over a connection of its own: time enough for whatever was under way elsewhere. */
export async function exchange(bench: Bench): Promise<void> {
  const { near, far } = await bench.connect();
  const asker = bench.record(near);
  const answerer = bench.record(far);
  answerer.onData = (chunk) => void far.write(chunk.slice());
  near.write(pattern(FRAME_BYTES));
  await bench.wait(asker.received(FRAME_BYTES));
}

export function assertSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  // assertEquals compares large arrays element by element and prints them.
  const at = actual.findIndex((byte, index) => byte !== expected[index]);
  assertEquals({ length: actual.length, firstDifference: at }, { length: expected.length, firstDifference: -1 });
}
