import { Doctor } from "../doctor/doctor.ts";
import type { Change } from "../doctor/diagnosis.ts";
import type { PeerMark } from "../doctor/window.ts";
import type { Peer } from "../peer/peer.ts";
import type { MessageType } from "../protocol/messages.ts";
import { DEFAULT_CADENCES } from "../protocol/cadences.ts";
import type { NodeCore } from "./core.ts";
import { readVitals } from "./vitals.ts";

/** Has a node looked after by a doctor, who follows its own advice where the owner wants that. */
export function createDoctor(core: NodeCore): Doctor {
  const { env, peers, peerLife, bus, services: { blockSync, anyOfRequests }, options } = core;
  const log = env.logger("doctor");
  const { metricsMs } = { ...DEFAULT_CADENCES, ...options.cadences };
  return new Doctor({
    env,
    intervalMs: metricsMs,
    look: () => readVitals(core),
    peers: () => [...peers.all()].map((peer) => peerLife.snapshot(peer)),
    marks: () => new Map([...peers.all()].map((peer) => [peer.id, markPeer(peer)])),
    workers: () => [
      ...blockSync.balancer.snapshot("blocks"),
      ...anyOfRequests.dispatcher.balancer.snapshot("requests"),
    ],
    offenders: () => core.connections.reputation.offenders(),
    apply: !options.autotune ? undefined : ({ id, change, evidence }) => {
      applyChange(core, change);
      const what = describeChange(change);
      log.info("autotune", { reason: id, change: what, ...evidence });
      bus.publish("autotune:applied", { reason: id, change: what, evidence });
    },
  });
}

function markPeer({ messagesIn, bytesIn, cpuMs, outbox }: Peer): PeerMark {
  let messages = 0;
  for (const type in messagesIn) messages += messagesIn[type as MessageType]!;
  return { messages, bytes: bytesIn, cpuMs, dropped: outbox.dropped };
}

function applyChange({ bus, services }: NodeCore, change: Change): void {
  switch (change.kind) {
    case "dedupe":
      return services.inventory.setMode(change.to);
    case "channels":
      return bus.reshape(change.to, bus.capacities);
    case "capacity":
      return bus.reshape(bus.mode, { ...bus.capacities, [change.channel]: change.to });
  }
}

function describeChange(change: Change): string {
  switch (change.kind) {
    case "dedupe":
      return `dedupe ${change.to}`;
    case "channels":
      return `channels ${change.to}`;
    case "capacity":
      return `capacity of ${change.channel} ${change.to}`;
  }
}
