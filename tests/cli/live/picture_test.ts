import { test } from "node:test";
import picocolors from "picocolors";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { extendHistory, type LiveData } from "../../../src/cli/live/data.ts";
import { drawLive, type LiveView, type Size } from "../../../src/cli/live/picture.ts";
import { sparkline } from "../../../src/cli/live/sparkline.ts";
import { INITIAL_STATE, type LiveState } from "../../../src/cli/live/state.ts";
import { textWidth } from "../../../src/util/text_width.ts";

const NO_COLORS = picocolors.createColors(false);
const SIZES: readonly Size[] = [[80, 24], [140, 40], [40, 10], [20, 5], [9, 3], [1, 1], [300, 200]]
  .map(([columns, rows]) => ({ columns: columns!, rows: rows! }));

const FORKS = [true, false].map((complete) => ({ height: 99, hash: "cd".repeat(32), length: 1, complete }));

function dataOf(count: number, userAgent = "/some:1/"): LiveData {
  return {
    node: {
      version: "1.2.3",
      network: "regtest",
      wire: "bitcoin",
      uptimeSeconds: 3_723,
      peers: { inbound: count, outbound: 0 },
      refused: { full: 2, banned: 1 },
      evicted: 4,
    },
    peers: Array.from({ length: count }, (_, id) => ({
      id,
      address: `192.0.2.${id}:8333`,
      direction: "inbound" as const,
      userAgent,
      height: 1_000_000,
      claimedHeight: 1_000_000,
      provenHeight: 120,
      pingMs: { last: count - id, min: 1, mean: 2, median: 2, p95: 2 },
      rates: { bytesIn: 100, bytesOut: 50, messagesIn: 1, messagesOut: 2 },
    })),
    chain: { height: 100, headers: 110, bestHash: "ab".repeat(32), tipTime: 1_000, syncing: false, forks: FORKS },
    channels: [{ channel: "control", usage: 0.9, lag: 7 }, { channel: "data", usage: 0.004, lag: 0 }],
    doctor: {
      findings: [
        { id: "chain-follows", level: "ok", text: "the chain follows" },
        { id: "slow", level: "warning", text: `peer 3 is slow ${userAgent}` },
        { id: "flood", level: "warning", text: "peer 4 floods" },
      ],
    },
  };
}

function viewOf(data: LiveData | undefined, state?: Partial<LiveState>, trouble?: string): LiveView {
  const history = data ? extendHistory({ in: [1_000, 0], out: [] }, data) : { in: [], out: [] };
  return { data, history, state: { ...INITIAL_STATE, ...state }, trouble, now: 1_090_000 };
}

function draw(view: LiveView, size: Size = SIZES[0]!): readonly string[] {
  return drawLive(view, size, NO_COLORS);
}

test("live picture: fills every size and never more", () => {
  const states: readonly Partial<LiveState>[] = [{}, { showsHelp: true }, { showsDoctor: true }, { typing: "ping>1" }, {
    complaint: "no",
  }];
  for (const size of SIZES) {
    for (const state of states) {
      for (const view of [viewOf(dataOf(60, "漢字".repeat(30)), state), viewOf(undefined, state, "gone")]) {
        const lines = draw(view, size);
        assertEquals(lines.length, size.rows);
        const widest = Math.max(...lines.map(textWidth));
        assert(widest <= size.columns, `${widest} of ${size.columns} in ${JSON.stringify(lines)}`);
      }
    }
  }
});

test("live picture: who it is, whether the chain follows, traffic, channels, and the peers", () => {
  const lines = draw(viewOf(dataOf(60)), { columns: 100, rows: 24 });
  assertEquals(lines[0], "p2p 1.2.3  regtest, bitcoin wire, up 1h 2m  00:18:10");
  assertEquals(lines[1], `chain     100  20 behind peers  ${"ab".repeat(8)}…  made 1m 30s ago  1 forks`);
  assertEquals(lines[2], "peers     60 in, 0 out, 3 refused, 4 evicted");
  assertEquals(lines[3], "in           5.9 KiB/s  ▂ █");
  assertEquals(lines[5], "channels  control 90 % 7 missed  data 0 %  ");
  assertEquals(lines[6], "doctor    2 warnings (d)  peer 3 is slow /some:1/");
  assertStringIncludes(lines[8]!, "id  address");
  assertStringIncludes(lines[9]!, "192.0.2.0:8333");
  assertStringIncludes(lines.at(-1)!, "1-14 of 60 peers");
});

