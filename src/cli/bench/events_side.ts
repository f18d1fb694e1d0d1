import { Bus } from "../../bus/bus.ts";
import { CHANNEL_CAPACITIES, type ChannelMode } from "../../bus/channels.ts";
import { sleep } from "./clock.ts";
import { Latencies } from "./latencies.ts";
import type { SideContext } from "./side.ts";
import { takeSample, usageBetween } from "./usage.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** Who listens to a flood of data events and to some control events among them. */
export interface Audience {
  readonly mode: ChannelMode;
  /** Callbacks that return at once. */
  readonly callbacks: number;
  /** Loops by `for await` that go on at once. */
  readonly streams: number;
  /** Loops by `for await` that take a millisecond for each event. */
  readonly slowStreams: number;
  readonly ms: number;
}

export interface EventsReport {
  readonly publishedPerSecond: number;
  /** To all subscribers together. */
  readonly deliveredPerSecond: number;
  /** Data events that slow subscribers missed. */
  readonly dataLag: number;
  /** Control events: how many, and how many each kind of subscriber was not told of in time. */
  readonly control: number;
  readonly controlLostByFast: number;
  readonly controlLostBySlow: number;
  /** Encoded latencies of control events. */
  readonly fast: string;
  readonly slow: string;
  readonly cpuNsPerDelivery: number;
  readonly residentBytes: number;
}

interface Events {
  readonly "control:news": { readonly atMs: number };
  readonly "data:item": { readonly size: number };
}

const CHANNEL_OF = { "control:news": "control", "data:item": "data" } as const;
const TYPES = ["control:news", "data:item"] as const;
/** A turn's worth of messages from a busy socket. */
const BURST = 256;
const CONTROL_MS = 10;
const SLOW_MS = 1;
const NS_PER_MS = 1_000_000;
const ITEM = { size: 256 };

/** One process with a bus in it: publisher and subscribers share a thread, as they do in a node. */
export function createEventsSide(side: SideContext) {
  return { run: (audience: Audience) => runAudience(side, audience) };
}

async function runAudience(side: SideContext, audience: Audience): Promise<EventsReport> {
  const { clock, context } = side;
  const { mode, ms } = audience;
  const bus = new Bus<Events>({ env: side.env, channelOf: CHANNEL_OF, mode, capacities: CHANNEL_CAPACITIES });
  const [fast, slow] = [new Latencies(), new Latencies()];
  const heard = { count: 0, isOver: false };
  seat(bus, audience, clock, heard, fast, slow);
  const before = takeSample(context.host, clock, 0);
  const published = await publish(bus, side, ms);
  const after = takeSample(context.host, clock, heard.count);
  await sleep(SLOW_MS);
  const lag = bus.channels().find(({ channel }) => channel === "data")!.lag;
  heard.isOver = true;
  bus.close();
  const usage = usageBetween(before, after);
  const fastSeats = audience.callbacks + audience.streams;
  return {
    publishedPerSecond: published.all / usage.ms * MS_PER_SECOND,
    deliveredPerSecond: usage.done / usage.ms * MS_PER_SECOND,
    dataLag: lag,
    control: published.control,
    controlLostByFast: fastSeats * published.control - fast.count,
    controlLostBySlow: audience.slowStreams * published.control - slow.count,
    fast: fast.encode(),
    slow: slow.encode(),
    cpuNsPerDelivery: usage.cpuMs * NS_PER_MS / usage.done,
    residentBytes: usage.residentBytes,
  };
}

/** Gives everyone a place, and counts what they hear. */
function seat(
  bus: Bus<Events>,
  audience: Audience,
  clock: () => number,
  heard: { count: number; readonly isOver: boolean },
  fast: Latencies,
  slow: Latencies,
): void {
  for (let i = 0; i < audience.callbacks; i++) {
    bus.subscribe("data:item", () => void heard.count++);
    bus.subscribe("control:news", ({ atMs }) => fast.add(clock() - atMs));
  }
  for (let i = 0; i < audience.streams; i++) void read(fast, 0);
  for (let i = 0; i < audience.slowStreams; i++) void read(slow, SLOW_MS);

  async function read(latencies: Latencies, pauseMs: number): Promise<void> {
    for await (const item of bus.stream(TYPES)) {
      if (heard.isOver) return;
      if (item.type === "lag") continue;
      heard.count++;
      if (item.type === "control:news") latencies.add(clock() - item.event.atMs);
      if (pauseMs > 0) await sleep(pauseMs);
    }
  }
}

/** As fast as the loop turns: a burst of data a turn, and a control event every 10 ms. */
async function publish(bus: Bus<Events>, { env, clock }: SideContext, ms: number) {
  const startedAt = clock();
  let [all, control] = [0, 0];
  for (let now = startedAt; now < startedAt + ms; now = clock()) {
    for (let i = 0; i < BURST; i++) bus.publish("data:item", ITEM);
    all += BURST;
    if (startedAt + control * CONTROL_MS <= now) {
      bus.publish("control:news", { atMs: clock() });
      control++;
      all++;
    }
    await new Promise<void>((resolve) => env.nextTurn(resolve));
  }
  return { all, control };
}
