import type { Bus } from "../bus/bus.ts";
import type { Ledger } from "../ledger/ledger.ts";
import type { PeerSet } from "../net/peers.ts";
import type { NodeEvents } from "../protocol/snapshots.ts";
import { announcer } from "../services/announcer.ts";
import { blockServer } from "../services/block_server.ts";
import { BlockSync } from "../services/block_sync/block_sync.ts";
import { HeaderSync } from "../services/header_sync.ts";
import { type DedupeMode, Inventory } from "../services/inventory/inventory.ts";
import type { PeerChains } from "../services/peer_chains.ts";
import type { Service } from "../services/service.ts";
import type { Env } from "../util/env.ts";
import type { Hasher } from "../util/hash.ts";

export interface ServiceParts {
  readonly env: Env;
  readonly hasher: Hasher;
  readonly ledger: Ledger;
  readonly bus: Bus<NodeEvents>;
  readonly peers: PeerSet;
  readonly peerChains: PeerChains;
  readonly dedupe: DedupeMode;
}

/** The services of one node: those that somebody speaks to by name, and all of them. */
export interface Services {
  readonly inventory: Inventory;
  readonly all: readonly Service[];
}

export function createServices(parts: ServiceParts): Services {
  const { env, hasher, ledger, bus, peers, peerChains, dedupe } = parts;
  const blockSync = new BlockSync({ env, hasher, ledger, bus, peerChains });
  const headersChanged = () => blockSync.headersChanged();
  const services = [
    blockServer({ ledger, peerChains }),
    announcer({ bus, chain: ledger.chain, peers, peerChains }),
    blockSync,
    new HeaderSync({ env, hasher, ledger, peerChains, headersChanged }),
  ];
  const inventory = new Inventory({ env, services, dedupe });
  return { inventory, all: [inventory, ...services] };
}
