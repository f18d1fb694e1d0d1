import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { BroadcastReader } from "../../../src/node/shards/broadcast_reader.ts";
import { Broadcaster } from "../../../src/node/shards/broadcaster.ts";
import { Forwarder } from "../../../src/node/shards/forwarder.ts";
import { RecordSender } from "../../../src/node/shards/record_sender.ts";
import {
  decodeBroadcast,
  decodeSealed,
  FRAMES_HEAD_BYTES,
  readFramesHead,
  RECORD,
} from "../../../src/node/shards/records.ts";
import { copyBytes } from "../../../src/platform/copy_bytes.ts";
import type { FrameSource } from "../../../src/ring/frames.ts";
import { createRing, openReader, openWriter } from "../../../src/ring/ring.ts";
import { ManualEnv } from "../../support/manual_env.ts";

const RING_BYTES = 1024;

/** A ring whose ends are both in this thread, and wake each other at once. */
function makeRing(readers = 1, onRoom = () => {}) {
  const handle = createRing({ capacityBytes: RING_BYTES, readers });
  const sources: FrameSource[] = [];
  const sink = openWriter(handle, { copy: copyBytes, wakeReader: (reader) => sources[reader]?.wake(), onRoom });
  for (let reader = 0; reader < readers; reader++) {
    sources.push(openReader(handle, { copy: copyBytes, reader, wakeWriter: () => sink.wake() }));
  }
  return { sink, sources };
}

function takeAll(source: FrameSource): Uint8Array[] {
  const records: Uint8Array[] = [];
  while (source.take((bytes, start, end) => void records.push(bytes.slice(start, end))) > 0);
  return records;
}

test("record sender: what the ring has no room for waits, and goes in order when there is some", () => {
  const env = new ManualEnv();
  let rooms = 0;
  const { sink, sources } = makeRing(1, () => sender.proceed());
  const sender: RecordSender = new RecordSender({ env, sink, onRoom: () => void rooms++ });
  const count = 40;
  const answers = Array.from({ length: count }, (_, i) => {
    const scratch = new Uint8Array(100).fill(i);
    const isTaken = sender.put(scratch);
    scratch.fill(255);
    return isTaken;
  });
  assertEquals([answers[0], answers.at(-1)], [true, false]);
  assert(sender.waitingBytes > 2000);
  env.endTurn();
  const seen: number[] = [];
  for (let left = 100; seen.length < count && left > 0; left--) {
    seen.push(...takeAll(sources[0]!).map(([first]) => first!));
    env.endTurn();
  }
  assertEquals(seen, Array.from({ length: count }, (_, i) => i));
  assertEquals([sender.waitingBytes, rooms > 0], [0, true]);
  sender.close();
  assertEquals(sources[0]!.end, "closed");
});

test("record sender: it closes the ring only behind what waits", () => {
  const env = new ManualEnv();
  const { sink, sources } = makeRing(1, () => sender.proceed());
  const sender: RecordSender = new RecordSender({ env, sink });
  for (let i = 0; i < 20; i++) sender.put(new Uint8Array(100).fill(i));
  sender.close();
  env.endTurn();
  const seen: number[] = [];
  for (let left = 100; sources[0]!.end === "open" && left > 0; left--) {
    seen.push(...takeAll(sources[0]!).map(([first]) => first!));
    env.endTurn();
  }
  assertEquals([seen.length, sources[0]!.end], [20, "closed"]);
});

test("forwarder: frames of one peer that lie side by side are one record; others are not joined", () => {
  const env = new ManualEnv();
  const { sink, sources } = makeRing();
  const forwarder = new Forwarder(new RecordSender({ env, sink }));
  const chunk = Uint8Array.from({ length: 60 }, (_, i) => i);
  const frame = (start: number, end: number, bytes = chunk) => ({ type: "app" as const, bytes, start, end });
  assert(forwarder.forward(1, frame(0, 10)));
  assert(forwarder.forward(1, frame(10, 20)));
  // A frame between them was of no use to anybody.
  assert(forwarder.forward(1, frame(30, 40)));
  assert(forwarder.forward(2, frame(40, 50)));
  assert(forwarder.forward(2, frame(50, 60, chunk.slice())));
  assert(forwarder.flush());
  env.endTurn();
  const records = takeAll(sources[0]!).map((record) => [readFramesHead(record), ...record.subarray(FRAMES_HEAD_BYTES)]);
  const range = (from: number, to: number) => [...chunk.subarray(from, to)];
  assertEquals(records, [[1, ...range(0, 20)], [1, ...range(30, 40)], [2, ...range(40, 50)], [2, ...range(50, 60)]]);
});

