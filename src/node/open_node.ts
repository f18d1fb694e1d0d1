import { openDataDir } from "../platform/data_dir.ts";
import { createEnv } from "../platform/env.ts";
import { createHasher } from "../platform/hasher.ts";
import { createTransport } from "../platform/host.ts";
import { createMulticast } from "../platform/multicast.ts";
import { createProcessMeter } from "../platform/process_meter.ts";
import { createMemoryStore } from "../platform/memory_store.ts";
import { openSqliteStore } from "../platform/sqlite_store.ts";
import { ownThreads } from "../platform/threads.ts";
import type { TcpEndpoint } from "../platform/types.ts";
import { describeNetwork } from "../protocol/custom_network.ts";
import { LocalError } from "../protocol/errors.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { NETWORKS } from "../protocol/networks.ts";
import { DEFAULT_MAX_INBOUND, DEFAULT_MAX_OUTBOUND } from "../protocol/peer_params.ts";
import { parseHostPort } from "../util/endpoint.ts";
import type { Hasher } from "../util/hash.ts";
import { USER_AGENT } from "../util/version.ts";
import { checkOpenOptions } from "./check_options.ts";
import { createNode } from "./node.ts";
import type { NodeOptions, NodeParts, P2PNode } from "./types.ts";
import type { OpenNodeOptions } from "./open_options.ts";

/** Name of the store in the data directory. */
export const STORE_FILE = "chain.db";

/**
 * A node on this machine's sockets and disk, not started yet: call `start`, and `stop` in the end. Throws LocalError
 * where an option makes no sense or the data directory cannot be had.
 */
export function openNode(options: OpenNodeOptions = {}): P2PNode {
  checkOpenOptions(options);
  const env = createEnv();
  const hasher = createHasher();
  const network = findNetwork(options.network ?? "p2p", hasher);
  const endpoints = (option: "listen" | "connect" | "join") =>
    (options[option] ?? []).map((text) => parseEndpoint(text, network.defaultPort, option));
  const [listen, connect, join] = [endpoints("listen"), endpoints("connect"), endpoints("join")];
  const parts = {
    env,
    transport: createTransport(env.logger("platform")),
    hasher,
    threads: ownThreads,
    multicast: createMulticast(),
    meter: createProcessMeter(),
  };
  const stored = openStore(options.dataDir, network);
  const chosen: NodeOptions = {
    network,
    listen,
    connect,
    join,
    discover: options.discover ?? connect.length === 0,
    maxInbound: options.maxInbound ?? DEFAULT_MAX_INBOUND,
    maxOutbound: options.maxOutbound ?? DEFAULT_MAX_OUTBOUND,
    userAgent: options.userAgent ?? USER_AGENT,
    pruneBytes: options.pruneBytes,
    mineSeconds: options.mineSeconds,
    ...(options.discoverLocal !== undefined && { discoverLocal: options.discoverLocal }),
    ...(options.dedupe && { dedupe: options.dedupe }),
    ...(options.channels && { channels: options.channels }),
    ...(options.channelCapacities && { channelCapacities: options.channelCapacities }),
    ...(options.autotune !== undefined && { autotune: options.autotune }),
    ...(options.blockRelayOnly !== undefined && { blockRelayOnly: options.blockRelayOnly }),
    ...(options.pace && { pace: options.pace }),
    ...(options.balancing && { balancing: options.balancing }),
    ...(options.notifyWorkers !== undefined && { notifyWorkers: options.notifyWorkers }),
    ...(options.region !== undefined && { region: options.region }),
    ...(options.workers !== undefined && options.workers !== 1 && { workers: options.workers }),
    ...(options.capabilities && { capabilities: options.capabilities }),
  };
  try {
    return createNode({ ...parts, ...stored }, chosen);
  } catch (error) {
    stored.store.close();
    stored.holds?.[Symbol.dispose]();
    throw error;
  }
}

function findNetwork(network: NonNullable<OpenNodeOptions["network"]>, hasher: Hasher): NetworkParams {
  if (typeof network !== "string") {
    return "genesisHash" in network ? network as NetworkParams : describeNetwork(network, hasher);
  }
  const known = NETWORKS.get(network);
  if (known) return known;
  const names = [...NETWORKS.keys()].join(", ");
  throw new LocalError("bad-argument", `Cannot open a node: network is none of ${names}: received ${network}`);
}

function parseEndpoint(text: string, defaultPort: number, option: string): TcpEndpoint {
  try {
    const endpoint = parseHostPort(text, defaultPort);
    if (endpoint.port === 0 && option !== "listen") throw new SyntaxError("port 0 cannot be dialled");
    return endpoint;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new LocalError(
      "bad-argument",
      `Cannot open a node: ${option}: ${error.message}: received ${JSON.stringify(text)}`,
    );
  }
}

function openStore(dataDir: string | undefined, network: NetworkParams): Pick<NodeParts, "store" | "holds"> {
  if (dataDir === undefined) return { store: createMemoryStore() };
  const holds = openDataDir(dataDir);
  try {
    return { store: openSqliteStore(`${holds.path}/${STORE_FILE}`, network), holds };
  } catch (error) {
    holds.close();
    throw error;
  }
}
