import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { diagnose } from "../../src/doctor/diagnose.ts";
import type { Finding, Observation } from "../../src/doctor/diagnosis.ts";
import { figuresOf } from "../../src/doctor/figures.ts";
import type { WorkerSnapshot } from "../../src/protocol/app_snapshots.ts";
import type { ShardSnapshot } from "../../src/protocol/peer_snapshots.ts";
import { observation, peerWith, times, vitals, WINDOW_SECONDS } from "../support/observations.ts";

/** Kinds of findings about peers, with the peer. */
function accused(seen: Observation): readonly (readonly [id: string, peer: number | null])[] {
  return diagnose(seen).findings.filter(({ peer }) => peer !== null).map(({ id, peer }) => [id, peer]);
}

function found(id: string, seen: Observation): Finding | undefined {
  return diagnose(seen).findings.find((finding) => finding.id === id);
}

/** A peer that sent so many messages, and bytes, a second. */
function talker(id: number, messagesPerSecond: number, bytesPerSecond = 0) {
  return peerWith(id, {
    messages: { in: { inv: messagesPerSecond * WINDOW_SECONDS } },
    bytes: { in: bytesPerSecond * WINDOW_SECONDS },
  });
}

test("doctor: who sends most of all messages floods, judged by the others and by a least rate", () => {
  const usual = [talker(1, 5), talker(2, 5)];
  assertEquals(accused(observation({}, { peers: [...usual, talker(3, 51)] })), [["flood", 3]]);
  assertEquals(accused(observation({}, { peers: [...usual, talker(3, 50)] })), [], "ten times the others is allowed");
  const silent = [talker(1, 0), talker(2, 0)];
  assertEquals(accused(observation({}, { peers: [...silent, talker(3, 50)] })), [["flood", 3]]);
  assertEquals(accused(observation({}, { peers: [...silent, talker(3, 49)] })), []);
  assertEquals(accused(observation({}, { peers: [talker(1, 0), talker(3, 500)] })), [], "two tell nothing");
});

test("doctor: a flood names its share, its rate, what is usual, and what to do", () => {
  const { evidence, advice, text } = found(
    "flood",
    observation({}, { peers: [talker(1, 5), talker(2, 5), talker(3, 90)] }),
  )!;
  assertEquals([evidence.messagesPerSecond, evidence.usualPerSecond, evidence.sharePercent, evidence.busiestType], [
    90,
    5,
    90,
    "inv",
  ]);
  assertStringIncludes(advice!, "disconnect 3");
  assertStringIncludes(text, "10.0.0.3:8333");
});

test("doctor: bytes count as well, but not those of a sync", () => {
  const peers = [talker(1, 1), talker(2, 1), talker(3, 1, 300_000)];
  assertEquals(accused(observation({}, { peers })), [["flood", 3]]);
  assertEquals(
    accused(observation({ chain: { syncing: true, headers: 200 }, queues: { blocksInFlight: 9 } }, { peers })),
    [],
  );
});

test("doctor: what was sent before the window is no flood", () => {
  const peers = [talker(1, 5), talker(2, 5), talker(3, 500)];
  assertEquals(accused(observation({}, { peers, before: peers })), []);
});

test("doctor: who answers four times later than others is slow, if that is long", () => {
  const others = [peerWith(1), peerWith(2), peerWith(3)];
  const late = (median: number) =>
    accused(observation({}, { peers: [...others, peerWith(4, { pingMs: { median } })] }));
  assertEquals([late(249), late(250)], [[], [["slow", 4]]]);
  const far = [1, 2, 3].map((id) => peerWith(id, { pingMs: { median: 100 } }));
  assertEquals(accused(observation({}, { peers: [...far, peerWith(4, { pingMs: { median: 400 } })] })), []);
});

test("doctor: one answer that came late accuses nobody: it may have been our own loop", () => {
  const late = { last: 4_000, mean: 1_400, median: 50 };
  const peers = [1, 2, 3, 4].map((id) => peerWith(id, id < 3 ? { pingMs: late } : {}));
  assertEquals(accused(observation({}, { peers })), []);
});

