import { createNode } from "../node/node.ts";
import { STORE_FILE } from "../node/open_node.ts";
import type { NodeParts, P2PNode } from "../node/types.ts";
import { openDataDir } from "../platform/data_dir.ts";
import { anyAddresses } from "../platform/interfaces.ts";
import { createMulticast } from "../platform/multicast.ts";
import { createProcessMeter } from "../platform/process_meter.ts";
import { openSqliteStore } from "../platform/sqlite_store.ts";
import { ownThreads } from "../platform/threads.ts";
import type { Endpoint, TcpEndpoint } from "../platform/types.ts";
import { LocalError } from "../protocol/errors.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { DEFAULT_MAX_INBOUND, SEED_MAX_INBOUND } from "../protocol/peer_params.ts";
import type { Env } from "../util/env.ts";
import { USER_AGENT } from "../util/version.ts";
import { printBanner } from "./banner.ts";
import { beginCapture } from "./capture.ts";
import { exportBlocks, importBlocks, type LongTask } from "./block_files.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { CommandError, EXIT, UsageError } from "./exit.ts";
import type { Settings } from "./flag.ts";
import { loadHandlers } from "./handlers.ts";
import { loadNetwork } from "./network.ts";
import { NODE_FLAGS } from "./node_flags.ts";
import { createParts, type Parts } from "./parts.ts";
import { checkControl, controlEndpoint, defaultDataDir } from "./place.ts";
import { printConfig } from "./print_config.ts";
import { announceReady, withdrawReady } from "./readiness.ts";
import { readToken } from "./token.ts";
import { createProgress } from "./progress.ts";
import { serveControl } from "./serve_control.ts";
import { type Interrupt, watchSignals } from "./signals.ts";
import { showSync } from "./sync_progress.ts";
import type { LooseHostPort } from "./values.ts";

/** What `--allow-bench` answers. */
const ECHO_METHOD = "echo";

type NodeSettings = Settings<typeof NODE_FLAGS>;

export const nodeCommand = defineCommand({
  name: "node",
  summary: "run a node",
  usage: ["[FLAG …]"],
  positionals: [],
  flags: NODE_FLAGS,
  examples: [
    ["p2p node", "join the p2p network"],
    [
      "p2p node --network regtest --listen 127.0.0.1:18444 --mine 10",
      "a network of one's own, with a block every 10 s",
    ],
    ["p2p node --network regtest --connect 127.0.0.1:18444", "sync from it"],
    ["p2p node --discover-local", "find nodes on the local network too, and be found there"],
    ["p2p node --workers 2", "connections in two threads, the chain in a third"],
    ["p2p node --on chain:tip=./tip.ts", "call what tip.ts exports as handle for each new tip"],
    ["p2p node --topic chat", "pass on what is said on a topic"],
    ["p2p node --capture traffic.pcapng", "what peers say to each other, for Wireshark and p2p inspect"],
    ["p2p node --network regtest --export chain.dat", "write the chain into a file"],
  ],
  exitCodes: [EXIT.done, EXIT.no, EXIT.usage, EXIT.internal, EXIT.interrupted, EXIT.terminated],

  async run(context, settings) {
    if (settings["print-config"]) {
      printConfig(context.resolved, settings.json, context.out);
      return EXIT.done;
    }
    if (settings.json) throw new UsageError("--json goes with --print-config only: a node prints no result");
    const interrupt = watchSignals(context.host);
    try {
      return await runNode(context, settings, interrupt);
    } finally {
      interrupt[Symbol.dispose]();
    }
  },
});

async function runNode(context: Context, settings: NodeSettings, interrupt: Interrupt): Promise<number> {
  const parts = createParts(context);
  const network = await loadNetwork(settings.network, parts.hasher);
  if (settings.mine !== undefined && network.difficulty !== "none") {
    throw new UsageError(`--mine: only where blocks cost nothing, such as p2p or regtest: received ${network.name}`);
  }
  const dataDir = openDataDir(settings["data-dir"] ?? defaultDataDir(network.name, context.host.environment));
  try {
    const control = controlEndpoint(settings.control, dataDir.path);
    checkControl(control, settings["control-token-file"]);
    const token = await readToken(settings["control-token-file"], context.err);
    withdrawReady(settings["ready-file"]);
    const capture = await beginCapture(settings, { network, env: parts.env, err: context.err, who: "the node" });
    const { records } = capture;
    const overheard = { ...parts, transport: capture.tap(parts.transport), ...records && { capture: records } };
    const node = openNode(overheard, settings, network, dataDir.path);
    try {
      for (const name of settings.topic) node.topic(name);
      if (settings["allow-bench"]) node.handle(ECHO_METHOD, (payload) => payload);
      await loadHandlers(node, settings.on, interrupt.signal);
      if (interrupt.signal.aborted) return interrupt.exitCode;
      node.load();
      const early = await moveBlocks(context, settings, node, parts.env, interrupt);
      return early ??
        await serve(context, settings, { node, env: parts.env, control, token, dataDir: dataDir.path }, interrupt);
    } finally {
      await node.stop();
      await capture.end();
    }
  } finally {
    dataDir.close();
  }
}