test("forwarder: says when something waits for room, so that no more is read", () => {
  const env = new ManualEnv();
  const { sink } = makeRing();
  const forwarder = new Forwarder(new RecordSender({ env, sink }));
  const frame = () => ({ type: "app" as const, bytes: new Uint8Array(300), start: 0, end: 300 });
  const answers = Array.from({ length: 6 }, () => forwarder.forward(1, frame()));
  assertEquals([answers[0], answers.at(-1)], [true, false]);
  assertFalse(forwarder.flush());
});

interface Shards {
  readonly env: ManualEnv;
  readonly broadcaster: Broadcaster;
  readonly ports: readonly {
    readonly shard: number;
    readonly records: Uint8Array[];
    flush(): void;
    put(record: Uint8Array): void;
  }[];
  readonly sources: readonly FrameSource[];
}

function makeShards(): Shards {
  const env = new ManualEnv();
  const { sink, sources } = makeRing(2);
  const ports = [0, 1].map((shard) => {
    const records: Uint8Array[] = [];
    return { shard, records, flush() {}, put: (record: Uint8Array) => void records.push(record) };
  });
  const broadcaster = new Broadcaster({ env, sink, ports: () => ports, maxBytes: RING_BYTES / 4 });
  return { env, broadcaster, ports, sources };
}

test("broadcaster: a frame for many is written once, and each shard is told for whom, even if for nobody", () => {
  const { env, broadcaster, ports, sources } = makeShards();
  const frame = Uint8Array.of(1, 2, 3);
  for (const peer of [5, 6, 7]) broadcaster.add(ports[0]!, peer, frame);
  env.endTurn();
  const notes = ports.map(({ records }) => records.map(decodeBroadcast));
  const [[first], [second]] = notes as [[{ number: number; peers: number[] }], [{ number: number; peers: number[] }]];
  assertEquals([first.peers, second.peers, first.number === second.number], [[5, 6, 7], [], true]);
  for (const source of sources) assertEquals([...new BroadcastReader(source).take(first.number)], [1, 2, 3]);
});

test("broadcaster: a frame for one, a large one, and any that finds no room go to each shard by itself", () => {
  const { env, broadcaster, ports, sources } = makeShards();
  const small = Uint8Array.of(1);
  const large = new Uint8Array(RING_BYTES / 2).fill(2);
  broadcaster.add(ports[0]!, 1, small);
  for (const port of ports) broadcaster.add(port, port.shard + 10, large);
  env.endTurn();
  assertEquals(ports[0]!.records.map((record) => record[0]), [RECORD.sealed, RECORD.sealed]);
  assertEquals(ports[1]!.records.map((record) => decodeSealed(record).peers), [[11]]);
  // The second shard never reads: the ring fills, and frames go another way until it does.
  let kinds: number[] = [];
  for (let i = 0; i < 20; i++) {
    const frame = new Uint8Array(200).fill(i);
    for (const port of ports) broadcaster.add(port, port.shard, frame);
    env.endTurn();
    takeAll(sources[0]!);
    kinds = ports[0]!.records.map((record) => record[0]!);
  }
  assertEquals([kinds.includes(RECORD.broadcast), kinds.at(-1)], [true, RECORD.sealed]);
  takeAll(sources[1]!);
  for (const port of ports) broadcaster.add(port, port.shard, small);
  env.endTurn();
  assertEquals(ports[0]!.records.at(-1)![0], RECORD.broadcast);
});

test("broadcaster: another frame, or the end of the turn, sends the one before", () => {
  const { env, broadcaster, ports } = makeShards();
  broadcaster.add(ports[0]!, 1, Uint8Array.of(1));
  assertEquals(ports[0]!.records.length, 0);
  broadcaster.add(ports[0]!, 1, Uint8Array.of(2));
  assertEquals(ports[0]!.records.length, 1);
  broadcaster.flush();
  assertEquals(ports[0]!.records.map((record) => [...decodeSealed(record).frame]), [[1], [2]]);
  env.endTurn();
  assertEquals(ports[0]!.records.length, 2);
});