test("doctor: who does not take what is sent to it is slow, or delivers late, or fails", () => {
  const peers = [peerWith(1), peerWith(2), peerWith(3, { outbox: { dropped: 1 } })];
  assertEquals(accused(observation({}, { peers })), [["slow", 3]]);
  assertEquals(accused(observation({}, { peers, before: peers })), [], "that was before");
  const worker = (peer: number, changes: Partial<WorkerSnapshot>): WorkerSnapshot => ({
    peer,
    name: "",
    work: "blocks",
    outstanding: 0,
    answered: 1,
    failures: 0,
    latencyMs: 50,
    health: 1,
    breaker: "closed",
    draining: false,
    region: "",
    load: 0,
    ...changes,
  });
  const three = [peerWith(1), peerWith(2), peerWith(3)];
  const workers = [worker(1, {}), worker(2, {}), worker(3, { latencyMs: 900 })];
  const { evidence } = found("slow", observation({}, { peers: three, workers }))!;
  assertEquals(evidence, { address: "10.0.0.3:8333", blocksMs: 900, usualMs: 50 });
  const broken = [worker(1, { breaker: "open" }), worker(2, {}), worker(3, {})];
  assertEquals(accused(observation({}, { peers: three, workers: broken })), [["slow", 1]]);
});

test("doctor: who claims what its headers do not show lies, after a while and beyond a tolerance", () => {
  const claim = (claimedHeight: number, connectedSeconds: number) =>
    accused(observation({}, { peers: [peerWith(1, { claimedHeight, connectedSeconds, provenHeight: 90 })] }));
  assertEquals([claim(107, 60), claim(106, 60), claim(107, 59)], [[["false-claim", 1]], [], []]);
  assertEquals(accused(observation({}, { peers: [peerWith(1, { score: 20 })] })), [["misbehaviour", 1]]);
});

test("doctor: whether the chain follows", () => {
  const kind = (now: Parameters<typeof observation>[0], provenHeight = 100) =>
    diagnose(observation(now, { peers: [peerWith(1, { provenHeight })] })).findings
      .map(({ id, level }) => `${level} ${id}`).find((text) => /chain|sync|tip|behind/.test(text));
  assertEquals(kind({}), "ok chain-follows");
  assertEquals(kind({}, 106), "ok chain-follows");
  assertEquals(kind({}, 107), "problem behind");
  assertEquals(kind({ chain: { syncing: true, headers: 900 }, queues: { blocksInFlight: 16 } }), "note syncing");
  assertEquals(kind({ chain: { syncing: true, headers: 900 } }), "problem sync-stuck");
  const age = (seconds: number, spacingSeconds: number | null = 600) =>
    kind({ wallClockSeconds: 1_000_000 + seconds, spacingSeconds });
  assertEquals([age(6_600), age(6_601), age(9_999_999, null)], [
    "ok chain-follows",
    "warning stale-tip",
    "ok chain-follows",
  ]);
});

test("doctor: nobody there, a late loop, refused requests, no place left", () => {
  const alone = observation({ peers: { inbound: 0, outbound: 0 } }, { peers: [] });
  assertEquals(found("no-peers", alone)!.level, "problem");
  const machine = (p99: number) => ({ cpuMs: 0, rssBytes: 0, heapBytes: 0, loopDelay: times(1, p99) });
  assertEquals(found("busy-loop", observation({ machine: machine(101) }))!.evidence.p99Ms, 101);
  assertEquals(found("busy-loop", observation({ machine: machine(100) })), undefined);
  assertEquals(found("requests-refused", observation({ queues: { requestsRefused: 1 } }))!.level, "warning");
  assertEquals(found("full", observation({ peers: { inbound: 117 } }))!.level, "note");
  assertEquals(found("full", observation({ peers: { inbound: 116 } })), undefined);
});

