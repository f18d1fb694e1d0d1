import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createLinks, type MainLinks } from "../../../src/node/shards/main_ways.ts";
import type { WaysStart } from "../../../src/node/shards/ways.ts";
import { copyBytes } from "../../../src/platform/copy_bytes.ts";
import { MAX_WORKERS } from "../../../src/protocol/shard_params.ts";
import { openReader } from "../../../src/ring/ring.ts";
import type { FrameReader } from "../../../src/ring/reader.ts";

/** Frames that fill the ring of all: more than a ring of 1 MiB takes of them. */
const FRAME = new Uint8Array(100_000);
const MANY = 20;
/** More than there are places. */
const LIVES = 200;

function enter(links: MainLinks, shard: number) {
  const { start, leave } = links.open(shard, { onRoom() {}, onFrames() {} });
  return { start: start as Extract<WaysStart, { by: "memory" }>, leave };
}

function readerOf({ broadcasts, place }: Extract<WaysStart, { by: "memory" }>): FrameReader {
  return openReader(broadcasts, { copy: copyBytes, reader: place, wakeWriter() {} });
}

function firstBytes(reader: FrameReader): number[] {
  const first: number[] = [];
  reader.take((bytes, start) => first.push(bytes[start]!));
  return first;
}

test("ring of all shards: a thread that is taken for dead and runs on disturbs neither its successor nor others", () => {
  const links = createLinks(2, true);
  const say = (number: number) => {
    const isTaken = links.broadcasts!.offer(FRAME.map((_, index) => index === 0 ? number : 0));
    links.broadcasts!.commit();
    return isTaken;
  };
  const other = readerOf(enter(links, 1).start);
  const first = enter(links, 0);
  const ghost = readerOf(first.start);
  assert(say(1));
  first.leave();
  const second = enter(links, 0);
  assert(say(2));
  const successor = readerOf(second.start);
  assertEquals(firstBytes(ghost), [1, 2]);
  assertEquals(firstBytes(successor), [2]);
  assertEquals(firstBytes(other), [1, 2]);
  // Only those who live hold the writer up, the one that is behind.
  let taken = 0;
  for (; taken < MANY && say(3); taken++) firstBytes(other);
  assertEquals(taken < MANY, true);
  firstBytes(ghost);
  assertEquals(say(3), false);
  assertEquals(firstBytes(successor).length, taken);
  assertEquals(say(3), true);
  links.close();
});

test("ring of all shards: a place that was left is given out again only after all others were", () => {
  const links = createLinks(1, true);
  const places: number[] = [];
  for (let life = 0; life < LIVES; life++) {
    const { start, leave } = enter(links, 0);
    places.push(start.place);
    leave();
    leave();
  }
  const count = new Set(places).size;
  assertEquals(count >= 2 * MAX_WORKERS, true);
  for (let life = count; life < LIVES; life++) assertEquals(places[life], places[life - count]);
  links.close();
});