test("live picture: rows are sorted, filtered and scrolled", () => {
  const sorted = draw(viewOf(dataOf(60), { sort: "ping:asc" }));
  assertStringIncludes(sorted[8]!, "ping▲");
  assertStringIncludes(sorted[9]!, "192.0.2.59:8333");
  const filtered = draw(viewOf(dataOf(60), { filter: ["ping>58"] }));
  assertEquals(filtered.filter((line) => line.includes("192.0.2.")).length, 2);
  assertStringIncludes(filtered.at(-1)!, "2 peers of 60 with ping>58");
  assertStringIncludes(draw(viewOf(dataOf(60), { offset: 45 }))[9]!, "192.0.2.45:8333");
  assertStringIncludes(draw(viewOf(dataOf(20), { offset: 45 }))[9]!, "192.0.2.6:8333");
});

test("live picture: what the doctor says, with its numbers and its advice", () => {
  const data = dataOf(2);
  const finding = {
    level: "problem" as const,
    text: "nobody is connected \x1b[2J",
    evidence: { maxOutbound: 10, handshaking: null },
    advice: "name a node with --join HOST:PORT",
  };
  const lines = draw(viewOf({ ...data, doctor: { findings: [finding] } }, { showsDoctor: true }));
  assertEquals(lines.slice(8, 11), [
    "problem   nobody is connected \\x1b[2J",
    "          max outbound 10",
    "          → name a node with --join HOST:PORT",
  ]);
  assertEquals(draw(viewOf({ ...data, doctor: undefined }, { showsDoctor: true }))[8], "");
});

test("live picture: what the doctor says is wrapped, and scrolls", () => {
  const findings = Array.from({ length: 12 }, (_, id) => ({
    level: "warning" as const,
    text: `peer ${id} ${"is slow ".repeat(12)}end of ${id}`,
  }));
  const data = { ...dataOf(2), doctor: { findings } };
  const top = draw(viewOf(data, { showsDoctor: true }));
  assertStringIncludes(top[8]!, "warning   peer 0 is slow");
  assertStringIncludes(top.join("\n"), "end of 0");
  assertStringIncludes(top.at(-1)!, "1-15 of 36 lines");
  const bottom = draw(viewOf(data, { showsDoctor: true, offset: 99 }));
  assertStringIncludes(bottom.at(-1)!, "22-36 of 36 lines");
  assertStringIncludes(bottom.join("\n"), "end of 11");
});

test("live picture: says when it is paused, or when the node is silent", () => {
  assertStringIncludes(draw(viewOf(dataOf(1), { isPaused: true }))[0]!, "paused");
  assertStringIncludes(draw(viewOf(dataOf(1), {}, "no answer since 00:00:01"))[0]!, "no answer since 00:00:01");
});

test("live picture: a node that tells less is shown as far as it tells", () => {
  const lines = draw(viewOf({ node: {}, peers: [{ id: 3 }], chain: {}, channels: [], doctor: undefined }));
  assertStringIncludes(lines[9]!, "3");
});

test("live picture: what peers say cannot act on the terminal", () => {
  const evil = "\x1b[2J\r\n\x07\u202e";
  const data = dataOf(1, evil);
  const lines = draw(viewOf({ ...data, node: { ...data.node, network: evil } }, { filter: ["agent~\x1b[2J"] }));
  // deno-lint-ignore no-control-regex
  assertEquals(lines.filter((line) => /[\x00-\x1f\x7f\u202e]/.test(line)), []);
});

test("live picture: without colours there are none, with them the same text", () => {
  const view = viewOf(dataOf(5));
  const plain = draw(view).join("\n");
  const colored = drawLive(view, SIZES[0]!, picocolors.createColors(true)).join("\n");
  assert(!plain.includes("\x1b") && colored.includes("\x1b[1m"));
  // deno-lint-ignore no-control-regex
  assertEquals(colored.replace(/\x1b\[\d+m/g, ""), plain);
});

test("sparkline: the highest is full, nothing is blank, the latest stand at the end", () => {
  assertEquals(sparkline([0, 1, 4, 8], 4), " ▂▅█");
  assertEquals(sparkline([9, 9, 0, 1], 2), " █");
  assertEquals([sparkline([1], 3), sparkline([], 2), sparkline([1], 0)], ["  █", "  ", ""]);
});
