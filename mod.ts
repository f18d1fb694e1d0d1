/**
 * A peer-to-peer node as a library: Bitcoin's wire and a compact one of our own, headers-first sync, a store that
 * survives, on Deno, Bun and Node.
 *
 * @module
 */
export { openNode } from "./src/node/open_node.ts";
export type { OpenNodeOptions } from "./src/node/open_options.ts";
export { createNode } from "./src/node/node.ts";
export type { BalancingOptions } from "./src/node/services.ts";
export type { BanOptions, BlockSnapshot, NodeOptions, NodeParts, P2PNode } from "./src/node/types.ts";
export { DEDUPE_MODES, type DedupeMode } from "./src/protocol/dedupe.ts";
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
  DispatchSnapshot,
  RequestsSnapshot,
  TopicSnapshot,
  WorkerSnapshot,
} from "./src/protocol/app_snapshots.ts";
export type {
  BlockCounts,
  BlockVerdict,
  ChainSnapshot,
  ForkSnapshot,
  InventorySnapshot,
  PoolSnapshot,
  TransactionVerdict,
} from "./src/protocol/chain_snapshots.ts";
export type { NodeEvents, PartitionReason, PartitionStep, TopicMessage } from "./src/protocol/node_events.ts";
export {
  type BanSnapshot,
  type ConnectionCounts,
  type OffenderSnapshot,
  type PeerSnapshot,
  REFUSAL_REASONS,
  type RefusalCounts,
  type RefusalReason,
  type ShardSnapshot,
  type TrafficByType,
  type TrafficSnapshot,
} from "./src/protocol/peer_snapshots.ts";
export type {
  AddressesSnapshot,
  AddressSnapshot,
  LocalDiscoverySnapshot,
  TopologyLinkSnapshot,
  TopologyNodeSnapshot,
  TopologySnapshot,
} from "./src/protocol/network_snapshots.ts";
export type { Permit } from "./src/net/reputation.ts";
export type { Subnet } from "./src/protocol/subnets.ts";
export { type Permission, PERMISSIONS, type Permissions } from "./src/protocol/permissions.ts";
export type { PeerFigures, QueueFigures, TimeFigures, Vitals } from "./src/doctor/vitals.ts";
export type { Change, Diagnosis, Evidence, Finding, HealthCheck } from "./src/doctor/diagnosis.ts";
export type { Figures } from "./src/doctor/figures.ts";
export type { ShardFigures } from "./src/doctor/shard_figures.ts";
export type { Lag } from "./src/bus/event_queues.ts";
export type { TimesSnapshot } from "./src/util/recent_times.ts";
export type { AnyEvent, ChannelUse, LagOptions, StreamItem } from "./src/bus/bus.ts";
export { type Channel, CHANNEL_MODES, type ChannelMode, CHANNELS, type PerChannel } from "./src/bus/channels.ts";
export { type FaultCode, LocalError, type LocalErrorCode, RemoteFault } from "./src/protocol/errors.ts";
export type { BlockHeader } from "./src/protocol/block_header.ts";
export type { DifficultyRule, NetworkParams } from "./src/protocol/network_params.ts";
export { MAIN, NETWORKS, P2P, REGTEST, SIGNET, TESTNET3, TESTNET4 } from "./src/protocol/networks.ts";
export { describeNetwork } from "./src/protocol/custom_network.ts";
export type {
  AddressRecord,
  InvItem,
  Locator,
  Message,
  MessageOf,
  MessageType,
  NetAddress,
  Payloads,
  PrefilledTransaction,
  TopologyLink,
  TopologyRecord,
  VersionAddress,
} from "./src/protocol/messages.ts";
export type { Decoder, DecoderOptions, RawFrame, SortingCodec, WireCodec } from "./src/wire/codec.ts";
export { bitcoinCodec, type BitcoinCodecOptions } from "./src/wire/bitcoin.ts";
export { nativeCodec } from "./src/wire/native.ts";
export type { Env, LogFields, Logger, LogLevel, Timer } from "./src/util/env.ts";
export { type Hash, type Hasher, ZERO_HASH } from "./src/util/hash.ts";
export type {
  Connection,
  ConnectionSink,
  DialOptions,
  Endpoint,
  Listener,
  ListenOptions,
  Multicast,
  MulticastSink,
  MulticastSocket,
  ProcessFigures,
  ProcessMeter,
  StartThread,
  Store,
  StoredAddress,
  StoredBan,
  StoredHeader,
  TcpEndpoint,
  Thread,
  ThreadEvents,
  Threads,
  Transport,
  UnixEndpoint,
} from "./src/platform/types.ts";
export type { RecorderCounts } from "./src/capture/recorder.ts";
export { type Capture, type CaptureOptions, type CaptureRecords, openCapture } from "./src/node/capture.ts";
export {
  createMemoryNetwork,
  type LinkOptions,
  type MemoryNetwork,
  type MemoryNetworkOptions,
  type OpenThings,
} from "./src/platform/memory.ts";
export type { Parcel } from "./src/platform/memory_pipe.ts";
export { ownThreads } from "./src/platform/threads.ts";
export { createMemoryStore, type MemoryStore } from "./src/platform/memory_store.ts";