function openNode(
  parts: Parts & Pick<NodeParts, "capture">,
  settings: NodeSettings,
  network: NetworkParams,
  dataDir: string,
): P2PNode {
  const port = network.defaultPort;
  const dialled = { join: withPort(settings.join, port), connect: withPort(settings.connect, port) };
  const isClosed = settings["no-discover"] || dialled.connect.length > 0;
  const store = openSqliteStore(`${dataDir}/${STORE_FILE}`, network);
  const own = { store, threads: ownThreads, multicast: createMulticast(), meter: createProcessMeter() };
  return createNode({ ...parts, ...own }, {
    network,
    listen: listenEndpoints(settings, port),
    join: isClosed ? [] : dialled.join,
    connect: isClosed ? [...dialled.connect, ...dialled.join] : [],
    maxInbound: settings["max-inbound"] ?? (settings.seed ? SEED_MAX_INBOUND : DEFAULT_MAX_INBOUND),
    maxPerAddress: settings["max-per-address"],
    maxPerGroup: settings["max-per-group"],
    permits: settings.permit,
    // A seed dials to probe, and has no need of peers of its own.
    maxOutbound: settings.seed ? 0 : settings["max-outbound"],
    discover: !isClosed,
    discoverLocal: settings["discover-local"],
    seed: settings.seed,
    userAgent: USER_AGENT,
    pruneBytes: settings.prune,
    mineSeconds: settings.mine,
    dedupe: settings.dedupe,
    channels: settings.channels,
    // Those of a configuration file do no harm where there is one queue for all.
    ...((settings.channels !== "single" || settings.autotune) && {
      channelCapacities: Object.fromEntries(settings["channel-capacity"]),
    }),
    blockRelayOnly: settings["block-relay-only"],
    autotune: settings.autotune,
    ...(settings.region !== undefined && { region: settings.region }),
    capabilities: settings.capability,
    notifyWorkers: settings["handler-threads"],
    balancing: { rules: settings.balance, weights: Object.fromEntries(settings.weight) },
    // One loop for everything needs no second one for connections.
    ...(settings.workers > 1 && { workers: settings.workers }),
  });
}

function listenEndpoints(settings: NodeSettings, port: number): readonly Endpoint[] {
  if (settings["no-listen"]) return [];
  if (settings.listen.length > 0) return withPort(settings.listen, port);
  return anyAddresses().map((host) => ({ host, port }));
}

function withPort(hosts: readonly LooseHostPort[], port: number): TcpEndpoint[] {
  return hosts.map((endpoint) => ({ host: endpoint.host, port: endpoint.port ?? port }));
}

/** --import and --export. Resolves with the exit code where the command ends with them. */
async function moveBlocks(
  { err }: Context,
  settings: NodeSettings,
  node: P2PNode,
  env: Env,
  interrupt: Interrupt,
): Promise<number | undefined> {
  const task = (label: string, unit: string): LongTask => {
    return { env, signal: interrupt.signal, progress: createProgress(label, unit, err, () => env.now()) };
  };
  if (settings.import !== undefined) {
    const counts = await importBlocks(settings.import, node, task("import", "MiB"));
    const found = Object.entries(counts).filter(([, count]) => count > 0).map(([kind, count]) => `${count} ${kind}`);
    err.line(`imported ${settings.import}: ${found.join(", ") || "no blocks"}; tip ${node.chain().height}`);
  }
  if (settings.export !== undefined && !interrupt.signal.aborted) {
    const count = await exportBlocks(settings.export, node, task("export", "blocks"));
    if (count === undefined) return interrupt.exitCode;
    err.line(`exported ${count} blocks to ${settings.export}`);
    return EXIT.done;
  }
  return interrupt.signal.aborted ? interrupt.exitCode : undefined;
}

interface Service {
  readonly node: P2PNode;
  readonly env: Env;
  readonly control: Endpoint;
  /** Who asks the control API has to know it; undefined: nobody has to. */
  readonly token: string | undefined;
  readonly dataDir: string;
}

/** Runs until a signal or a failure of the node's own ends it. */
async function serve(
  context: Context,
  settings: NodeSettings,
  { node, env, control, token, dataDir }: Service,
  { signal }: Interrupt,
): Promise<number> {
  const failed = new Promise<Error>((resolve) => node.on("node:failed", ({ error }) => resolve(error)));
  const stopped = new Promise<undefined>((resolve) => {
    if (signal.aborted) resolve(undefined);
    else signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
  const sync = showSync(node, context.err, () => env.now());
  const server = await serveControl(control, node, env, { runtime: context.host.runtime, token }).catch(explainControl);
  try {
    // Many workers take a while; who wants an end then does not wait for them.
    await Promise.race([node.start().catch(explainListen), stopped]);
    if (signal.aborted) return EXIT.done;
    // From here on the node looks at itself: whoever asks for its figures finds a minute of them.
    node.diagnose();
    printBanner({ node, network: settings.network, dataDir, control: server.local }, context);
    const facts = { node, control: server.local, dataDir, readyFile: settings["ready-file"] };
    await using _ready = await announceReady(facts, context);
    const failure = await Promise.race([stopped, failed]);
    if (failure) throw failure;
    return EXIT.done;
  } finally {
    sync[Symbol.dispose]();
    await server.close();
  }
}

/** Each port has its own option, and the system's words do not name it. */
const explainControl = explainTaken("choose another place for the control API with --control HOST:PORT|PATH");
const explainListen = explainTaken("accept peers elsewhere with --listen HOST:PORT, or none with --no-listen");

function explainTaken(advice: string): (error: unknown) => never {
  return (error) => {
    if (!(error instanceof LocalError) || error.code !== "address-in-use") throw error;
    throw new CommandError(EXIT.no, `${error.message}; ${advice} (port 0: any free one)`, { cause: error });
  };
}
