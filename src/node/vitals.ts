import type { PeerFigures, QueueFigures, TimeFigures, Vitals } from "../doctor/vitals.ts";
import type { NodeCore } from "./core.ts";
import { snapshotChain } from "./snapshot.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** Reads all figures of a node. */
export function readVitals(core: NodeCore): Vitals {
  const { env, meter, startedAt, bus, ledger, peers, services, options: { network } } = core;
  const { height, headers, syncing, progress, medianTime } = snapshotChain(ledger.chain);
  return {
    at: env.now(),
    startedAt,
    peers: readPeers(core),
    traffic: peers.traffic(),
    connections: peers.counts(),
    channels: bus.channels(),
    channelMode: bus.mode,
    dedupe: services.inventory.mode,
    inventory: services.inventory.counts(),
    pool: services.transactionRelay.snapshot(),
    chain: { height, headers, syncing, progress, medianTime },
    wallClockSeconds: Math.floor(env.wallClock() / MS_PER_SECOND),
    spacingSeconds: network.difficulty === "none" ? null : network.spacingSeconds,
    blocks: ledger.counts,
    queues: readQueues(core),
    shards: core.shards?.snapshot() ?? [],
    times: readTimes(core, env.now()),
    machine: meter?.read() ?? null,
  };
}

function readPeers({ peers, peerLife, options: { maxInbound, maxOutbound } }: NodeCore): PeerFigures {
  const count = { inbound: 0, outbound: 0, handshaking: 0 };
  let heldBytes = 0;
  let maxHeldBytes = 0;
  for (const peer of peers.all()) {
    count[peer.state === "ready" ? peer.direction : "handshaking"]++;
    const bytes = peerLife.heldBytes(peer);
    heldBytes += bytes;
    maxHeldBytes = Math.max(maxHeldBytes, bytes);
  }
  return { ...count, maxInbound, maxOutbound, ...peerLife.counts, heldBytes, maxHeldBytes };
}

function readQueues({ peers, services: { anyOfRequests, blockSync } }: NodeCore): QueueFigures {
  const waiting = { mailboxBytes: 0, pausedPeers: 0, outboxBytes: 0, outboxFrames: 0 };
  for (const { mailbox, outbox } of peers.all()) {
    waiting.mailboxBytes += mailbox.bytes;
    if (mailbox.paused) waiting.pausedPeers++;
    waiting.outboxBytes += outbox.bytes;
    waiting.outboxFrames += outbox.frames;
  }
  const requests = anyOfRequests.dispatcher.snapshot();
  return {
    ...waiting,
    requests: requests.waiting,
    requestBytes: requests.waitingBytes,
    requestsUnderWay: requests.underWay,
    requestsRefused: requests.refused,
    blocksInFlight: blockSync.allInFlight,
  };
}

function readTimes({ peers, sightings, services }: NodeCore, now: number): TimeFigures {
  return {
    blockPropagation: sightings.snapshot(now),
    transactionDelivery: services.transactionRelay.deliveryTimes(),
    turnWait: peers.times.turns.snapshot(now),
    writeWait: peers.times.writes.snapshot(now),
    requestWait: services.anyOfRequests.dispatcher.waits(),
  };
}
