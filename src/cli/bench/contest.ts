import { LocalError } from "../../protocol/errors.ts";
import { NS_PER_MS, sleep } from "./clock.ts";
import type { Crew, Remote } from "./crew.ts";
import type { FlowReceiver, FlowSender, FlowSpec } from "./flow.ts";
import { Latencies } from "./latencies.ts";
import type { BenchOptions } from "./options.ts";
import { median, type Usage, usageBetween } from "./usage.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** One way of doing a thing, in a pair of processes that live as long as the bench. */
export interface Candidate {
  readonly name: string;
  readonly sizeBytes: number;
  readonly sender: Remote<FlowSender>;
  readonly receiver: Remote<FlowReceiver>;
}

/** What was measured of one candidate. */
export interface Result {
  readonly name: string;
  /** Messages that arrived, a second: the median, and each round. */
  readonly perSecond: number;
  readonly rounds: readonly number[];
  /** On the wire, headers included. */
  readonly bytesPerSecond: number;
  readonly sender: Share;
  readonly receiver: Share;
  /** Messages handed over that never arrived, over all rounds; and those that a full outbox refused. */
  readonly lost: number;
  readonly dropped: number;
  /** From due to delivered, at this rate a connection. */
  readonly latencies: Latencies;
  readonly pacedPerSecond: number;
  readonly pacedSender: Share;
  readonly pacedReceiver: Share;
}

/** What one process took of the machine while it was measured. */
export interface Share {
  readonly cpuMsPerSecond: number;
  /** What one message cost; unlike the rate it hardly depends on what else the machine does. */
  readonly cpuNsPerMessage: number;
  readonly residentBytes: number;
}

export interface Window {
  readonly rounds: number;
  /** Of each round of each candidate. */
  readonly ms: number;
  /** Instead of a time: so many messages a round. */
  readonly messages: number | undefined;
  readonly warmupMs: number;
  readonly pacedMs: number;
  /** Messages a second and connection at which latency is measured; undefined: half of what the slowest can do. */
  readonly perSecond: number | undefined;
}

interface Round {
  readonly perSecond: number;
  readonly sender: Usage;
  readonly receiver: Usage;
  readonly lost: number;
  readonly dropped: number;
}

/** A flood is under way for this long before a round is measured, at most: buffers fill, the outbox finds its pace. */
const MAX_RAMP_MS = 200;
const DEFAULT_DURATION_MS = 5_000;
const DEFAULT_WARMUP_MS = 1_000;
/** Of the time that was asked for, so much more goes to each candidate's latency. */
const PACED_SHARE = 0.4;
/** Where a number of messages was asked for instead. */
const COUNTED_PACED_MS = 500;
/** An odd number has a middle one. */
export const ROUNDS = 5;

/** How the time that was asked for is spent. */
export function windowOf(options: BenchOptions): Window {
  const { durationMs = DEFAULT_DURATION_MS } = options;
  return {
    rounds: ROUNDS,
    ms: durationMs / ROUNDS,
    messages: options.count === undefined ? undefined : Math.ceil(options.count / ROUNDS),
    warmupMs: options.warmupMs ?? DEFAULT_WARMUP_MS,
    pacedMs: options.count === undefined ? PACED_SHARE * durationMs : COUNTED_PACED_MS,
    perSecond: options.rate,
  };
}

/** Which sides make a candidate. Subscribers of a topic are peers only: a hundred whole nodes would be a bench of memory. */
const SIDES_OF = {
  bare: ["bare-sender", "bare-receiver"],
  peers: ["peers-sender", "peers-receiver"],
  node: ["node-sender", "node-receiver"],
  topic: ["node-sender", "peers-receiver"],
} as const;
export type Kind = keyof typeof SIDES_OF;

/** Starts the two processes of a candidate and connects them. */
export async function enter(crew: Crew, kind: Kind, name: string, spec: FlowSpec): Promise<Candidate> {
  const [senderRole, receiverRole] = SIDES_OF[kind];
  const sender = await crew.start(senderRole, spec);
  const receiver = await crew.start(receiverRole, spec);
  await receiver.ask("connect", await sender.ask("listen"));
  await sender.ask("connected");
  return { name, sizeBytes: await sender.ask("sizeBytes"), sender, receiver };
}

