import { Chain } from "../../chain/chain.ts";
import { buildBlock, solveBlock } from "../../chain/mine.ts";
import { createBlockFileWriter } from "../../platform/block_file.ts";
import { type Child, createTemporaryFolder, spawnSelf } from "../../platform/child.ts";
import type { NetworkParams } from "../../protocol/network_params.ts";
import { formatSize, MS_PER_SECOND } from "../../util/units.ts";
import { toSafeJson } from "../../util/escape.ts";
import type { BenchOptions } from "./options.ts";
import type { Context } from "../context.ts";
import { EXIT, UsageError } from "../exit.ts";
import { loadNetwork } from "../network.ts";
import { createParts, type Parts } from "../parts.ts";
import { watchSignals } from "../signals.ts";
import { printRows } from "../tables.ts";
import { planSteps } from "./steps.ts";
import { median } from "./usage.ts";

/** Odd, so that there is a middle one: the median is reported. */
const ROUNDS = 3;
/** A trivial target needs two tries on average; this many fail once in a lifetime of benches. */
const NONCE_TRIES = 1_024;
/** OP_RETURN: an output that nobody can spend may be of any length. */
const OP_RETURN = 0x6a;
const INDENT = 2;
const RATE_DIGITS = 2;
const DEFAULT_COUNT = 10_000;
const DEFAULT_SIZE_BYTES = 250;
const MAX_COUNT = 1_000_000;
/** A block weighs four units a byte here, and at most 4,000,000. */
const MAX_SIZE_BYTES = 900_000;

interface MadeChain {
  readonly file: string;
  readonly height: number;
  readonly sizeBytes: number;
}

/** Initial block download: two processes over loopback, both with their store on disk. */
export async function benchSync(context: Context, given: BenchOptions): Promise<number> {
  const options = withDefaults(given);
  const parts = createParts(context);
  const network = await loadNetwork(options.network, parts.hasher);
  if (network.difficulty !== "none" || !network.genesisBlock) {
    throw new UsageError(`--network: only where blocks cost nothing, such as p2p or regtest: received ${network.name}`);
  }
  const folder = createTemporaryFolder();
  const interrupt = watchSignals(context.host);
  const children: Child[] = [];
  interrupt.signal.addEventListener("abort", () => children.forEach((child) => void child.stop()));

  function start(name: string, ...args: readonly string[]): Child {
    const common = ["node", "--network", options.network, "--data-dir", `${folder.path}/${name}`, "--no-discover"];
    const child = spawnSelf([...common, "--log-level", "warn", "--control", `${folder.path}/${name}.sock`, ...args]);
    children.push(child);
    return child;
  }

  try {
    using step = planSteps(ROUNDS + 1, context.err);
    const chain = makeChain(`${folder.path}/chain.blk`, network, parts, options);
    const source = start("source", "--listen", "127.0.0.1:0", "--import", chain.file);
    const [, address] = await source.line(/--join (\S+)$/) as unknown as [string, string];
    step();
    const times: number[] = [];
    for (let round = 1; round <= ROUNDS; round++) {
      times.push(await measure(start(`sink${round}`, "--no-listen", "--connect", address), chain, parts));
      step();
    }
    report(context, options, chain, times);
    return EXIT.done;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return interrupt.exitCode;
  } finally {
    await Promise.all(children.map((child) => child.stop()));
    interrupt[Symbol.dispose]();
    folder.remove();
  }
}

/** What `benchSync` needs to know. */
interface SyncOptions extends BenchOptions {
  readonly count: number;
  readonly size: number;
}

function withDefaults(options: BenchOptions): SyncOptions {
  const { count = DEFAULT_COUNT, size = DEFAULT_SIZE_BYTES } = options;
  if (count > MAX_COUNT) throw new UsageError(`--count: at most ${MAX_COUNT} blocks: received ${count}`);
  if (size > MAX_SIZE_BYTES) throw new UsageError(`--size: at most ${MAX_SIZE_BYTES} bytes: received ${size}`);
  return { ...options, count, size };
}

/** Milliseconds from the moment the node is up until it says that it has the source's tip. */
async function measure(sink: Child, chain: MadeChain, { env }: Parts): Promise<number> {
  await sink.line(/^join by/);
  const startedAt = env.now();
  await sink.line(new RegExp(`^synced to block ${chain.height} `));
  const ms = env.now() - startedAt;
  await sink.stop();
  return ms;
}

function makeChain(file: string, network: NetworkParams, { env, hasher }: Parts, options: SyncOptions): MadeChain {
  const nowSeconds = Math.floor(env.wallClock() / MS_PER_SECOND);
  const chain = new Chain({ params: network, hasher });
  const writer = createBlockFileWriter(file, network.magic);
  writer.write(network.genesisBlock!);
  let sizeBytes = 0;
  for (let height = 1; height <= options.count; height++) {
    const plan = { params: network, hasher, parent: chain.tip, time: nowSeconds - options.count + height };
    const output = { value: 0n, script: new Uint8Array(options.size).fill(OP_RETURN) };
    const solution = solveBlock(hasher, buildBlock({ ...plan, extraNonce: 0n, output }), NONCE_TRIES);
    if (solution.kind === "unsolved") throw new Error(`no nonce among ${NONCE_TRIES} at height ${height}`);
    chain.acceptBlock(solution.raw, nowSeconds);
    writer.write(solution.raw);
    sizeBytes += solution.raw.length;
  }
  writer.finish();
  return { file, height: chain.tip.height, sizeBytes };
}

function report(context: Context, options: SyncOptions, chain: MadeChain, times: readonly number[]): void {
  const medianMs = median(times);
  const result = {
    bench: "sync",
    network: options.network,
    runtime: context.host.runtime,
    blocks: chain.height,
    bytes: chain.sizeBytes,
    roundsMs: times,
    medianMs,
    blocksPerSecond: chain.height / medianMs * MS_PER_SECOND,
    bytesPerSecond: chain.sizeBytes / medianMs * MS_PER_SECOND,
  };
  if (options.json) return context.out.line(toSafeJson(result, INDENT));
  printRows([result], [
    { title: "blocks", cell: ({ blocks }) => String(blocks), isNumber: true },
    { title: "bytes", cell: ({ bytes }) => formatSize(bytes), isNumber: true },
    {
      title: "seconds (median of 3)",
      cell: ({ medianMs }) => (medianMs / MS_PER_SECOND).toFixed(RATE_DIGITS),
      isNumber: true,
    },
    { title: "blocks/s", cell: ({ blocksPerSecond }) => String(Math.round(blocksPerSecond)), isNumber: true },
    { title: "bytes/s", cell: ({ bytesPerSecond }) => formatSize(Math.round(bytesPerSecond)), isNumber: true },
  ], context.out);
}
