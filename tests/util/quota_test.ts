import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Quota } from "../../src/util/quota.ts";

const LIMITS = { items: 4, bytes: 100, itemsPerPeer: 2, bytesPerPeer: 60 };

test("quota: one peer gets its share in items, and others still have room", () => {
  const quota = new Quota(LIMITS);
  quota.take(1, 0);
  quota.take(1, 0);
  assertEquals([quota.hasRoom(1, 0), quota.hasRoom(2, 0)], [false, true]);
  quota.give(1, 0);
  assertEquals(quota.hasRoom(1, 0), true);
});

test("quota: one peer gets its share in bytes, and others still have room", () => {
  const quota = new Quota(LIMITS);
  quota.take(1, 50);
  assertEquals([quota.hasRoom(1, 10), quota.hasRoom(1, 11), quota.hasRoom(2, 50)], [true, false, true]);
});

test("quota: all together are bounded in items and bytes", () => {
  const items = new Quota(LIMITS);
  for (const peer of [1, 1, 2, 2]) items.take(peer, 0);
  assertEquals([items.hasRoom(3, 0), items.items], [false, 4]);
  const bytes = new Quota(LIMITS);
  bytes.take(1, 60);
  bytes.take(2, 30);
  assertEquals([bytes.hasRoom(3, 10), bytes.hasRoom(3, 11)], [true, false]);
});

test("quota: what is given back by a peer that holds nothing changes nothing", () => {
  const quota = new Quota(LIMITS);
  quota.take(1, 60);
  quota.give(2, 60);
  assertEquals([quota.items, quota.hasRoom(1, 1)], [1, false]);
});
