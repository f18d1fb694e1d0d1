import { test } from "node:test";
import { setImmediate } from "node:timers";
import { assertEquals, assertThrows } from "@std/assert";
import { isOneChain, placeForks } from "../../src/dashboard/chain_rules.ts";
import {
  formatBytes,
  formatCount,
  formatMs,
  formatSeconds,
  formatShare,
  shortHash,
} from "../../src/dashboard/format.ts";
import { detailsOf, isFree, isInside, labelsOf, radiusFor } from "../../src/dashboard/graph_rules.ts";
import { History } from "../../src/dashboard/history.ts";
import { compareKnown } from "../../src/dashboard/order.ts";
import { paced } from "../../src/dashboard/paced.ts";
import { EventParser } from "../../src/dashboard/sse.ts";
import type { TopologyNodeSnapshot } from "../../src/protocol/network_snapshots.ts";
import { vitals } from "../support/observations.ts";

test("dashboard: events are found however the stream is cut", () => {
  const text = 'retry: 2000\n: hello\n\nid: 1\ndata: {"a":1}\n\nevent: lag\ndata: {"b":2}\n\ndata: x\ndata: y\n\n';
  const expected = [
    { name: "message", data: '{"a":1}', id: "1" },
    { name: "lag", data: '{"b":2}' },
    { name: "message", data: "x\ny" },
  ];
  for (const size of [1, 2, 7, text.length]) {
    const parser = new EventParser();
    const found = [];
    for (let at = 0; at < text.length; at += size) found.push(...parser.feed(text.slice(at, at + size)));
    assertEquals(found, expected, `pieces of ${size}`);
  }
});

test("dashboard: a stream without an end of its event is given up", () => {
  const parser = new EventParser();
  const line = "data: ".padEnd(1_000_000, "x");
  assertThrows(() => {
    for (let i = 0; i < 10; i++) parser.feed(line);
  }, Error);
});

test("dashboard: numbers in their units", () => {
  assertEquals([0, 1023, 1536, 10 * 1024 ** 3].map(formatBytes), ["0 B", "1023 B", "1.5 KiB", "10 GiB"]);
  assertEquals([0, 999, 1_234, 150_000].map(formatCount), ["0", "999", "1.2k", "150k"]);
  assertEquals([0, 0.123, 5.55, 42.4, 1_500].map(formatMs), ["0 ms", "0.12 ms", "5.5 ms", "42 ms", "1.5 s"]);
  assertEquals([0, 61, 3_700, 90_000].map(formatSeconds), ["0 s", "1 min 1 s", "1 h 1 min", "1 d 1 h"]);
  assertEquals([0, 0.001, 0.5].map(formatShare), ["0 %", "0.1 %", "50 %"]);
  assertEquals([formatBytes(null), formatMs(undefined), formatShare(null)], ["–", "–", "–"]);
  assertEquals(shortHash("0".repeat(58) + "abcdef"), "…abcdef");
});

test("dashboard: rates come of counts, and a node that starts anew begins anew", () => {
  const history = new History();
  const counts = (messages: number, bytes: number) => ({ in: { ping: { messages, bytes } } });
  history.add(vitals({ at: 1_000, traffic: counts(10, 320) }));
  history.add(vitals({ at: 3_000, traffic: counts(30, 960) }));
  history.add(vitals({ at: 500, startedAt: 400, traffic: counts(1, 32) }));
  assertEquals(history.moments.map(({ bytesIn }) => bytesIn), [null, 320, null]);
  assertEquals(history.moments.map(({ messages }) => messages.get("ping")), [undefined, 10, undefined]);
  assertEquals(history.busiestTypes(5), ["ping"]);
  for (let i = 0; i < 1_000; i++) history.add(vitals({ at: 10_000 + i }));
  assertEquals(history.moments.length, 300);
});

