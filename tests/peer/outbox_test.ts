import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Outbox } from "../../src/peer/outbox.ts";
import { LANE_POLICIES } from "../../src/protocol/lanes.ts";
import { BATCH_BYTES, DIRECT_WRITE_BYTES } from "../../src/protocol/params.ts";
import { ManualEnv } from "../support/manual_env.ts";

/** An outbox whose writes are recorded; `accepting` says what the connection answers. */
function recorded(accepting = () => true) {
  const env = new ManualEnv();
  const writes: Uint8Array[] = [];
  const write = (bytes: Uint8Array) => {
    writes.push(bytes);
    return accepting();
  };
  let written = 0;
  const outbox = new Outbox({ env, write, onWritten: () => written++ });
  return { env, outbox, writes, writtenCalls: () => written };
}

function frame(value: number, sizeBytes = 1): Uint8Array {
  return new Uint8Array(sizeBytes).fill(value);
}

test("outbox: the frames of one turn leave in one write at its end", () => {
  const { env, outbox, writes } = recorded();
  for (let i = 0; i < 50; i++) outbox.offer(frame(i), "control");
  assertEquals(writes.length, 0);
  env.endTurn();
  assertEquals(writes.map((bytes) => [...bytes]), [Array.from({ length: 50 }, (_, i) => i)]);
  assertEquals([outbox.bytes, outbox.frames], [0, 0]);
});

test("outbox: a large frame is written as it is, not copied into a batch", () => {
  const { env, outbox, writes } = recorded();
  const large = frame(7, DIRECT_WRITE_BYTES);
  outbox.offer(frame(1), "sync");
  outbox.offer(large, "sync");
  outbox.offer(frame(2), "sync");
  env.endTurn();
  assertEquals(writes.map(({ length }) => length), [1, DIRECT_WRITE_BYTES, 1]);
  assertEquals(writes[1] === large, true);
});

test("outbox: no batch is larger than the bound", () => {
  const { env, outbox, writes } = recorded();
  for (let i = 0; i < 100; i++) outbox.offer(frame(i, 1000), "data");
  env.endTurn();
  assertEquals(writes.every(({ length }) => length <= BATCH_BYTES), true);
  assertEquals(writes.reduce((sum, { length }) => sum + length, 0), 100_000);
});

test("outbox: it holds back when the connection does, and goes on when that drained", () => {
  let accepting = false;
  const { env, outbox, writes } = recorded(() => accepting);
  outbox.offer(frame(1), "control");
  env.endTurn();
  outbox.offer(frame(2), "control");
  env.endTurn();
  assertEquals(writes.map((bytes) => [...bytes]), [[1]]);
  accepting = true;
  outbox.drained();
  assertEquals(writes.map((bytes) => [...bytes]), [[1], [2]]);
});

test("outbox: lanes go by rank and weight, and none starves", () => {
  const { env, outbox, writes } = recorded();
  for (const [value, lane] of [[4, "data"], [3, "inventory"], [2, "sync"], [1, "control"]] as const) {
    for (let i = 0; i < 20; i++) outbox.offer(frame(value), lane);
  }
  env.endTurn();
  const order = [...writes[0]!];
  const round = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4];
  assertEquals(order.slice(0, 30), [...round, ...round]);
  assertEquals(order.length, 80);
});

test("outbox: large frames of one lane do not keep the others out", () => {
  const { env, outbox, writes } = recorded();
  for (let i = 0; i < 6; i++) outbox.offer(frame(2, DIRECT_WRITE_BYTES), "sync");
  outbox.offer(frame(4), "data");
  env.endTurn();
  const position = writes.findIndex((bytes) => bytes[0] === 4);
  assertEquals(position, LANE_POLICIES.sync.weight);
});

test("outbox: a full relay lane drops and counts, a full chain lane says that the peer is too slow", () => {
  const { outbox } = recorded();
  const half = (lane: "data" | "sync") => frame(1, LANE_POLICIES[lane].maxBytes / 2 + 1);
  assertEquals(outbox.offer(half("data"), "data"), "queued");
  assertEquals(outbox.offer(half("data"), "data"), "dropped");
  assertEquals(outbox.offer(half("sync"), "sync"), "queued");
  assertEquals(outbox.offer(half("sync"), "sync"), "overflow");
  assertEquals([outbox.dropped, outbox.frames], [2, 2]);
});

test("outbox: lanes are bounded in frames too", () => {
  const { outbox } = recorded();
  const { maxFrames } = LANE_POLICIES.inventory;
  for (let i = 0; i < maxFrames; i++) assertEquals(outbox.offer(frame(1), "inventory"), "queued");
  assertEquals(outbox.offer(frame(1), "inventory"), "dropped");
});

test("outbox: closing hands over what waits, even to a connection that holds back; later frames are dropped", () => {
  const { env, outbox, writes } = recorded(() => false);
  outbox.offer(frame(1), "control");
  env.endTurn();
  outbox.offer(frame(2), "control");
  outbox.flushAll();
  assertEquals(writes.map((bytes) => [...bytes]), [[1], [2]]);
  assertEquals(outbox.offer(frame(3), "control"), "dropped");
});

test("outbox: the owner hears when frames were taken", () => {
  const { env, outbox, writtenCalls } = recorded();
  outbox.offer(frame(1), "data");
  assertEquals(writtenCalls(), 0);
  env.endTurn();
  assertEquals(writtenCalls(), 1);
});
