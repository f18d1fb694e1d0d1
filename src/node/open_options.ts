import type { ChannelMode, PerChannel } from "../bus/channels.ts";
import type { DedupeMode } from "../protocol/dedupe.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import type { RelayPace } from "../services/transaction_relay/pace.ts";
import type { BalancingOptions } from "./services.ts";

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
  /** Find nodes on the local network besides, and tell everybody there that a node runs here. False by default. */
  readonly discoverLocal?: boolean;
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
  /** How many events may wait for one subscriber in a queue a channel; 256, 512, 1,024 and 4,096 where nothing is said. */
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
