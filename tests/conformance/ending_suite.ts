import { spawnSync } from "node:child_process";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { deno } from "../../src/platform/runtimes.ts";
import { type Harness, pattern, testOn } from "./harness.ts";
import type { Recorder } from "./recorder.ts";
import { assertSameBytes, exchange } from "./transfer_suite.ts";

type Ending = (near: Recorder, far: Recorder) => void;

/** Every way in which a connection can end. */
const ENDINGS: Readonly<Record<string, Ending>> = {
  "close here": (near) => near.connection.close(),
  "close there": (_, far) => far.connection.close(),
  "close on both sides": (near, far) => {
    near.connection.close();
    far.connection.close();
  },
  "close twice": (near) => {
    near.connection.close();
    near.connection.close();
  },
  "close while paused": (near) => {
    near.connection.pause();
    near.connection.close();
  },
  "abort here": (near) => near.connection.abort(),
  "abort there": (_, far) => far.connection.abort(),
  "abort on both sides": (near, far) => {
    near.connection.abort();
    far.connection.abort();
  },
  "close, then abort": (near) => {
    near.connection.close();
    near.connection.abort();
  },
  "abort with bytes that wait": (near, far) => {
    far.connection.pause();
    near.connection.write(pattern(2 ** 23));
    near.connection.abort();
    far.connection.resume();
  },
  "abort while paused, with bytes unread": (near, far) => {
    far.connection.pause();
    near.connection.write(pattern(2 ** 20));
    far.connection.abort();
  },
  "close from within data": (near, far) => {
    far.onData = () => far.connection.close();
    near.connection.write(pattern(100));
  },
  "abort from within data": (near, far) => {
    far.onData = () => far.connection.abort();
    near.connection.write(pattern(100));
  },
};

/** Of a socket that was reset before it was accepted, the system no longer knows where it came from. */
function testResets(harness: Harness): void {
  testOn(harness, "who resets before he is accepted has an address or is not there, and others are", async (bench) => {
    const accepted: Recorder[] = [];
    const { promise: honest, resolve } = Promise.withResolvers<void>();
    const listener = await bench.listen((connection) => {
      accepted.push(bench.record(connection));
      accepted.at(-1)!.onData = () => resolve();
    });
    assert("port" in listener.local);
    const program = fileURLToPath(new URL("resetting_dialler.ts", import.meta.url));
    const args = [
      ...deno ? ["run", "--no-check", "--allow-net=127.0.0.1"] : [],
      program,
      `${listener.local.port}`,
      "20",
    ];
    // Synchronously: while it runs nothing is accepted here.
    assertEquals(spawnSync(process.execPath, args).status, 0);
    (await bench.dial(listener.local)).write(pattern(1));
    await bench.wait(honest);
    for (const { connection: { remote } } of accepted) assert("host" in remote && remote.host === "127.0.0.1");
    await bench.wait(Promise.all(accepted.slice(0, -1).map((recorder) => recorder.ended())));
  });
}

/** How connections end. */
export function testEndings(harness: Harness): void {
  for (const [name, end] of Object.entries(ENDINGS)) {
    testOn(harness, `closed comes last and once on both sides: ${name}`, async (bench) => {
      const { near, far } = await bench.recordPair();
      end(near, far);
      await bench.wait(Promise.all([near.ended(), far.ended()]));
      useAfterEnd(near);
      useAfterEnd(far);
      await exchange(bench);
      assertEquals([near.closedCount, far.closedCount], [1, 1]);
    });
  }

  testOn(harness, "an end in order is no error, to either side", async (bench) => {
    const { near, far } = await bench.recordPair();
    near.connection.write(pattern(100));
    near.connection.close();
    await bench.wait(Promise.all([near.ended(), far.ended()]));
    assertEquals([near.error, far.error], [undefined, undefined]);
  });

  if (harness.hasFiles) testResets(harness);

  testOn(harness, "close sends all that was written, however slow the reader", async (bench) => {
    const { near, far } = await bench.recordPair();
    const sent = pattern(harness.largeTransferBytes);
    far.connection.pause();
    near.connection.write(sent);
    near.connection.close();
    await exchange(bench);
    far.connection.resume();
    await bench.wait(Promise.all([far.ended(), near.ended()]));
    assertSameBytes(far.bytes, sent);
    assertEquals(far.error, undefined);
  });

  testOn(harness, "close does not let unread bytes destroy what was sent last", async (bench) => {
    const { near, far } = await bench.recordPair();
    near.connection.pause();
    far.connection.write(pattern(200_000));
    await exchange(bench);
    const last = pattern(50_000);
    near.connection.write(last);
    near.connection.close();
    await bench.wait(Promise.all([far.ended(), near.ended()]));
    assertSameBytes(far.bytes, last);
  });

  testOn(
    harness,
    "bytes that came before the remote's end are delivered, even if reading was paused",
    async (bench) => {
      const { near, far } = await bench.recordPair();
      const sent = pattern(100_000);
      far.connection.pause();
      near.connection.write(sent);
      near.connection.close();
      await exchange(bench);
      assertEquals(far.closedCount, 0);
      far.connection.resume();
      await bench.wait(far.ended());
      assertSameBytes(far.bytes, sent);
    },
  );

  testOn(harness, "a paused connection that its remote ended can still be closed", async (bench) => {
    const { near, far } = await bench.recordPair();
    far.connection.pause();
    near.connection.write(pattern(1000));
    near.connection.abort();
    await exchange(bench);
    far.connection.close();
    await bench.wait(far.ended());
    assert(far.chunks.length <= 1);
  });

  testOn(harness, "a write after close is dropped", async (bench) => {
    const { near, far } = await bench.recordPair();
    near.connection.write(pattern(10));
    near.connection.close();
    assertEquals(near.connection.write(pattern(10)), false);
    await bench.wait(far.ended());
    assertEquals(far.bytes, pattern(10));
  });

  testOn(harness, "the remote's end drops what still waited and ends both directions", async (bench) => {
    const { near, far } = await bench.recordPair();
    near.connection.write(pattern(harness.largeTransferBytes));
    far.connection.close();
    await bench.wait(Promise.all([near.ended(), far.ended()]));
    assertEquals(near.drainedCount, 0);
  });

  testOn(harness, "closing a listener leaves its connections alive and refuses others", async (bench) => {
    const { near, far, listener } = await bench.recordPair();
    listener.close();
    listener.close();
    near.connection.write(pattern(10));
    far.connection.write(pattern(10));
    await bench.wait(Promise.all([near.received(10), far.received(10)]));
    // Last: Deno frees the port a turn later.
    const refusal = await bench.wait(bench.startDial(listener.local).then(() => undefined, (error: Error) => error));
    assert(refusal, "the dial succeeded");
  });
}

/** What a caller may still do that has not heard of the end. */
function useAfterEnd({ connection }: Recorder): void {
  assertEquals(connection.write(pattern(10)), false);
  connection.pause();
  connection.resume();
  connection.close();
  connection.abort();
}
