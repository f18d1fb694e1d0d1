import { createNode } from "../node/node.ts";
import type { NodeOptions, P2PNode } from "../node/types.ts";
import type { MemoryNetwork } from "../platform/memory.ts";
import type { TcpEndpoint } from "../platform/types.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { DEFAULT_MAX_INBOUND, DEFAULT_MAX_OUTBOUND } from "../protocol/peer_params.ts";
import type { Hasher } from "../util/hash.ts";
import { Directory } from "./directory.ts";
import type { Geography } from "./geography.ts";
import { hostName, type Member } from "./member.ts";
import { MAX_GOSSIPING_NODES, NEVER_MS } from "./params.ts";

/** Where nodes live. */
export interface Site {
  readonly network: MemoryNetwork;
  readonly params: NetworkParams;
  readonly hasher: Hasher;
  readonly geography: Geography;
  readonly members: readonly Member[];
  endpointOf(host: string): TcpEndpoint;
}

/** Whom nodes know, and how they are set. */
export interface Wishes {
  /** Whom each node dials and stays with; without it, each keeps connections to anybody in the directory. */
  readonly graph?: readonly (readonly number[])[];
  /** Hosts in the directory besides those of members. */
  readonly strangers?: readonly string[];
  readonly options?: Partial<NodeOptions>;
}

/** The node of a member's next life, on its host and on what its store kept. */
export function makeNode(site: Site, member: Member, { graph, options, strangers }: Wishes): P2PNode {
  const { host, index, store } = member;
  const { network, hasher } = site;
  const env = network.env(host);
  const parts = { env, transport: network.transport(host), hasher, store };
  const addressSource = graph ? undefined : new Directory(env.random, others(site, host, strangers));
  const connect = graph?.[index]?.map((other) => site.endpointOf(hostName(other))) ?? [];
  return createNode({ ...parts, ...(addressSource && { addressSource }) }, {
    network: site.params,
    listen: [site.endpointOf(host)],
    join: [],
    connect,
    maxInbound: DEFAULT_MAX_INBOUND,
    maxOutbound: DEFAULT_MAX_OUTBOUND,
    userAgent: `/simulated:${index}/`,
    pruneBytes: undefined,
    mineSeconds: undefined,
    region: site.geography.regionOf(host),
    ...(site.members.length > MAX_GOSSIPING_NODES && { cadences: { topologyMs: NEVER_MS } }),
    ...options,
  });
}

/** Whom a directory knows besides the one who looks into it. */
function others(site: Site, own: string, strangers: readonly string[] = []): TcpEndpoint[] {
  const hosts = [...site.members.map(({ host }) => host), ...strangers];
  return hosts.filter((host) => host !== own).map((host) => site.endpointOf(host));
}
