import type { ChannelMode, PerChannel } from "../bus/channels.ts";
import { openDataDir } from "../platform/data_dir.ts";
import { createEnv } from "../platform/env.ts";
import { createHasher } from "../platform/hasher.ts";
import { createTransport } from "../platform/host.ts";
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
import { createNode } from "./node.ts";
import type { BalancingOptions } from "./services.ts";
import type { DedupeMode } from "../protocol/dedupe.ts";
import type { NodeParts, P2PNode } from "./types.ts";
import type { RelayPace } from "../services/transaction_relay/pace.ts";

/** How to open a node on the machine that the program runs on. */
export interface OpenNodeOptions {
  /**
   * `p2p` (the default), `main`, `testnet3`, `testnet4`, `signet`, `regtest`, a description of a network of your own
   * with the fields of its TOML file, or parameters made elsewhere.
   */
  readonly network?: string | NetworkParams | { readonly [field: string]: unknown };
  /** `host:port` to accept peers on; port 0: the system chooses. None by default. */
  readonly listen?: readonly string[];
  /** `host:port` of peers to keep a connection to. */
  readonly connect?: readonly string[];
  /** `host:port` of nodes to find others through. */
  readonly join?: readonly string[];
  /** Find peers by itself: seeds, gossip, the address book. By default, unless it is told whom to connect to. */
  readonly discover?: boolean;
  /** Directory of the store, for one process at a time. Without it everything is kept in memory. */
  readonly dataDir?: string;
  /** Peers that may connect to us; 117 by default. */
  readonly maxInbound?: number;
  /** Peers that it keeps by dialling them; 10 by default. */
  readonly maxOutbound?: number;
  /** As in BIP14: `/name:version/`. */
  readonly userAgent?: string;
  /** Keep at most so many bytes of blocks. */
  readonly pruneBytes?: number;
  /** What is done about announcements that repeat others; `drop` by default. */
  readonly dedupe?: DedupeMode;
  /** A queue a channel for each subscriber to events (`segmented`, the default), or one for all. */
  readonly channels?: ChannelMode;
  /** How many events may wait for one subscriber, by channel; 256, 512, 1,024 and 4,096 where nothing else is said. */
  readonly channelCapacities?: Partial<PerChannel<number>>;
  /** Follow the doctor's advice on event channels and duplicates while running. */
  readonly autotune?: boolean;
  /** Take and pass on blocks only, no transactions of others. */
  readonly blockRelayOnly?: boolean;
  /** How long transactions are held back; as Bitcoin Core does it by default. */
  readonly pace?: RelayPace;
  /** How requests are spread over peers. */
  readonly balancing?: BalancingOptions;
  /** Where this node is and what it can do, as other nodes are told. */
  readonly region?: string;
  readonly capabilities?: readonly string[];
  /**
   * Event loops for connections: 1, the default, is the one of the program; from 2 to 64, so many threads besides it, while
   * the chain, the store and all decisions stay with the program's own.
   */
  readonly workers?: number;
  /** Threads for handlers that `onWorker` runs: 4 by default, started when they are needed. */
  readonly notifyWorkers?: number;
  /** Produce a block every so many seconds on average, on networks without difficulty. */
  readonly mineSeconds?: number;
}

/** Name of the store in the data directory. */
export const STORE_FILE = "chain.db";

/**
 * A node on this machine's sockets and disk, not started yet: call `start`, and `stop` in the end. Throws LocalError
 * where an option makes no sense or the data directory cannot be had.
 */
export function openNode(options: OpenNodeOptions = {}): P2PNode {
  const env = createEnv();
  const hasher = createHasher();
  const network = findNetwork(options.network ?? "p2p", hasher);
  const endpoints = (texts: readonly string[] = []) => texts.map((text) => parseEndpoint(text, network.defaultPort));
  const [listen, connect] = [endpoints(options.listen), endpoints(options.connect)];
  const parts = {
    env,
    transport: createTransport(env.logger("platform")),
    hasher,
    threads: ownThreads,
    meter: createProcessMeter(),
  };
  return createNode({ ...parts, ...openStore(options.dataDir, network) }, {
    network,
    listen,
    connect,
    join: endpoints(options.join),
    discover: options.discover ?? connect.length === 0,
    maxInbound: options.maxInbound ?? DEFAULT_MAX_INBOUND,
    maxOutbound: options.maxOutbound ?? DEFAULT_MAX_OUTBOUND,
    userAgent: options.userAgent ?? USER_AGENT,
    pruneBytes: options.pruneBytes,
    mineSeconds: options.mineSeconds,
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
  });
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

function parseEndpoint(text: string, defaultPort: number): TcpEndpoint {
  try {
    return parseHostPort(text, defaultPort);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new LocalError("bad-argument", `Cannot open a node: ${error.message}: received ${text}`);
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
