import { CLAIM_TOLERANCE_BLOCKS, MAX_LOOP_DELAY_P99_MS, STALE_TIP_SPACINGS } from "../protocol/doctor_params.ts";
import type { Evidence, Finding, Observation } from "./diagnosis.ts";

const PERCENT = 100;

/** Whether the node does its work: follows the chain, has peers, and keeps up with itself. */
export function findNode(observation: Observation): readonly Finding[] {
  return [
    ...peersThere(observation),
    ...chainFollows(observation),
    ...keepsUp(observation),
    ...full(observation),
  ];
}

function peersThere({ now }: Observation): Finding[] {
  const { inbound, outbound, maxOutbound, handshaking } = now.peers;
  if (inbound + outbound > 0) return [];
  const text = "nobody is connected";
  const advice = "name a node that is reachable with --join HOST:PORT";
  return [finding("no-peers", "problem", text, { handshaking, maxOutbound }, advice)];
}

function chainFollows({ now, peers }: Observation): Finding[] {
  const { height, headers, syncing, progress, medianTime } = now.chain;
  const best = Math.max(0, ...peers.map(({ provenHeight }) => provenHeight));
  const tipAgeSeconds = Math.max(0, now.wallClockSeconds - medianTime);
  const evidence = { height, headers, bestOfPeers: best, tipAgeSeconds };
  if (syncing) {
    const known = { ...evidence, progressPercent: Math.round(progress * PERCENT), inFlight: now.queues.blocksInFlight };
    const isStuck = headers > height && now.queues.blocksInFlight === 0;
    return isStuck
      ? [finding("sync-stuck", "problem", "the sync has stopped: no block is asked of anybody", known, ADVICE.peers)]
      : [finding("syncing", "note", "the chain is being fetched", known, null)];
  }
  if (best > height + CLAIM_TOLERANCE_BLOCKS) {
    return [finding("behind", "problem", "peers have blocks that we do not follow", evidence, ADVICE.logs)];
  }
  const { spacingSeconds } = now;
  if (spacingSeconds !== null && tipAgeSeconds > STALE_TIP_SPACINGS * spacingSeconds + medianLag(spacingSeconds)) {
    const text = "no new block for far longer than is usual";
    return [finding("stale-tip", "warning", text, { ...evidence, spacingSeconds }, ADVICE.peers)];
  }
  return [finding("chain-follows", "ok", "the chain follows the peers", evidence, null)];
}

const ADVICE = {
  peers: "add peers with p2p inspect connect HOST:PORT, or restart with --join HOST:PORT",
  logs: "look for invalid blocks in the log, and restart with --log sync=debug",
} as const;

/** The median of eleven blocks is as old as five of them when the tip is new. */
function medianLag(spacingSeconds: number): number {
  return 5 * spacingSeconds;
}

function keepsUp({ now, figures }: Observation): Finding[] {
  const findings: Finding[] = [];
  const delay = now.machine?.loopDelay;
  if (delay && delay.p99Ms !== null && delay.p99Ms > MAX_LOOP_DELAY_P99_MS) {
    const evidence = { p50Ms: delay.p50Ms, p99Ms: delay.p99Ms, maxMs: delay.maxMs };
    const advice = "give it more of a core, or lower --max-inbound: everything waits for the event loop";
    findings.push(finding("busy-loop", "warning", "the event loop is late", evidence, advice));
  }
  if (figures.requestsRefused > 0) {
    const evidence = { refused: figures.requestsRefused, waiting: now.queues.requests };
    const advice = "ask less at once, or have more peers that answer";
    findings.push(
      finding("requests-refused", "warning", "requests of ours are refused: their queue is full", evidence, advice),
    );
  }
  return findings;
}

function full({ now }: Observation): Finding[] {
  const { inbound, maxInbound } = now.peers;
  if (maxInbound === 0 || inbound < maxInbound) return [];
  const evidence = { inbound, maxInbound, refused: now.connections.refused.full, evicted: now.connections.evicted };
  const text = "all places for inbound peers are taken";
  return [finding("full", "note", text, evidence, "raise --max-inbound if the machine has room")];
}

function finding(
  id: string,
  level: Finding["level"],
  text: string,
  evidence: Evidence,
  advice: string | null,
): Finding {
  return { id, level, peer: null, text, evidence, advice, change: null };
}