test("doctor: workers that are down, failed, are late or wait for the main thread", () => {
  const shard = (id: number, changes: Partial<ShardSnapshot> = {}): ShardSnapshot => {
    const ringUse = { toShard: 0, toMain: 0 };
    return { id, state: "running", peers: 4, ringUse, waitingBytes: 0, delayMs: 1, restarts: 0, ...changes };
  };
  const seen = (...looks: readonly (readonly ShardSnapshot[])[]): Observation => {
    const recent = looks.map((shards) => vitals({ shards }));
    return { ...observation(), now: recent.at(-1)!, figures: figuresOf(recent, recent.slice(0, 1)) };
  };
  const ids = (look: Observation) => diagnose(look).findings.map(({ id }) => id).filter((id) => /worker|main/.test(id));
  const [well, down] = [[shard(0), shard(1)], shard(1, { state: "down", peers: 0 })];
  assertEquals(ids(seen(well, well)), []);
  assertEquals(found("worker-down", seen(well, [shard(0), down]))!.level, "warning");
  assertEquals(found("worker-down", seen(well, [down]))!.level, "problem");
  const again = shard(1, { restarts: 1 });
  const failed = seen(well, [shard(0), again]);
  assertEquals([ids(failed), found("worker-failed", failed)!.evidence.failures], [["worker-failed"], 1]);
  assertEquals(ids(seen([shard(0), again], [shard(0), again])), [], "long ago");
  assertEquals(ids(seen([shard(0), down], [shard(0), again])), [], "it was told when it was down");

  const late = [shard(0, { delayMs: 101 }), shard(1, { delayMs: 100 })];
  assertStringIncludes(found("busy-worker", seen(late, late))!.text, "worker 0 is late");
  assertEquals(ids(seen(well, late)), [], "one look of two is chance");
  const full = [shard(0), shard(1, { ringUse: { toShard: 0, toMain: 0.81 } })];
  assertStringIncludes(found("busy-main-thread", seen(well, full, full))!.text, "with worker 1:");
  assertEquals(ids(seen(well, full)), []);
  assertEquals(ids(seen([shard(0, { ringUse: { toShard: null, toMain: null } })])), []);
});

test("doctor: the gravest comes first, and every warning says what to do", () => {
  const seen = observation({ peers: { inbound: 0, outbound: 0 }, queues: { requestsRefused: 1 } }, { peers: [] });
  const levels = diagnose(seen).findings.map(({ level }) => level);
  assertEquals(levels, ["problem", "warning", "ok", "ok"]);
  const grave = diagnose(seen).findings.filter(({ level }) => level === "problem" || level === "warning");
  assertEquals(grave.every(({ advice, evidence }) => advice !== null && Object.keys(evidence).length > 0), true);
});

test("doctor: who was thrown out for a lie is named, unless it was a slip, is long ago, or is here again", () => {
  const offender = {
    address: "192.0.2.9",
    score: 100,
    fault: "bad-block",
    faults: 3,
    secondsAgo: 5,
    secondsLeft: null,
  };
  const named = (changes: Partial<typeof offender>, peers = [peerWith(1)]) => {
    return found("thrown-out", observation({}, { peers, offenders: [{ ...offender, ...changes }] }));
  };
  assertEquals(named({})?.evidence, {
    lastFault: "bad-block",
    faults: 3,
    score: 100,
    secondsAgo: 5,
    secondsLeftAlone: null,
  });
  assertEquals(named({})?.advice, "p2p inspect ban 192.0.2.9");
  assertEquals([named({ score: 30 })?.level, named({ score: 29 })], ["warning", undefined]);
  assertEquals([named({ secondsAgo: 900 })?.level, named({ secondsAgo: 901 })], ["warning", undefined]);
  assertEquals(named({}, [peerWith(1, { address: "192.0.2.9:8333", score: 100 })]), undefined);
  // Of IPv6 a whole /64 counts as one, and so is named.
  const site = { address: "2001:db8:0:7::/64" };
  assertEquals(named(site, [peerWith(1, { address: "[2001:db8:0:7::5]:8333", score: 100 })]), undefined);
  assertEquals(named(site, [peerWith(1, { address: "[2001:db8:0:8::5]:8333", score: 100 })])?.level, "warning");
});
