import type { Channel } from "../bus/channels.ts";
import type { TrafficByType } from "../protocol/peer_snapshots.ts";
import { MIN_CHURN_WINDOW_MS } from "../protocol/doctor_params.ts";
import { type ShardFigures, shardFiguresOf } from "./shard_figures.ts";
import type { Vitals } from "./vitals.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** What a node's counts come to over a window. Shares are 0 to 1; null where there is nothing to tell it from. */
export interface Figures {
  readonly windowSeconds: number;
  /** The worst channel: events that its subscribers missed, of those offered. */
  readonly lag: { readonly channel: Channel; readonly share: number; readonly missed: number } | null;
  /** The fullest queue of the window. */
  readonly channelUse: { readonly channel: Channel; readonly share: number; readonly capacity: number } | null;
  /** Announced items that repeated others; null also where nobody looks for them. */
  readonly duplicateShare: number | null;
  readonly invMessagesPerSecond: number | null;
  readonly blockMessagesPerSecond: number | null;
  /** Of the messages received, by type. */
  readonly typeShares: Readonly<Record<string, number>>;
  /** Peers that left in an hour, for each one that is there. */
  readonly churnPerHour: number | null;
  /** Of the blocks that joined the best chain: changes of branch, and blocks that came before their parents. */
  readonly reorganisationShare: number | null;
  readonly orphanShare: number | null;
  /** Frames that full outboxes did not take. */
  readonly dropped: number;
  /** Because the queue of requests was full. */
  readonly requestsRefused: number;
  /** Of the threads that connections are in; zero and empty where there are none. */
  readonly shards: ShardFigures;
}

const MS_PER_HOUR = 3_600_000;
const BLOCK_TYPES = ["block", "cmpctblock"] as const;

/** Both lists from the oldest to the newest, which is the present; neither is empty. */
export function figuresOf(recent: readonly Vitals[], slow: readonly Vitals[]): Figures {
  const [base, now] = [recent[0]!, recent.at(-1)!];
  const seconds = (now.at - base.at) / MS_PER_SECOND;
  const perSecond = (count: number) => seconds > 0 ? count / seconds : null;
  const messages = (type: keyof TrafficByType) => messagesOf(now, type) - messagesOf(base, type);
  const announced = now.inventory.announced - base.inventory.announced;
  const isLookedFor = now.dedupe !== "off" && base.dedupe !== "off";
  return {
    windowSeconds: seconds,
    lag: worstLag(base, now),
    channelUse: fullestChannel(recent),
    duplicateShare: isLookedFor ? shareOf(now.inventory.duplicates - base.inventory.duplicates, announced) : null,
    invMessagesPerSecond: perSecond(messages("inv")),
    blockMessagesPerSecond: perSecond(BLOCK_TYPES.reduce((sum, type) => sum + messages(type), 0)),
    typeShares: typeShares(base, now),
    ...slowFigures([...slow, now]),
    dropped: now.traffic.dropped - base.traffic.dropped,
    requestsRefused: now.queues.requestsRefused - base.queues.requestsRefused,
    shards: shardFiguresOf(recent),
  };
}

function worstLag(base: Vitals, now: Vitals): Figures["lag"] {
  let worst: Figures["lag"] = null;
  for (const [i, { channel, lag, offered }] of now.channels.entries()) {
    const before = base.channels[i]!;
    const missed = lag - before.lag;
    const share = shareOf(missed, offered - before.offered);
    if (share !== null && (!worst || share > worst.share)) worst = { channel, share, missed };
  }
  return worst;
}

function fullestChannel(recent: readonly Vitals[]): Figures["channelUse"] {
  let fullest: Figures["channelUse"] = null;
  for (const { channels } of recent) {
    for (const { channel, usage, capacity, subscribers } of channels) {
      if (subscribers > 0 && (!fullest || usage > fullest.share)) fullest = { channel, share: usage, capacity };
    }
  }
  return fullest;
}

function typeShares(base: Vitals, now: Vitals): Readonly<Record<string, number>> {
  const counts = Object.entries(now.traffic.in)
    .map(([type, { messages }]) => [type, messages - messagesOf(base, type as keyof TrafficByType)] as const)
    .filter(([, count]) => count > 0);
  const total = counts.reduce((sum, [, count]) => sum + count, 0);
  return Object.fromEntries(counts.map(([type, count]) => [type, count / total]));
}

/** What happens a few times an hour. */
function slowFigures(
  slow: readonly Vitals[],
): Pick<Figures, "churnPerHour" | "reorganisationShare" | "orphanShare"> {
  const [base, now] = [slow[0]!, slow.at(-1)!];
  const elapsedMs = now.at - base.at;
  const meanPeers = slow.reduce((sum, { peers }) => sum + peers.inbound + peers.outbound, 0) / slow.length;
  const connected = now.blocks.connected - base.blocks.connected;
  const orphans = now.blocks.orphans - base.blocks.orphans;
  const left = shareOf(now.peers.left - base.peers.left, meanPeers);
  return {
    churnPerHour: left === null || elapsedMs < MIN_CHURN_WINDOW_MS ? null : left * MS_PER_HOUR / elapsedMs,
    reorganisationShare: shareOf(now.blocks.reorganisations - base.blocks.reorganisations, connected),
    orphanShare: shareOf(orphans, connected + orphans),
  };
}

function messagesOf({ traffic }: Vitals, type: keyof TrafficByType): number {
  return traffic.in[type]?.messages ?? 0;
}

function shareOf(part: number, whole: number): number | null {
  return whole > 0 ? part / whole : null;
}
