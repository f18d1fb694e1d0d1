import { SOURCE_RUNTIMES } from "../platform/child.ts";
import { suggestion } from "../util/nearest.ts";
import { benchConnections } from "./bench/connections.ts";
import { benchEvents } from "./bench/events.ts";
import { benchFanout } from "./bench/fanout.ts";
import { benchFlood } from "./bench/flood.ts";
import { benchHandshake } from "./bench/handshake.ts";
import { benchLatency } from "./bench/latency.ts";
import { type BenchOptions, WIRES } from "./bench/options.ts";
import { benchRelay } from "./bench/relay.ts";
import { benchQueue } from "./bench/queue.ts";
import { benchRing } from "./bench/ring.ts";
import { serveSide } from "./bench/side.ts";
import { SIDES } from "./bench/sides.ts";
import { benchShards } from "./bench/shards.ts";
import { benchSim, SCENARIO_NAMES } from "./bench/sim.ts";
import { benchStress } from "./bench/stress.ts";
import { benchSync } from "./bench/sync.ts";
import { benchThroughput } from "./bench/throughput.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { EXIT, UsageError } from "./exit.ts";
import { switchFlag, valueFlag } from "./flag.ts";
import { COMMON_FLAGS, JSON_FLAGS, NETWORK_FLAGS } from "./flags.ts";
import { count, duration, numbers, oneOf, range, size, wholeNumber } from "./values.ts";

/** Every number has a bound: a slip of the finger must not cost a night. */
const MAX_COUNT = 1_000_000_000;
const MAX_SIZE_BYTES = 4_000_000;
const MAX_PEERS = 10_000;
const MAX_NODES = 20_000;
const MAX_RATE = 100_000_000;

const BENCH_FLAGS = {
  ...NETWORK_FLAGS,
  count: valueFlag(count(1, MAX_COUNT), "N", "how many, in all rounds of a candidate, instead of --duration"),
  duration: valueFlag(duration, "TIME", "how long each candidate is measured, over all rounds", {
    conflicts: ["count"],
  }),
  warmup: valueFlag(duration, "TIME", "how long each candidate runs before that"),
  size: valueFlag(size(0, MAX_SIZE_BYTES, "64KiB"), "B", "bytes of each message or block"),
  peers: valueFlag(count(1, MAX_PEERS), "N", "connections"),
  rate: valueFlag(count(1, MAX_RATE), "R", "messages a second and connection where latency is measured", {
    fallbackText: "half of what the slowest candidate can do",
  }),
  wire: valueFlag(oneOf(WIRES), "WIRE", "native or bitcoin", { fallbackText: "native; of shards bitcoin" }),
  runtime: valueFlag(oneOf(SOURCE_RUNTIMES), "NAME", "measure the sources under deno, bun or node", {
    fallbackText: "this program",
  }),
  scenario: valueFlag(oneOf(SCENARIO_NAMES), "NAME", `of the simulated network: ${SCENARIO_NAMES.join(", ")}`),
  nodes: valueFlag(count(2, MAX_NODES), "N", "nodes of the simulated network"),
  seed: valueFlag(wholeNumber(0, Number.MAX_SAFE_INTEGER), "S", "what the simulation follows from", {
    fallbackText: "1",
    conflicts: ["seeds"],
  }),
  seeds: valueFlag(range, "A-B", "all seeds from A to B, one after the other"),
  faults: valueFlag(numbers, "N,…|none", "leave only these of the faults that the seed plans", {
    fallbackText: "all",
  }),
  compare: switchFlag("compare what was made fast with how it would be without"),
  ...JSON_FLAGS,
  ...COMMON_FLAGS,
};

/** Flags that not every subject has a use for. */
type OwnFlag = Exclude<keyof typeof BENCH_FLAGS, keyof typeof COMMON_FLAGS | keyof typeof JSON_FLAGS>;

interface BenchSubject {
  readonly summary: string;
  readonly takes: readonly OwnFlag[];
  run(context: Context, options: BenchOptions): Promise<number>;
}

const FLOW_FLAGS = ["count", "duration", "warmup", "size", "rate", "wire", "runtime", "compare"] as const;
const FLOW_FLAGS_WITH_PEERS = [...FLOW_FLAGS, "peers"] as const;

