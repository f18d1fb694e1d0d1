import type { Peer } from "../peer/peer.ts";
import type { Endpoint } from "../platform/types.ts";
import { NO_PERMISSIONS, type Permissions } from "../protocol/permissions.ts";
import type { RefusalReason } from "../protocol/peer_snapshots.ts";
import { chooseEviction, type EvictionCandidate } from "./eviction.ts";
import { type HostIdentity, identifyHost } from "./host_identity.ts";
import type { Reputation } from "./reputation.ts";

export interface InboundLimits {
  readonly maxInbound: number;
  readonly maxPerAddress: number;
  readonly maxPerGroup: number;
}

export interface InboundOptions extends InboundLimits {
  readonly reputation: Reputation;
  /** Keyed with a secret: which groups eviction spares cannot be foreseen. */
  readonly groupKey: (group: string) => number;
}

/** What was decided of a stranger at the door. */
export type Admission =
  | { readonly kind: "admitted"; readonly permissions: Permissions; readonly leaves: Peer | undefined }
  | { readonly kind: "refused"; readonly reason: RefusalReason; readonly limit?: number };

/** What of a peer's identity counts while it is here. */
interface Guest {
  readonly host: Pick<HostIdentity, "key" | "group"> | undefined;
  readonly network: number;
  readonly groupKey: number;
}

/** Peers that came to us: who may, how many of one kind, and who has to leave when there is no room. */
export class Inbound {
  readonly #options: InboundOptions;
  readonly #guests = new Map<Peer, Guest>();
  readonly #perAddress = new Map<string, number>();
  readonly #perGroup = new Map<string, number>();

  constructor(options: InboundOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#guests.size;
  }

  /** Judges who is at the door. Whoever has to leave for it is taken off the table; ending the connection is the caller's. */
  admit(remote: Endpoint): Admission {
    const identity = "path" in remote ? undefined : identifyHost(remote.host);
    const permissions = identity ? this.#options.reputation.permissions(identity) : NO_PERMISSIONS;
    const refusal = identity && !permissions.has("noban") ? this.#refuse(identity) : undefined;
    if (refusal) return refusal;
    const { maxInbound } = this.#options;
    if (this.size < maxInbound) return { kind: "admitted", permissions, leaves: undefined };
    const leaves = this.#evict();
    if (!leaves) return { kind: "refused", reason: "full", limit: maxInbound };
    return { kind: "admitted", permissions, leaves };
  }

  add(peer: Peer): void {
    const identity = "path" in peer.remote ? undefined : identifyHost(peer.remote.host);
    const groupKey = this.#options.groupKey(identity?.group ?? "");
    if (!identity) return void this.#guests.set(peer, { host: undefined, network: LOCAL_NETWORK, groupKey });
    const { key, group, scope, address } = identity;
    const network = scope === "global" ? address?.networkId ?? LOCAL_NETWORK : LOCAL_NETWORK;
    this.#guests.set(peer, { host: { key, group }, network, groupKey });
    count(this.#perAddress, key, 1);
    count(this.#perGroup, group, 1);
  }

  /** Does nothing for a peer that was removed before. */
  remove(peer: Peer): void {
    const guest = this.#guests.get(peer);
    if (!guest) return;
    this.#guests.delete(peer);
    if (!guest.host) return;
    count(this.#perAddress, guest.host.key, -1);
    count(this.#perGroup, guest.host.group, -1);
  }

  /**
   * Addresses of this machine and of private networks count for no limit: all that comes through an onion service or a
   * container's gateway has one address.
   */
  #refuse(identity: HostIdentity): Extract<Admission, { kind: "refused" }> | undefined {
    const { reputation, maxPerAddress, maxPerGroup } = this.#options;
    const standing = reputation.standing(identity);
    if (standing !== "good") return { kind: "refused", reason: standing };
    if (identity.scope !== "global") return undefined;
    if ((this.#perAddress.get(identity.key) ?? 0) >= maxPerAddress) {
      return { kind: "refused", reason: "address", limit: maxPerAddress };
    }
    if ((this.#perGroup.get(identity.group) ?? 0) >= maxPerGroup) {
      return { kind: "refused", reason: "group", limit: maxPerGroup };
    }
    return undefined;
  }

  #evict(): Peer | undefined {
    const byId = new Map([...this.#guests.keys()].map((peer) => [peer.id, peer]));
    const chosen = chooseEviction([...this.#guests].map(([peer, guest]) => this.#candidate(peer, guest)));
    const leaves = chosen === undefined ? undefined : byId.get(chosen);
    if (leaves) this.remove(leaves);
    return leaves;
  }

  #candidate(peer: Peer, { host, network, groupKey }: Guest): EvictionCandidate {
    return {
      id: peer.id,
      group: groupKey,
      network,
      pingMs: peer.liveness.roundTrips.min,
      blockAt: peer.usefulAt.block,
      transactionAt: peer.usefulAt.transaction,
      isBlockOnly: peer.agreement?.version.relay === false,
      hasNoban: peer.permissions.has("noban"),
      isSuspect: host !== undefined && this.#options.reputation.isSuspect(host),
    };
  }
}

/** Stands for all that comes from this machine or its surroundings, such as through an onion service. */
const LOCAL_NETWORK = 0;

function count(counts: Map<string, number>, key: string, change: 1 | -1): void {
  const value = (counts.get(key) ?? 0) + change;
  if (value === 0) counts.delete(key);
  else counts.set(key, value);
}
