import type { Evidence, Finding, Observation } from "./diagnosis.ts";

/** Whether the threads that connections are in live, and keep up. */
export function findShards(observation: Observation): readonly Finding[] {
  return [...findEnded(observation), ...findBusy(observation)];
}

function findEnded({ now: { shards }, figures }: Observation): Finding[] {
  const { failures } = figures.shards;
  const down = shards.filter(({ state }) => state === "down").map(({ id }) => id);
  if (down.length > 0) {
    const text = `of ${shards.length} workers ${down.length} ${
      down.length === 1 ? "is" : "are"
    } down, without connections`;
    const evidence = { down: down.join(","), workers: shards.length };
    const advice = "look in the log for the reason: a worker ended; it is started again after a pause";
    return [finding("worker-down", down.length === shards.length ? "problem" : "warning", text, evidence, advice)];
  }
  if (failures <= 0) return [];
  const text = "a worker failed, and its connections with it; another one has its place";
  const evidence = {
    failures,
    ...Object.fromEntries(shards.map(({ id, restarts }) => [`restartsOf${id}`, restarts])),
  };
  return [finding("worker-failed", "warning", text, evidence, "look in the log for the reason: a worker ended")];
}

function findBusy({ now: { shards }, figures }: Observation): Finding[] {
  const { late, full } = figures.shards;
  const findings: Finding[] = [];
  if (late.length > 0) {
    const text = `the event loop of worker ${late.join(" and ")} is late`;
    const evidence = Object.fromEntries(shards.map(({ id, delayMs }) => [`delayMsOf${id}`, delayMs]));
    const advice = "where cores are idle more --workers share the work; else lower --max-inbound";
    findings.push(finding("busy-worker", "warning", text, evidence, advice));
  }
  if (full.length > 0) {
    const whose = full.join(" and ");
    const text = `the main thread does not keep up with worker ${whose}: its ring is full, and its peers wait`;
    const evidence = Object.fromEntries(shards.map(({ id, ringUse }) => [`ringUseOf${id}`, ringUse.toMain]));
    const advice = "run handlers in threads (--on, onWorker), or lower --max-inbound; more --workers do not help";
    findings.push(finding("busy-main-thread", "warning", text, evidence, advice));
  }
  return findings;
}

function finding(id: string, level: Finding["level"], text: string, evidence: Evidence, advice: string): Finding {
  return { id, level, peer: null, text, evidence, advice, change: null };
}
