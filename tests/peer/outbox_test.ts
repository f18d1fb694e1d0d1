import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Outbox } from "../../src/peer/outbox.ts";
import { LANE_POLICIES } from "../../src/protocol/lanes.ts";
import { BATCH_BYTES, DIRECT_WRITE_BYTES, OUTBOX_LOW_WATER_BYTES } from "../../src/protocol/connection_params.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { concatBytes } from "../../src/util/bytes.ts";
import { ManualEnv } from "../support/manual_env.ts";
import { testHasher } from "../support/test_hasher.ts";

const codec = bitcoinCodec(REGTEST.magic, testHasher);

/** An outbox whose writes are recorded; `accepting` says what the connection answers. */
function recorded(accepting = () => true) {
  const env = new ManualEnv();
  const writes: Uint8Array[] = [];
  const write = (bytes: Uint8Array) => {
    writes.push(bytes);
    return accepting();
  };
  let calls = 0;
  const outbox = new Outbox({ env, codec, owner: { write, onRoom: () => calls++ } });
  return { env, outbox, writes, roomCalls: () => calls };
}

function frame(value: number, sizeBytes = 1): Uint8Array {
  return new Uint8Array(sizeBytes).fill(value);
}

test("outbox: the frames of one turn leave in one write at its end", () => {
  const { env, outbox, writes } = recorded();
  for (let i = 0; i < 50; i++) outbox.offerFrame(frame(i), "control");
  assertEquals(writes.length, 0);
  env.endTurn();
  assertEquals(writes.map((bytes) => [...bytes]), [Array.from({ length: 50 }, (_, i) => i)]);
  assertEquals([outbox.bytes, outbox.frames], [0, 0]);
});

test("outbox: a large frame is written as it is, not copied into a batch", () => {
  const { env, outbox, writes } = recorded();
  const large = frame(7, BATCH_BYTES);
  outbox.offerFrame(frame(1), "sync");
  outbox.offerFrame(large, "sync");
  outbox.offerFrame(frame(2), "sync");
  env.endTurn();
  assertEquals(writes.map(({ length }) => length), [1, BATCH_BYTES, 1]);
  assertEquals(writes[1] === large, true);
});

test("outbox: no batch is larger than the bound", () => {
  const { env, outbox, writes } = recorded();
  for (let i = 0; i < 100; i++) outbox.offerFrame(frame(i, 1000), "data");
  env.endTurn();
  assertEquals(writes.every(({ length }) => length <= BATCH_BYTES), true);
  assertEquals(writes.reduce((sum, { length }) => sum + length, 0), 100_000);
});

test("outbox: it holds back when the connection does, and goes on when that drained", () => {
  let accepting = false;
  const { env, outbox, writes } = recorded(() => accepting);
  outbox.offerFrame(frame(1), "control");
  env.endTurn();
  outbox.offerFrame(frame(2), "control");
  env.endTurn();
  assertEquals(writes.map((bytes) => [...bytes]), [[1]]);
  accepting = true;
  outbox.drained();
  assertEquals(writes.map((bytes) => [...bytes]), [[1], [2]]);
});

test("outbox: batches go by rank and weight when more waits than one write takes, and no lane starves", () => {
  const { env, outbox, writes } = recorded();
  for (const [value, lane] of [[4, "data"], [3, "inventory"], [2, "sync"], [1, "control"]] as const) {
    for (let i = 0; i < 20; i++) outbox.offerFrame(frame(value, DIRECT_WRITE_BYTES), lane);
  }
  env.endTurn();
  const order = writes.slice(0, 30).map((bytes) => bytes[0]);
  const round = [1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 4];
  assertEquals(order, [...round, ...round]);
  assertEquals(writes.reduce((sum, { length }) => sum + length, 0), 80 * DIRECT_WRITE_BYTES);
});

test("outbox: little of several lanes leaves in one write, by rank", () => {
  const { env, outbox, writes } = recorded();
  outbox.offerFrame(frame(4), "data");
  outbox.offerFrame(frame(2), "sync");
  outbox.offerFrame(frame(1), "control");
  env.endTurn();
  assertEquals(writes.map((bytes) => [...bytes]), [[1, 2, 4]]);
});

test("outbox: a message is encoded in place, and the same as a frame of its own", () => {
  const { env, outbox, writes } = recorded();
  const messages = Array.from({ length: 100 }, (_, i) => ({ type: "ping", nonce: BigInt(i) }) as const);
  for (const message of messages) assertEquals(outbox.offer(message, "control"), "queued");
  env.endTurn();
  assertEquals(writes, [concatBytes(messages.map((message) => codec.encode(message)))]);
});

test("outbox: large frames of one lane do not keep the others out", () => {
  const { env, outbox, writes } = recorded();
  for (let i = 0; i < 6; i++) outbox.offerFrame(frame(2, BATCH_BYTES), "sync");
  outbox.offerFrame(frame(4), "data");
  env.endTurn();
  const position = writes.findIndex((bytes) => bytes[0] === 4);
  assertEquals(position, LANE_POLICIES.sync.weight);
});

