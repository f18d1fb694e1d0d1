import { CHANNEL_CAPACITIES } from "../bus/channels.ts";
import {
  MANY_DUPLICATES_SHARE,
  MANY_PEERS,
  MAX_CAPACITY_FACTOR,
  MAX_CHANNEL_USE,
  MAX_LAG_SHARE,
} from "../protocol/doctor_params.ts";
import type { Change, Evidence, Finding, Observation } from "./diagnosis.ts";

const PERCENT = 100;
const DIGITS = 2;

/**
 * What should be changed about the event channels and about duplicates: one thing at most, the most promising one. Where
 * subscribers miss events, less to handle helps before more room does.
 */
export function findTuning(observation: Observation): readonly Finding[] {
  const { lag, channelUse, duplicateShare } = observation.figures;
  const evidence: Evidence = {
    lagPercent: percent(lag?.share),
    channelUsePercent: percent(channelUse?.share),
    duplicatesPercent: percent(duplicateShare),
    peers: countPeers(observation),
    dedupe: observation.now.dedupe,
    channels: observation.now.channelMode,
  };
  if (lag && lag.share > MAX_LAG_SHARE) return [onLag(observation, { channel: lag.channel, ...evidence })];
  if (channelUse && channelUse.share >= MAX_CHANNEL_USE) {
    return [onFullChannel(observation, { channel: channelUse.channel, ...evidence })];
  }
  return [headroom(observation, evidence)];
}

function onLag(observation: Observation, evidence: Evidence): Finding {
  const change = changeForLag(observation);
  const text = `subscribers miss events of the ${evidence.channel} channel`;
  return finding("lag", "warning", text, evidence, adviceFor(change, observation), change);
}

/** In this order: fewer events, more room. */
function changeForLag(observation: Observation): Change | null {
  const { figures, now } = observation;
  if (now.dedupe === "off") return { kind: "dedupe", to: "count" };
  const hasManyDuplicates = (figures.duplicateShare ?? 0) > MANY_DUPLICATES_SHARE;
  if (hasManyDuplicates && now.dedupe !== "drop") return { kind: "dedupe", to: "drop" };
  return moreRoom(figures.lag!.channel, now);
}

function onFullChannel(observation: Observation, evidence: Evidence): Finding {
  const { figures, now } = observation;
  const change = moreRoom(figures.channelUse!.channel, now);
  const text = `the ${evidence.channel} channel is nearly full: the next burst will not fit`;
  return finding("full-channel", "warning", text, evidence, adviceFor(change, observation), change);
}

/**
 * One queue for all has its size, whatever the capacities are, so it is separated first. A queue of its own becomes twice
 * as large, up to a bound; null where that is reached: the subscriber has to become quicker.
 */
function moreRoom(
  channel: keyof typeof CHANNEL_CAPACITIES,
  { channelMode, channels }: Observation["now"],
): Change | null {
  if (channelMode === "single") return { kind: "channels", to: "segmented" };
  const { capacity } = channels.find((use) => use.channel === channel)!;
  const to = Math.min(2 * capacity, MAX_CAPACITY_FACTOR * CHANNEL_CAPACITIES[channel]);
  return to > capacity ? { kind: "capacity", channel, to } : null;
}

function adviceFor(change: Change | null, observation: Observation): string {
  switch (change?.kind) {
    case "dedupe":
      return change.to === "count"
        ? "start with --dedupe count: whether announcements repeat each other is not known while it is off"
        : "start with --dedupe drop: most announcements repeat others";
    case "channels":
      return countPeers(observation) > MANY_PEERS
        ? "start with --channels segmented: with so many peers, data crowds out control events"
        : "start with --channels segmented: one queue for all cannot be enlarged";
    case "capacity":
      return `start with --autotune, which enlarges the ${change.channel} channel to ${change.to} events`;
    default:
      return "make the subscriber quicker: its channel is as large as it gets";
  }
}

/** Without lag there is nothing to gain, and that is worth saying. */
function headroom({ figures }: Observation, evidence: Evidence): Finding {
  const isKnown = figures.lag !== null;
  const text = isKnown
    ? "the event channels have headroom: nothing should change"
    : "nobody listens to events, so none can be missed: nothing should change";
  return finding("headroom", "ok", text, evidence, null, null);
}

function finding(
  id: string,
  level: Finding["level"],
  text: string,
  evidence: Evidence,
  advice: string | null,
  change: Change | null,
): Finding {
  return { id, level, peer: null, text, evidence, advice, change };
}

function percent(share: number | null | undefined): number | null {
  return share === null || share === undefined ? null : Number((share * PERCENT).toFixed(DIGITS));
}

function countPeers({ now: { peers } }: Observation): number {
  return peers.inbound + peers.outbound;
}
