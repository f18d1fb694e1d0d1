import { Latencies } from "./latencies.ts";
import type { SideContext } from "./side.ts";
import { type Sample, takeSample } from "./usage.ts";
import type { Wire } from "./options.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** One stream of messages from a process to the connections of another one. */
export interface FlowSpec {
  readonly wire: Wire;
  readonly connections: number;
  /** Bytes that a message takes on the wire, its header included. */
  readonly sizeBytes: number;
  /** Messages that are handed over in one turn of the loop, for each connection. */
  readonly burst: number;
  /**
   * How a message becomes bytes: `once` for all connections by Peers.broadcast, for `each` by Peer.send, or once and
   * then `copied` for each.
   */
  readonly encoded: "once" | "each" | "copied";
  /** Whether the frames of a turn are joined, or each is a write of its own. */
  readonly writes: "joined" | "single";
  /** What is sent: an application's bytes, to one or to a topic, or a message with a structure. */
  readonly content: "bytes" | "topic" | "addresses";
  /** The spelling of messages: the wire's own, or JSON. */
  readonly spelling: "wire" | "json";
  /** The level that is logged; what is logged is formatted and thrown away. */
  readonly log: "off" | "debug";
}

/** How production does it. */
export const AS_SHIPPED = { writes: "joined", content: "bytes", spelling: "wire", log: "off" } as const;

/** What was handed over since the last answer. */
export interface Sent {
  /** Messages, one a connection. */
  readonly sent: number;
  /** Of which a full outbox refused so many. */
  readonly dropped: number;
}

/** The process that a flow comes from. It listens, so that many connections can share one address. */
export interface FlowSender {
  /** The port. */
  listen(): Promise<number>;
  /** Resolves once all connections of the receiver are there. */
  connected(): Promise<void>;
  /** Bytes of a message on the wire, its header included. */
  sizeBytes(): number;
  /** As fast as all connections take it, until `halt`, or so many messages in all. */
  flood(limit: { readonly messages?: number }): void;
  /** So many messages a second to each connection, each with the time at which it was due. */
  pace(rate: { readonly perSecond: number }): void;
  halt(): Sent;
  /** Counts messages handed over. */
  sample(): Sample;
}

/** The process that a flow goes to. It counts, and measures where messages carry a time. */
export interface FlowReceiver {
  connect(port: number): Promise<void>;
  /** Counts messages that arrived whole. */
  sample(): Sample;
  /** Resolves once so many have arrived since the start, or none has for `QUIET_MS`. */
  reach(done: number): Promise<Sample>;
  /** Begins or stops to note how late each message is. */
  time(isOn: boolean): void;
  /** Encoded `Latencies` of the messages since `time`. */
  latencies(): string;
}

/** Nothing more is coming: loopback delivers within milliseconds. */
const QUIET_MS = 1_000;
export const LOOPBACK = "127.0.0.1";
const TICK_MS = 1;

/**
 * Calls `emit` at a rate, with how many messages are due and since when. A tick that comes late sends what it owes with
 * the time that it should have gone at, so that a stall shows in every message that it delayed (coordinated omission).
 */
export function startPacer(
  perSecond: number,
  clock: () => number,
  emit: (count: number, dueMs: number) => void,
): () => void {
  const startedAt = clock();
  let tick = 0;
  let emitted = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const run = () => {
    for (const now = clock(); startedAt + tick * TICK_MS <= now; tick++) {
      const owed = Math.floor(tick * TICK_MS * perSecond / MS_PER_SECOND) - emitted;
      if (owed > 0) emit(owed, startedAt + tick * TICK_MS);
      emitted += owed;
    }
    timer = setTimeout(run, Math.max(0, startedAt + tick * TICK_MS - clock()));
  };
  run();
  return () => clearTimeout(timer);
}

/** Counts what a sender hands over: in all for samples, and since the last halt. */
export class SentCounter {
  total = 0;
  #halted = { sent: 0, dropped: 0 };
  #dropped = 0;

  add(sent: number, dropped: number): void {
    this.total += sent;
    this.#dropped += dropped;
  }

  takeSent(): Sent {
    const { sent, dropped } = this.#halted;
    this.#halted = { sent: this.total, dropped: this.#dropped };
    return { sent: this.total - sent, dropped: this.#dropped - dropped };
  }
}

/** Counts what a receiver was handed, and how late it was while somebody asks. */
export class ReceivedCounter {
  total = 0;
  isTimed = false;
  readonly #side: Pick<SideContext, "context" | "clock">;
  readonly #latencies = new Latencies();

  constructor(side: Pick<SideContext, "context" | "clock">) {
    this.#side = side;
  }

  /** A message said when it was due; 0: it did not say. */
  note(stamp: number): void {
    if (stamp > 0) this.#latencies.add(this.#side.clock() - stamp);
  }

  /** What is asked of any receiver. */
  answers(): Omit<FlowReceiver, "connect"> {
    const sample = () => takeSample(this.#side.context.host, this.#side.clock, this.total);
    return {
      sample,
      reach: async (wanted) => {
        await waitForCount(() => this.total, wanted);
        return sample();
      },
      time: (isOn) => {
        this.#latencies.reset();
        this.isTimed = isOn;
      },
      latencies: () => this.#latencies.encode(),
    };
  }
}

/** Waits for a counter that somebody else moves. */
export async function waitForCount(read: () => number, wanted: number): Promise<void> {
  const pause = QUIET_MS / 100;
  let last = read();
  for (let quietMs = 0; last < wanted && quietMs < QUIET_MS; quietMs += pause) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const now = read();
    if (now !== last) quietMs = 0;
    last = now;
  }
}
