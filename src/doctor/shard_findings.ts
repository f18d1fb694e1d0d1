import type { Finding, Observation } from "./diagnosis.ts";

/** Whether the threads that connections are in live, and keep up. */
export function findShards({ now, figures }: Observation): readonly Finding[] {
  const { shards } = now;
  const { failures, late, full } = figures.shards;
  const findings: Finding[] = [];
  const add = (finding: Pick<Finding, "id" | "level" | "text" | "evidence" | "advice">) =>
    void findings.push({ ...finding, peer: null, change: null });
  const down = shards.filter(({ state }) => state === "down").map(({ id }) => id);
  if (down.length > 0) {
    add({
      id: "worker-down",
      level: down.length === shards.length ? "problem" : "warning",
      text: `of ${shards.length} workers ${down.length} are down, and take no connections`,
      evidence: { down: down.join(","), workers: shards.length },
      advice: "look in the log for the reason: a worker ended; it is started again after a pause",
    });
  } else if (failures > 0) {
    add({
      id: "worker-failed",
      level: "warning",
      text: "a worker failed, and its connections with it; another one has its place",
      evidence: { failures, ...Object.fromEntries(shards.map(({ id, restarts }) => [`restartsOf${id}`, restarts])) },
      advice: "look in the log for the reason: a worker ended",
    });
  }
  if (late.length > 0) {
    add({
      id: "busy-worker",
      level: "warning",
      text: `the event loop of worker ${late.join(" and ")} is late`,
      evidence: Object.fromEntries(shards.map(({ id, delayMs }) => [`delayMsOf${id}`, delayMs])),
      advice: "where cores are idle more --workers share the work; else lower --max-inbound",
    });
  }
  if (full.length > 0) {
    add({
      id: "busy-main-thread",
      level: "warning",
      text: `the main thread does not keep up with worker ${full.join(" and ")}: its ring is full, and its peers wait`,
      evidence: Object.fromEntries(shards.map(({ id, ringUse }) => [`ringUseOf${id}`, ringUse.toMain])),
      advice: "run handlers in threads (--on, onWorker), or lower --max-inbound; more --workers do not help",
    });
  }
  return findings;
}
