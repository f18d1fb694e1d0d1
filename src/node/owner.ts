import type { Doctor } from "../doctor/doctor.ts";
import { DEFAULT_FANOUT } from "../protocol/topology_params.ts";
import type { NodeCore } from "./core.ts";
import { snapshotChain } from "./snapshot.ts";
import type { P2PNode } from "./types.ts";
import { readVitals } from "./vitals.ts";

/** Addresses that a snapshot shows unless more are asked for. */
const DEFAULT_ADDRESSES = 100;

type ChainMethods = Pick<
  P2PNode,
  "chain" | "block" | "inventory" | "pool" | "submitBlock" | "submitTransaction" | "commit"
>;
type ConnectionMethods = Pick<
  P2PNode,
  | "peers"
  | "shards"
  | "connect"
  | "disconnect"
  | "addresses"
  | "connectionCounts"
  | "bans"
  | "offenders"
  | "ban"
  | "unban"
>;
type EventMethods = Pick<P2PNode, "on" | "onWorker" | "events" | "channels" | "vitals" | "diagnose">;
type ApplicationMethods = Pick<
  P2PNode,
  "topic" | "send" | "request" | "drain" | "topology" | "balancing" | "handle" | "applications"
>;

/** What the owner asks of the chain, and offers to it. */
export function chainMethods({ ledger, services }: NodeCore): ChainMethods {
  return {
    chain: () => snapshotChain(ledger.chain),
    block(id) {
      const { chain } = ledger;
      const node = typeof id === "number" ? chain.nodeAt(id) : chain.get(id);
      if (!node) return undefined;
      const { hash, height, header } = node;
      const raw = ledger.block(hash);
      ledger.checkStore();
      return { hash, height, header, active: chain.isActive(node), raw };
    },
    inventory: () => services.inventory.counts(),
    pool: () => services.transactionRelay.snapshot(),
    submitBlock(raw) {
      const outcome = ledger.acceptBlock(raw);
      ledger.checkStore();
      switch (outcome.kind) {
        case "orphan":
          return { kind: "orphan" };
        case "refused":
          return { kind: "refused", reason: outcome.reason };
        default:
          return { kind: outcome.kind, height: outcome.node.height };
      }
    },
    submitTransaction: (raw, options = {}) => services.transactionRelay.submit(raw, options.feeRate),
    commit() {
      ledger.commit();
      ledger.checkStore();
    },
  };
}

/** Who is connected, who may be, and who is known. */
export function connectionMethods(core: NodeCore): ConnectionMethods {
  const { peers, peerLife, connections, acquaintances, services, ledger } = core;
  return {
    peers: () => [...peers.all()].map((peer) => peerLife.snapshot(peer)),
    shards: () => core.shards?.snapshot() ?? [],
    connect: async (endpoint) => peerLife.snapshot(await connections.connect(endpoint)),
    disconnect: (id) => connections.disconnect(id),
    addresses: (limit = DEFAULT_ADDRESSES) => acquaintances.snapshot(limit, services.addresses.counts),
    connectionCounts: () => peers.counts(),
    bans: () => connections.reputation.bans(),
    offenders: () => connections.reputation.offenders(),
    ban(subnet, options = {}) {
      const ban = connections.ban(subnet, options);
      ledger.checkStore();
      return ban;
    },
    unban(subnet) {
      const wasBanned = connections.unban(subnet);
      ledger.checkStore();
      return wasBanned;
    },
  };
}

/** What the owner hears. */
export function eventMethods(core: NodeCore, doctor: Doctor): EventMethods {
  const { bus } = core;
  return {
    vitals: () => readVitals(core),
    diagnose: () => doctor.diagnose(),
    on: (type, listener, options) => bus.subscribe(type, listener, options),
    onWorker: (types, module, options = {}) =>
      core.notify.subscribe(typeof types === "string" ? [types] : types, module, options),
    events: (types, signal) => bus.stream(types, signal),
    channels: () => bus.channels(),
  };
}

/** What the owner's program says to those of other nodes. */
export function applicationMethods({ services }: NodeCore): ApplicationMethods {
  const { topics, requests, appMessages, anyOfRequests, blockSync, topology } = services;
  const { dispatcher } = anyOfRequests;
  return {
    topic: (name, options) => topics.open(name, options),
    send: (peer, payload) => appMessages.send(peer, payload),
    request(to, method, payload, options = {}) {
      if (typeof to === "number") return requests.request(to, method, payload, options);
      return anyOfRequests.request(to, method, payload, options);
    },
    drain(peer, isDrained = true) {
      const balancers = [blockSync.balancer, dispatcher.balancer];
      return balancers.map((balancer) => balancer.drain(peer, isDrained)).includes(true);
    },
    topology: (fanout = DEFAULT_FANOUT) => topology.snapshot(fanout),
    balancing() {
      const workers = [...blockSync.balancer.snapshot("blocks"), ...dispatcher.balancer.snapshot("requests")];
      return { requests: dispatcher.snapshot(), workers };
    },
    handle: (method, handler) => requests.handle(method, handler),
    applications: () => {
      return { topics: topics.snapshot(), requests: requests.snapshot(), appMessages: appMessages.counts() };
    },
  };
}
