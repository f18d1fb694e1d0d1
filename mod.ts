/**
 * A peer-to-peer node as a library: Bitcoin's wire and a compact one of our own, headers-first sync, a store that
 * survives, on Deno, Bun and Node.
 *
 * @module
 */
export { openNode, type OpenNodeOptions } from "./src/node/open_node.ts";
export { createNode } from "./src/node/node.ts";
export type { BalancingOptions } from "./src/node/services.ts";
export type { BlockSnapshot, NodeOptions, NodeParts, P2PNode } from "./src/node/types.ts";
export type { DedupeMode } from "./src/services/inventory/inventory.ts";
export type { RelayPace } from "./src/services/transaction_relay/pace.ts";
export { IMMEDIATE_PACE, USUAL_PACE } from "./src/services/transaction_relay/pace.ts";
export type { EventItem } from "./src/node/notify/messages.ts";
export type { NotifyOptions, NotifyStats, NotifySubscription } from "./src/node/notify/subscription.ts";
export type { Published, Topic, TopicOptions, TopicValidator, TopicVerdict } from "./src/services/topics/topic.ts";
export type { RequestContext, RequestHandler } from "./src/services/requests/incoming.ts";
export type { DispatchOptions } from "./src/net/request_job.ts";
export { type AnyOf, anyOf, type Wish } from "./src/net/any_of.ts";
export type { BalancingRule } from "./src/net/balancing/rules.ts";
export type { StrategyName } from "./src/net/balancing/strategies.ts";
export type { Cadences } from "./src/protocol/cadences.ts";
export type {
  ApplicationsSnapshot,
  AppMessagesSnapshot,
  BalancingSnapshot,
  RequestsSnapshot,
  TopicSnapshot,
} from "./src/protocol/app_snapshots.ts";
export type {
  BlockVerdict,
  ChainSnapshot,
  InventorySnapshot,
  PoolSnapshot,
  TransactionVerdict,
} from "./src/protocol/chain_snapshots.ts";
export type { NodeEvents, TopicMessage } from "./src/protocol/node_events.ts";
export type { PeerSnapshot, ShardSnapshot } from "./src/protocol/peer_snapshots.ts";
export type { ChannelUse, LagOptions, StreamItem } from "./src/bus/bus.ts";
export type { Channel, ChannelMode } from "./src/bus/channels.ts";
export { type FaultCode, LocalError, type LocalErrorCode, RemoteFault } from "./src/protocol/errors.ts";
export type { BlockHeader } from "./src/protocol/block_header.ts";
export type { DifficultyRule, NetworkParams } from "./src/protocol/network_params.ts";
export { MAIN, NETWORKS, P2P, REGTEST, SIGNET, TESTNET3, TESTNET4 } from "./src/protocol/networks.ts";
export { describeNetwork } from "./src/protocol/custom_network.ts";
export type { Message, MessageOf, MessageType } from "./src/protocol/messages.ts";
export type { Decoder, WireCodec } from "./src/wire/codec.ts";
export { bitcoinCodec } from "./src/wire/bitcoin.ts";
export { nativeCodec } from "./src/wire/native.ts";
export type { Env, Logger, LogLevel, Timer } from "./src/util/env.ts";
export { type Hash, type Hasher, ZERO_HASH } from "./src/util/hash.ts";
export type {
  Connection,
  ConnectionSink,
  Endpoint,
  Listener,
  Store,
  StoredHeader,
  TcpEndpoint,
  Thread,
  ThreadEvents,
  Threads,
  Transport,
  UnixEndpoint,
} from "./src/platform/types.ts";
export { type Capture, type CaptureOptions, openCapture } from "./src/node/capture.ts";
export { createMemoryNetwork, type LinkOptions, type MemoryNetwork } from "./src/platform/memory.ts";
export { ownThreads } from "./src/platform/threads.ts";
export { createMemoryStore } from "./src/platform/memory_store.ts";