test("outbox: a full relay lane drops and counts, a full chain lane says that the peer is too slow", () => {
  const { outbox } = recorded();
  const half = (lane: "data" | "sync") => frame(1, LANE_POLICIES[lane].maxBytes / 2 + 1);
  assertEquals(outbox.offerFrame(half("data"), "data"), "queued");
  assertEquals(outbox.offerFrame(half("data"), "data"), "dropped");
  assertEquals(outbox.offerFrame(half("sync"), "sync"), "queued");
  assertEquals(outbox.offerFrame(half("sync"), "sync"), "overflow");
  assertEquals([outbox.dropped, outbox.frames], [2, 2]);
});

test("outbox: lanes are bounded in frames too", () => {
  const { outbox } = recorded();
  const { maxFrames } = LANE_POLICIES.inventory;
  for (let i = 0; i < maxFrames; i++) assertEquals(outbox.offerFrame(frame(1), "inventory"), "queued");
  assertEquals(outbox.offerFrame(frame(1), "inventory"), "dropped");
});

test("outbox: closing hands over what waits, even to a connection that holds back; later frames are dropped", () => {
  const { env, outbox, writes } = recorded(() => false);
  outbox.offerFrame(frame(1), "control");
  env.endTurn();
  outbox.offerFrame(frame(2), "control");
  outbox.flushAll();
  assertEquals(writes.map((bytes) => [...bytes]), [[1], [2]]);
  assertEquals(outbox.offerFrame(frame(3), "control"), "dropped");
});

test("outbox: whoever waits for room hears once of it, in a later turn, and nobody else does", () => {
  const { env, outbox, roomCalls } = recorded();
  outbox.offerFrame(frame(1), "data");
  env.endTurn();
  env.runTurns();
  assertEquals(roomCalls(), 0);
  outbox.offerFrame(frame(1), "data");
  outbox.awaitRoom();
  env.endTurn();
  assertEquals(roomCalls(), 0);
  env.runTurns();
  outbox.offerFrame(frame(1), "data");
  env.endTurn();
  env.runTurns();
  assertEquals(roomCalls(), 1);
});

test("outbox: an outbox that is empty has room at once", () => {
  const { env, outbox, roomCalls } = recorded();
  outbox.awaitRoom();
  env.runTurns();
  assertEquals(roomCalls(), 1);
});

test("outbox: there is no room while more than the low-water mark waits", () => {
  let accepting = false;
  const { env, outbox, roomCalls } = recorded(() => accepting);
  for (let i = 0; i < 3; i++) outbox.offerFrame(frame(i, OUTBOX_LOW_WATER_BYTES), "data");
  outbox.awaitRoom();
  env.endTurn();
  outbox.drained();
  env.runTurns();
  assertEquals([roomCalls(), outbox.bytes], [0, OUTBOX_LOW_WATER_BYTES]);
  accepting = true;
  outbox.drained();
  env.runTurns();
  assertEquals([roomCalls(), outbox.bytes], [1, 0]);
});

test("outbox: answers find room where what is passed on has filled their lane, in order and up to a bound", () => {
  let accepting = false;
  const { env, outbox, writes } = recorded(() => accepting);
  const passedOn = frame(1, 1_000_000);
  outbox.offerFrame(passedOn, "data", "publish");
  env.endTurn();
  let queued = 0;
  while (outbox.offerFrame(passedOn, "data", "publish") === "queued") queued++;
  assertEquals(queued, 11);
  const answer = { type: "response", id: 1, status: 0, payload: new Uint8Array(1_000_000) } as const;
  const outcomes = Array.from({ length: 6 }, () => outbox.offer(answer, "data"));
  assertEquals(outcomes.filter((outcome) => outcome === "queued").length, 4);
  assertEquals(outbox.offer({ type: "tx", transaction: new Uint8Array(100) }, "data"), "dropped");
  assertEquals([outbox.offer({ ...answer, payload: new Uint8Array(0) }, "data"), outbox.dropped], ["queued", 4]);
  accepting = true;
  outbox.drained();
  assertEquals([outbox.bytes, writes.at(-1)!.length > 1_000_000], [0, false]);
});

test("outbox: answers find room where small frames have filled their lane", () => {
  const { env, outbox } = recorded(() => false);
  outbox.offerFrame(frame(1), "data", "publish");
  env.endTurn();
  const { maxFrames, reserve } = LANE_POLICIES.data;
  for (let i = 0; i < maxFrames; i++) outbox.offerFrame(frame(1), "data", "publish");
  const cancel = { type: "cancel", id: 1 } as const;
  assertEquals(outbox.offerFrame(frame(1), "data", "publish"), "dropped");
  for (let i = 0; i < reserve!.frames; i++) assertEquals(outbox.offer(cancel, "data"), "queued");
  assertEquals([outbox.offer(cancel, "data"), outbox.waiting("data").frames], ["dropped", maxFrames + reserve!.frames]);
});
