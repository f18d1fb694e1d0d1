import type { Bus } from "../bus/bus.ts";
import type { HeaderNode } from "../chain/header_tree.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { TransactionPool } from "../ledger/transaction_pool.ts";
import { type BalancingRule, checkWeights, compileRules } from "../net/balancing/rules.ts";
import type { PeerSet } from "../net/peers.ts";
import type { Peer } from "../peer/peer.ts";
import type { BlockHeader } from "../protocol/block_header.ts";
import { MAX_HANDLERS } from "../protocol/app_params.ts";
import type { Cadences } from "../protocol/cadences.ts";
import { POOL_MAX_AGE_MS, POOL_MAX_BYTES, POOL_MAX_COUNT, POOL_SETTLED_IDS } from "../protocol/relay_params.ts";
import type { NodeEvents } from "../protocol/node_events.ts";
import { Addresses, type AddressesDeps } from "../services/addresses/addresses.ts";
import { AnyOfRequests } from "../services/any_of_requests.ts";
import { AppMessages } from "../services/app_messages.ts";
import { announcer } from "../services/announcer.ts";
import { bloomFilters } from "../services/bloom_filters.ts";
import { blockServer } from "../services/block_server.ts";
import { BlockSync } from "../services/block_sync/block_sync.ts";
import { HeaderSync } from "../services/header_sync.ts";
import { CompactBlocks } from "../services/compact_blocks/compact_blocks.ts";
import type { DedupeMode } from "../protocol/dedupe.ts";
import { Laggards } from "../services/laggards.ts";
import { Inventory } from "../services/inventory/inventory.ts";
import { type Connectivity, Partition } from "../services/partition.ts";
import type { PeerChains } from "../services/peer_chains.ts";
import { TopologyService } from "../services/topology.ts";
import { Requests } from "../services/requests/requests.ts";
import type { Service } from "../services/service.ts";
import { Topics } from "../services/topics/topics.ts";
import type { RelayPace } from "../services/transaction_relay/pace.ts";
import { TransactionRelay } from "../services/transaction_relay/transaction_relay.ts";
import type { Env } from "../util/env.ts";
import { ID_SECRET_BYTES } from "../util/id_table.ts";
import type { Hasher } from "../util/hash.ts";

export interface ServiceParts {
  readonly env: Env;
  readonly hasher: Hasher;
  readonly ledger: Ledger;
  readonly bus: Bus<NodeEvents>;
  readonly peers: PeerSet;
  readonly peerChains: PeerChains;
  readonly dedupe: DedupeMode;
  readonly pace: RelayPace;
  readonly blockRelayOnly: boolean;
  readonly connectivity: Connectivity;
  readonly balancing: BalancingOptions;
  readonly addresses: Omit<AddressesDeps, "env" | "heard">;
  readonly cadences: Cadences;
  /** Where we are; empty if that is not told. */
  readonly region: string;
  /** What this node can do, for others to know. */
  readonly capabilities: readonly string[];
}

/** How requests are spread over peers. */
export interface BalancingOptions {
  /** By class of requests; `block-download` is the one that the node has itself. Adaptive where nothing else is said. */
  readonly rules?: readonly BalancingRule[];
  /** Shares of requests by a peer's `host:port` or region, where the rule looks at weights; 1 for who is not named. */
  readonly weights?: Readonly<Record<string, number>>;
}

/** The services of one node: those that somebody speaks to by name, and all of them. */
export interface Services {
  readonly addresses: Addresses;
  readonly inventory: Inventory;
  readonly transactionRelay: TransactionRelay;
  readonly appMessages: AppMessages;
  readonly topics: Topics;
  readonly requests: Requests;
  readonly blockSync: BlockSync;
  readonly anyOfRequests: AnyOfRequests;
  readonly topology: TopologyService;
  readonly all: readonly Service[];
}

export function createServices(parts: ServiceParts): Services {
  const { env, hasher, ledger, bus, peers, peerChains, dedupe, pace } = parts;
  const pool = new TransactionPool({
    hasher,
    maxBytes: POOL_MAX_BYTES,
    maxCount: POOL_MAX_COUNT,
    maxAgeMs: POOL_MAX_AGE_MS,
    settledCapacity: POOL_SETTLED_IDS,
    secret: env.randomBytes(ID_SECRET_BYTES),
  });
  const rules = compileRules(parts.balancing.rules ?? []);
  const weights = checkWeights(parts.balancing.weights ?? {});
  const takesOthers = !parts.blockRelayOnly;
  const transactionRelay = new TransactionRelay({ env, hasher, ledger, pool, bus, pace, takesOthers });
  const blockSync: BlockSync = new BlockSync({
    env,
    hasher,
    ledger,
    bus,
    peerChains,
    rule: rules("block-download"),
    weights,
    healthIntervalMs: parts.cadences.healthMs,
    asksCompact: (peer, node) => compactBlocks.asksFor(peer, node),
    delivered: (peer) => compactBlocks.delivered(peer),
  });
  const headersChanged = () => blockSync.headersChanged();
  const headerSync = new HeaderSync({ env, hasher, ledger, peerChains, headersChanged });
  const announced = (peer: Peer, header: BlockHeader) => headerSync.announced(peer, header);
  const compactBlocks: CompactBlocks = new CompactBlocks({
    env,
    hasher,
    ledger,
    pool,
    peers,
    peerChains,
    inFlight: blockSync,
    announced,
    answer: (peer, answer) => inventory.answer(peer, answer),
    takesTransactions: takesOthers,
  });
  const announceCompact = (tip: HeaderNode, uninformed: ReadonlySet<Peer>) => compactBlocks.announce(tip, uninformed);
  const heard = (key: string) => topology.heardAddress(key);
  const addresses = new Addresses({ env, ...parts.addresses, heard });
  const services = [
    addresses,
    blockServer({ ledger, peerChains }),
    announcer({ chain: ledger.chain, peers, peerChains, announceCompact }),
    blockSync,
    headerSync,
    new Laggards({ chain: ledger.chain, peerChains, askAbove: (peer, node) => headerSync.askAbove(peer, node) }),
    compactBlocks,
    transactionRelay,
    bloomFilters,
    new Partition({
      env,
      bus,
      chain: ledger.chain,
      peers,
      peerChains,
      connectivity: parts.connectivity,
      intervalMs: parts.cadences.partitionMs,
      survey: () => topology.survey(),
    }),
  ];
  const inventory: Inventory = new Inventory({ env, services, dedupe });
  const requests = new Requests({ env, peers });
  const anyOfRequests = new AnyOfRequests({
    env,
    rules,
    weights,
    region: parts.region,
    healthIntervalMs: parts.cadences.healthMs,
    ask: (peer, method, payload, options) => requests.request(peer, method, payload, options),
  });
  const topology = new TopologyService({
    env,
    peers,
    cadences: parts.cadences,
    region: parts.region,
    capabilities: parts.capabilities,
    load: () => requests.snapshot().running / MAX_HANDLERS,
    recognised({ id }, alias) {
      blockSync.balancer.recognise(id, alias);
      anyOfRequests.dispatcher.balancer.recognise(id, alias);
    },
    described: (peer, abilities) => anyOfRequests.describe(peer, abilities),
  });
  const applications = {
    appMessages: new AppMessages({ bus, peers }),
    topics: new Topics({ env, bus, peers }),
    requests,
    anyOfRequests,
    topology,
  };
  return {
    addresses,
    inventory,
    transactionRelay,
    blockSync,
    ...applications,
    all: [inventory, ...services, ...Object.values(applications)],
  };
}