const SUBJECTS: Readonly<Record<string, BenchSubject>> = {
  throughput: { summary: "messages a second over one connection", takes: FLOW_FLAGS, run: benchThroughput },
  latency: {
    summary: "round trips, in sequence and over many connections",
    takes: ["duration", "warmup", "size", "rate", "wire", "runtime", "peers"],
    run: benchLatency,
  },
  handshake: {
    summary: "connections a second that come, shake hands and leave",
    takes: ["duration", "warmup", "wire", "runtime", "peers"],
    run: benchHandshake,
  },
  connections: {
    summary: "what it costs to hold connections on which nothing is said",
    takes: ["duration", "wire", "runtime", "peers"],
    run: benchConnections,
  },
  fanout: { summary: "deliveries a second of what one tells many", takes: FLOW_FLAGS_WITH_PEERS, run: benchFanout },
  flood: {
    summary: "control traffic while many peers send blocks",
    takes: ["duration", "warmup", "size", "wire", "runtime", "peers"],
    run: benchFlood,
  },
  relay: {
    summary: "how soon all nodes of a network have a block",
    takes: ["count", "size", "wire", "runtime", "peers", "compare"],
    run: benchRelay,
  },
  events: {
    summary: "the event bus, and what a slow subscriber costs",
    takes: ["duration", "warmup", "runtime", "compare"],
    run: benchEvents,
  },
  queue: {
    summary: "the queue of requests to any peer, its producers in one thread and in 16",
    takes: ["count"],
    run: benchQueue,
  },
  ring: {
    summary: "frames a second from thread to thread, through rings and the queue in shared memory",
    takes: ["count", "size"],
    run: benchRing,
  },
  shards: {
    summary: "messages a second from many connections, by the number of worker threads",
    takes: ["duration", "warmup", "size", "wire", "runtime", "peers", "compare"],
    run: benchShards,
  },
  sim: {
    summary: "a simulated network: what becomes of it, and how soon; every invariant is watched",
    takes: ["scenario", "nodes", "seed", "seeds", "faults"],
    run: benchSim,
  },
  stress: {
    summary: "a node over real sockets: thousands of connections that come and go, talk, or do nothing",
    takes: ["duration", "wire", "runtime", "peers"],
    run: benchStress,
  },
  sync: {
    summary: "initial block download from one process to another",
    takes: ["network", "count", "size"],
    run: benchSync,
  },
};

/** What starts the processes of the other subjects; nobody types it. */
const SIDE = "side";

export const benchCommand = defineCommand({
  name: "bench",
  summary: "measure",
  usage: [`${Object.keys(SUBJECTS).join("|")} [FLAG …]`],
  positionals: [{
    name: "SUBJECT",
    isRequired: true,
    choices: Object.entries(SUBJECTS).map(([word, { summary, takes }]) => ({
      word,
      summary,
      takes: [...takes, ...Object.keys(JSON_FLAGS)],
    })),
  }],
  flags: BENCH_FLAGS,
  examples: Object.entries(SUBJECTS).map(([name, { summary }]) => [`p2p bench ${name}`, summary] as const),
  exitCodes: [EXIT.done, EXIT.no, EXIT.usage, EXIT.internal, EXIT.interrupted, EXIT.terminated],

  async run(context, settings, words) {
    const name = words[0]!;
    if (name === SIDE) return await serveSide(context, SIDES);
    const subject = chooseSubject(name);
    refuseOthersFlags(context, name, subject);
    const { duration: durationMs, warmup: warmupMs, ...rest } = settings;
    return await subject.run(context, { ...rest, durationMs, warmupMs });
  },
});

function chooseSubject(name: string): BenchSubject {
  const subject = Object.hasOwn(SUBJECTS, name) ? SUBJECTS[name] : undefined;
  if (subject) return subject;
  const names = Object.keys(SUBJECTS);
  throw new UsageError(
    `no subject ${JSON.stringify(name)}${suggestion(name, names) || `; there is: ${names.join(", ")}`}`,
  );
}

/** A flag that would change nothing is a misunderstanding. */
function refuseOthersFlags({ resolved }: Context, name: string, { takes }: BenchSubject): void {
  for (const flag of Object.keys(BENCH_FLAGS) as (keyof typeof BENCH_FLAGS)[]) {
    if (flag in COMMON_FLAGS || flag in JSON_FLAGS || takes.includes(flag as OwnFlag)) continue;
    if (resolved.get(flag)?.source !== `--${flag}`) continue;
    const others = takes.map((other) => `--${other}`).join(", ");
    throw new UsageError(`--${flag} has no meaning for bench ${name}, which takes ${others}`);
  }
}
