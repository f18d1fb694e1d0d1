/** One address of the book. Times are Unix seconds, 0 for never. */
export interface AddressSnapshot {
  /** `host:port`. */
  readonly address: string;
  /** What it offers, by name, as it was told. */
  readonly services: readonly string[];
  /** Whether it answered us once. */
  readonly tried: boolean;
  /** When it was last heard of, as far as we were told. */
  readonly time: number;
  /** When we dialled it last, and when it last answered. */
  readonly lastTry: number;
  readonly lastSuccess: number;
  /** Failed dials since the last success. */
  readonly attempts: number;
  /** Who told us first. */
  readonly source: string;
  /** Whether a seed's probes found it there often enough; null where there were none. */
  readonly reliable: boolean | null;
  /** Share of the time, 0 to 1, for each window; null where nobody probed it. */
  readonly uptime: Readonly<Record<string, number>> | null;
}

/** The search for nodes on the local network, counted since the start. */
export interface LocalDiscoverySnapshot {
  /** Addresses of our interfaces behind which it goes on. */
  readonly interfaces: readonly string[];
  /** Announcements of ours. */
  readonly sent: number;
  /** Nodes that were news; one that started anew is. */
  readonly found: number;
  /** Datagrams that were ignored: our own, of other networks, in another form, and too many in a second. */
  readonly own: number;
  readonly foreign: number;
  readonly malformed: number;
  readonly limited: number;
}

/** The address book. */
export interface AddressesSnapshot {
  /** Addresses; those that never answered us are `new`, those that did are `tried`. */
  readonly total: number;
  readonly new: number;
  readonly tried: number;
  /** The same, by network: `ipv4`, `ipv6`, `onion`, `i2p`, `cjdns`. */
  readonly networks: Readonly<Record<string, { readonly new: number; readonly tried: number }>>;
  /** Addresses that peers told us since the start. */
  readonly gossip: {
    readonly received: number;
    /** Beyond what one peer may tell, and not looked at. */
    readonly limited: number;
    /** Passed on, once for each peer that got them. */
    readonly relayed: number;
  };
  /** Null without `discoverLocal`. */
  readonly local: LocalDiscoverySnapshot | null;
  /** Some of them, the latest successes first. */
  readonly addresses: readonly AddressSnapshot[];
}

/** A node of the network, as far as we know it. */
export interface TopologyNodeSnapshot {
  /** Its topology id in hex, or its address where only that is known. */
  readonly id: string;
  /** Where it is or was connected to us, or what gossip says; null if we have no address of it. */
  readonly address: string | null;
  /** Where it says that it is; empty if it does not. */
  readonly region: string;
  /** What it says that it can do. */
  readonly capabilities: readonly string[];
  /** Share of its resources in use, as it says, 0 to 1. */
  readonly load: number;
  /** Whether it takes no new requests. */
  readonly draining: boolean;
  /** Ourselves, a peer of ours, heard of in topology gossip, or known by an address alone. */
  readonly source: "self" | "peer" | "gossip" | "address";
  /** Since it was heard of; 0 for ourselves and our peers. */
  readonly ageSeconds: number;
  /** Peers that told of it. */
  readonly reporters: number;
  /** The quickest way from here; null if none is known. */
  readonly path: { readonly via: string | null; readonly hops: number; readonly rttMs: number } | null;
}

/** A connection between two nodes, told once for both ways. */
export interface TopologyLinkSnapshot {
  readonly from: string;
  readonly to: string;
  /** Round trip; null if nobody measured it. */
  readonly rttMs: number | null;
  /** Measured by us, told by both ends, or told by one. */
  readonly known: "measured" | "confirmed" | "claimed";
}

/** The network, as one node knows it. */
export interface TopologySnapshot {
  /** Id of this node. */
  readonly self: string;
  readonly nodes: readonly TopologyNodeSnapshot[];
  readonly links: readonly TopologyLinkSnapshot[];
  readonly metrics: {
    readonly nodes: number;
    readonly links: number;
    readonly components: number;
    readonly meanLinks: number;
    readonly diameter: number;
    /** Nodes by region; those that do not say where they are under the empty name. */
    readonly regions: Readonly<Record<string, number>>;
  };
  /** A tree from us in which no node sends more than `fanout` copies: who gets a message from whom. */
  readonly broadcast: {
    readonly fanout: number;
    readonly reached: number;
    readonly depth: number;
    readonly edges: readonly (readonly [from: string, to: string])[];
  };
}
