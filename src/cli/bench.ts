import { suggestion } from "../util/nearest.ts";
import type { BenchOptions } from "./bench_options.ts";
import { benchSync } from "./bench_sync.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { EXIT, UsageError } from "./exit.ts";
import { defaultFlag } from "./flag.ts";
import { COMMON_FLAGS, JSON_FLAGS, NETWORK_FLAGS } from "./flags.ts";
import { count, size } from "./values.ts";

interface BenchSubject {
  readonly summary: string;
  run(context: Context, options: BenchOptions): Promise<number>;
}

const SUBJECTS: Readonly<Record<string, BenchSubject>> = {
  sync: { summary: "initial block download from one process to another", run: benchSync },
};

/** Of the contract, and not there yet. */
const LATER = ["throughput", "latency", "fanout", "handshake", "connections", "flood", "queue", "events", "relay"]
  .concat("sim", "stress");

const MAX_COUNT = 1_000_000;
/** A block weighs four units a byte here, and at most 4,000,000. */
const MAX_SIZE_BYTES = 900_000;
const DEFAULT_COUNT = 10_000;
const DEFAULT_SIZE_BYTES = 250;

export const benchCommand = defineCommand({
  name: "bench",
  summary: "measure",
  usage: [`${Object.keys(SUBJECTS).join("|")} [FLAG …]`],
  positionals: [{ name: "SUBJECT", isRequired: true }],
  flags: {
    ...NETWORK_FLAGS,
    count: defaultFlag(count(1, MAX_COUNT), "N", DEFAULT_COUNT, "how many blocks"),
    size: defaultFlag(size(0, MAX_SIZE_BYTES), "B", DEFAULT_SIZE_BYTES, "bytes of payload in each"),
    ...JSON_FLAGS,
    ...COMMON_FLAGS,
  },
  unavailable: ["duration", "peers", "rate", "warmup", "runtime", "compare"],
  examples: Object.entries(SUBJECTS).map(([name, { summary }]) => [`p2p bench ${name}`, summary] as const),
  exitCodes: [EXIT.done, EXIT.no, EXIT.usage, EXIT.internal, EXIT.interrupted, EXIT.terminated],

  async run(context, settings, words) {
    const { network, json } = settings;
    return await chooseSubject(words[0]!).run(context, { network, json, count: settings.count, size: settings.size });
  },
});

function chooseSubject(name: string): BenchSubject {
  if (LATER.includes(name)) throw new UsageError(`bench ${name} is not available in this version`);
  const subject = Object.hasOwn(SUBJECTS, name) ? SUBJECTS[name] : undefined;
  if (subject) return subject;
  const names = Object.keys(SUBJECTS);
  throw new UsageError(
    `no subject ${JSON.stringify(name)}${suggestion(name, names) || `; there is: ${names.join(", ")}`}`,
  );
}