/** Floods in turn, A B A B, so that a busy machine is unfair to all alike; then latency, all at the same rate. */
export async function compete(
  crew: Crew,
  candidates: readonly Candidate[],
  spec: FlowSpec,
  window: Window,
): Promise<Result[]> {
  // Each is warmed up, flooded so many times, and timed.
  const step = crew.plan(candidates.length * (window.rounds + 2));
  const rounds = new Map<Candidate, Round[]>();
  for (const candidate of candidates) {
    await warmUp(candidate, window.warmupMs);
    rounds.set(candidate, []);
    step();
  }
  for (let round = 0; round < window.rounds; round++) {
    for (const candidate of candidates) {
      rounds.get(candidate)!.push(await flood(candidate, window));
      step();
    }
  }
  const slowest = Math.min(...[...rounds.values()].map((all) => medianOf(all, ({ perSecond }) => perSecond)));
  const perSecond = window.perSecond ?? Math.floor(slowest / spec.connections / 2);
  const results: Result[] = [];
  for (const candidate of candidates) {
    results.push(await pace(candidate, rounds.get(candidate)!, perSecond, window.pacedMs));
    step();
  }
  return results;
}

async function warmUp(candidate: Candidate, ms: number): Promise<void> {
  await candidate.sender.ask("flood", {});
  await sleep(ms);
  await settle(candidate);
}

async function flood(candidate: Candidate, window: Window): Promise<Round> {
  const { sender, receiver } = candidate;
  const begin = () => Promise.all([sender.ask("sample"), receiver.ask("sample")]);
  if (window.messages === undefined) {
    await sender.ask("flood", {});
    await sleep(Math.min(MAX_RAMP_MS, window.ms));
    const before = await begin();
    await sleep(window.ms);
    const after = await begin();
    return roundOf(before, after, await settle(candidate));
  }
  const before = await begin();
  await sender.ask("flood", { messages: window.messages });
  const arrived = await receiver.ask("reach", before[1].done + window.messages);
  const after = [await sender.ask("sample"), arrived] as const;
  return roundOf(before, after, await settle(candidate));
}

type Samples = readonly [sender: Parameters<typeof usageBetween>[0], receiver: Parameters<typeof usageBetween>[0]];

function roundOf(before: Samples, after: Samples, loss: Pick<Round, "lost" | "dropped">): Round {
  const [sender, receiver] = [usageBetween(before[0], after[0]), usageBetween(before[1], after[1])];
  return { perSecond: receiver.done / receiver.ms * MS_PER_SECOND, sender, receiver, ...loss };
}

/** Ends a flood and waits until all of it has arrived. */
async function settle({ sender, receiver }: Candidate): Promise<Pick<Round, "lost" | "dropped">> {
  const { dropped } = await sender.ask("halt");
  const { done: sent } = await sender.ask("sample");
  const { done } = await receiver.ask("reach", sent);
  return { lost: sent - done, dropped };
}

async function pace(candidate: Candidate, rounds: readonly Round[], perSecond: number, ms: number): Promise<Result> {
  const { name, sender, receiver } = candidate;
  await receiver.ask("time", true);
  await sender.ask("pace", { perSecond });
  const before = await Promise.all([sender.ask("sample"), receiver.ask("sample")]);
  await sleep(ms);
  const after = await Promise.all([sender.ask("sample"), receiver.ask("sample")]);
  const { dropped } = await settle(candidate);
  const latencies = new Latencies();
  latencies.merge(await receiver.ask("latencies"));
  await receiver.ask("time", false);
  if (latencies.count === 0) throw new LocalError("stopped", `Cannot measure ${name}: no message arrived`);
  return {
    name,
    perSecond: medianOf(rounds, (round) => round.perSecond),
    rounds: rounds.map((round) => round.perSecond),
    bytesPerSecond: medianOf(rounds, (round) => round.perSecond) * candidate.sizeBytes,
    sender: shareOf(rounds.map((round) => round.sender)),
    receiver: shareOf(rounds.map((round) => round.receiver)),
    lost: rounds.at(-1)!.lost,
    dropped: rounds.reduce((sum, round) => sum + round.dropped, dropped),
    latencies,
    pacedPerSecond: perSecond,
    pacedSender: shareOf([usageBetween(before[0], after[0])]),
    pacedReceiver: shareOf([usageBetween(before[1], after[1])]),
  };
}

export function shareOf(usages: readonly Usage[]): Share {
  return {
    cpuMsPerSecond: medianOf(usages, ({ cpuMs, ms }) => cpuMs / ms * MS_PER_SECOND),
    cpuNsPerMessage: medianOf(usages, ({ cpuMs, done }) => cpuMs * NS_PER_MS / done),
    residentBytes: Math.max(...usages.map(({ residentBytes }) => residentBytes)),
  };
}

function medianOf<T>(values: readonly T[], read: (value: T) => number): number {
  return median(values.map(read));
}