test("dashboard: few nodes all have their names, of many the best connected", () => {
  const nodes = (count: number) =>
    Array.from({ length: count }, (_, i) => ({
      id: `n${i}`,
      degree: i,
      facts: { address: `10.0.0.1:${i}`, source: "gossip" as const },
    }));
  assertEquals(labelsOf(nodes(40), "n0", undefined, false).length, 40);
  const many = labelsOf(nodes(500), "n0", "n7", false);
  assertEquals([many.length, many[0]![0], many[1]], [12, "n7", ["n0", "this node"]]);
  assertEquals(labelsOf(nodes(500), "n0", "n7", true).map(([id]) => id), ["n7", "n0", "n499", "n498"]);
  assertEquals([radiusFor(10) > radiusFor(500), radiusFor(100_000)], [true, 3.5]);
});

test("dashboard: a node in words", () => {
  const node: TopologyNodeSnapshot = {
    id: "b6293a1447baef4f",
    address: null,
    region: "eu",
    capabilities: [],
    load: 0,
    draining: false,
    source: "gossip",
    ageSeconds: 9,
    reporters: 1,
    path: { via: "x", hops: 2, rttMs: 40 },
  };
  const text = "b6293a1447baef4f · heard of from others · 1 link · 2 hops, 40 ms away · region eu · heard of 9 s ago";
  assertEquals(detailsOf(node, 1, formatMs), text);
});

test("dashboard: however many events ask for it, one request at a time, and one more for all that came meanwhile", async () => {
  let calls = 0;
  let wake = () => {};
  const rests: number[] = [];
  const wish = paced(() => Promise.resolve(++calls), (ms) => {
    rests.push(ms);
    return new Promise((resolve) => wake = resolve);
  });
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  for (let i = 0; i < 100; i++) wish();
  await settle();
  assertEquals(calls, 1);
  for (let i = 0; i < 100; i++) wish();
  await settle();
  assertEquals(calls, 1);
  wake();
  await settle();
  assertEquals(calls, 2);
  wake();
  await settle();
  wish();
  await settle();
  assertEquals([calls, rests], [3, [1, 2, 3]]);
});

test("dashboard: what is not known comes last, whichever way the table is sorted", () => {
  const sort = (isDescending: boolean) =>
    [2, null, 10, 1].sort((left, right) => compareKnown(left, right, isDescending));
  assertEquals([sort(false), sort(true)], [[1, 2, 10, null], [10, 2, 1, null]]);
});

test("dashboard: blocks that a reorganisation replaced are no part of the chain", () => {
  const block = (height: number, branch: string, on = branch) => ({
    height,
    hash: `${branch}${height}`,
    previous: `${on}${height - 1}`,
  });
  assertEquals(isOneChain([], "a0"), true);
  assertEquals(isOneChain([block(1, "a"), block(2, "a"), block(3, "b", "a")], "b3"), true);
  assertEquals(isOneChain([block(1, "a"), block(2, "a"), block(3, "b")], "b3"), false);
  assertEquals(isOneChain([block(1, "a"), block(2, "a")], "b2"), false);
});

test("dashboard: branches share a row where they do not meet", () => {
  const forks = [{ height: 20, length: 1 }, { height: 18, length: 1 }, { height: 19, length: 3 }, {
    height: 12,
    length: 2,
  }];
  const rows = placeForks(forks).map(({ fork: { height, length }, row }) => [height, length, row]);
  assertEquals(rows, [[20, 1, 0], [18, 1, 0], [19, 3, 1], [12, 2, 0]]);
});

test("dashboard: a label covers neither another one nor a node, and stays within the drawing", () => {
  const box = { left: 100, right: 180, y: 50 };
  const label = (left: number, y: number) => isFree(box, [{ left, right: left + 80, y }], []);
  assertEquals([label(150, 55), label(181, 55), label(150, 65), label(19, 50)], [false, true, true, true]);
  const node = (x: number, y: number) => isFree(box, [], [[x, y]]);
  assertEquals([node(140, 53), node(99, 50), node(140, 60)], [false, true, true]);
  assertEquals([isInside(box, 181), isInside(box, 180), isInside({ ...box, left: -1 }, 500)], [true, false, false]);
});
