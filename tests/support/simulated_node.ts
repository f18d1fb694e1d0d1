import { createNode } from "../../src/node/node.ts";
import type { NodeOptions, NodeParts, P2PNode } from "../../src/node/types.ts";
import { createHasher } from "../../src/platform/hasher.ts";
import type { MemoryNetwork } from "../../src/platform/memory.ts";
import { createMemoryStore, type MemoryStore } from "../../src/platform/memory_store.ts";
import type { Transport } from "../../src/platform/types.ts";
import { DEFAULT_MAX_INBOUND, DEFAULT_MAX_OUTBOUND } from "../../src/protocol/peer_params.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import type { Env, Logger } from "../../src/util/env.ts";

export const PORT = REGTEST.defaultPort;

const hasher = createHasher();

/** The real node on one host of a simulated network. */
export interface SimulatedNode {
  readonly node: P2PNode;
  readonly store: MemoryStore;
}

/** Builds a node that listens on its host; `connect` names other hosts. */
export function simulateNode(
  network: MemoryNetwork,
  host: string,
  {
    connect = [],
    store = createMemoryStore(),
    env = network.env(host),
    transport = network.transport(host),
    addressSource,
    multicast = network.multicast(host),
    meter,
    ...changes
  }:
    & Partial<Omit<NodeOptions, "connect">>
    & Pick<NodeParts, "addressSource" | "meter" | "multicast">
    & {
      readonly connect?: readonly string[];
      readonly store?: MemoryStore;
      readonly env?: Env;
      readonly transport?: Transport;
    } = {},
): SimulatedNode {
  const parts = {
    env: failingOnBugs(env),
    transport,
    hasher,
    store,
    multicast,
    ...(addressSource && { addressSource }),
    ...(meter && { meter }),
  };
  const node = createNode(parts, {
    network: REGTEST,
    listen: [{ host, port: PORT }],
    join: [],
    connect: connect.map((name) => ({ host: name, port: PORT })),
    maxInbound: DEFAULT_MAX_INBOUND,
    maxOutbound: DEFAULT_MAX_OUTBOUND,
    userAgent: `/${host}/`,
    pruneBytes: undefined,
    mineSeconds: undefined,
    ...changes,
  });
  return { node, store };
}

/** A bug in a service costs the node one call and a line in its log; here it ends the test. */
function failingOnBugs(env: Env): Env {
  const strict = (logger: Logger): Logger => ({
    enabled: (level) => logger.enabled(level),
    debug: (message, fields) => logger.debug(message, fields),
    info: (message, fields) => logger.info(message, fields),
    warn: (message, fields) => logger.warn(message, fields),
    error(message, fields) {
      if (message === "internal error in a service") throw new Error(`${message}: ${fields?.["stack"]}`);
      logger.error(message, fields);
    },
  });
  return { ...env, logger: (category) => strict(env.logger(category)) };
}

/** Offers all but the genesis block of a chain, each of which must be taken. */
export function feed(node: P2PNode, blocks: readonly Uint8Array[]): void {
  node.load();
  for (const block of blocks.slice(1)) {
    const verdict = node.submitBlock(block);
    if (verdict.kind === "refused" || verdict.kind === "orphan") throw new Error(JSON.stringify(verdict));
  }
  node.commit();
}
