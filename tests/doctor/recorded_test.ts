import { readFileSync } from "node:fs";
import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { diagnose } from "../../src/doctor/diagnose.ts";
import type { Diagnosis } from "../../src/doctor/diagnosis.ts";
import { figuresOf } from "../../src/doctor/figures.ts";
import type { Vitals } from "../../src/doctor/vitals.ts";
import { markOf, VitalsWindow } from "../../src/doctor/window.ts";
import type { WorkerSnapshot } from "../../src/protocol/app_snapshots.ts";
import type { PeerSnapshot } from "../../src/protocol/peer_snapshots.ts";

interface Recording {
  readonly name: string;
  /** A minute apart. */
  readonly looks: readonly { readonly vitals: Omit<Vitals, "shards">; readonly peers: readonly PeerSnapshot[] }[];
  readonly workers: readonly WorkerSnapshot[];
}

/**
 * Figures of two nodes of one running network of eight, as /v1/vitals, /v1/peers and /v1/balancing told them: one in good
 * company, and one with three more peers, of which one answered 900 ms late, one claimed 5,000 blocks, and one sent 200
 * announcements a second. The median of pings, which was not told then, is the last one, and there are no workers.
 */
const recordings = new Map(
  readFileSync(new URL("../vectors/doctor_recorded.jsonl", import.meta.url), "utf8").trimEnd().split("\n")
    .map((line) => JSON.parse(line) as Recording).map((recording) => [recording.name, recording]),
);

function look(name: string): Diagnosis {
  const { looks: recorded, workers } = recordings.get(name)!;
  const looks = recorded.map(({ vitals, peers }) => ({ vitals: { ...vitals, shards: [] }, peers }));
  const window = new VitalsWindow();
  for (const { vitals, peers } of looks) {
    window.add(vitals, () => new Map(peers.map((peer) => [peer.id, markOf(peer)])));
  }
  const { vitals: now, peers } = looks.at(-1)!;
  const { recent, slow, marks } = window;
  return diagnose({
    now,
    figures: figuresOf(recent, slow),
    peers,
    workers,
    offenders: [],
    marks: marks.byPeer,
    marksSeconds: (now.at - marks.at) / 1_000,
  });
}

test("doctor, recorded: good company is left alone", () => {
  const { healthy, findings } = look("well");
  assertEquals([healthy, findings.map(({ id }) => id)], [true, ["chain-follows", "headroom"]]);
});

test("doctor, recorded: who floods, who lies and who is slow are told from those who do nothing of the kind", () => {
  const { findings, figures } = look("rogues");
  const accused = findings.filter(({ peer }) => peer !== null).map(({ id, peer }) => `${id} ${peer}`);
  assertEquals(accused, ["flood 5", "false-claim 4", "slow 3"]);
  assertEquals(Math.round(figures.invMessagesPerSecond!), 194);
  assertEquals(Math.round(figures.typeShares.inv! * 100), 99);
});
