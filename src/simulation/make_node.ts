import { createNode } from "../node/node.ts";
import type { P2PNode } from "../node/types.ts";
import type { TcpEndpoint } from "../platform/types.ts";
import { DEFAULT_MAX_INBOUND, DEFAULT_MAX_OUTBOUND } from "../protocol/peer_params.ts";
import { Directory } from "./directory.ts";
import { hostName, type Member } from "./member.ts";
import { MAX_GOSSIPING_NODES, NEVER_MS } from "./params.ts";
import type { World, WorldOptions } from "./world.ts";

type Wishes = Pick<WorldOptions, "graph" | "options" | "strangers">;

/** The node of a member's next life, on its host and on what its store kept. */
export function makeNode(world: World, member: Member, { graph, options, strangers }: Wishes): P2PNode {
  const { host, index, store } = member;
  const { network, hasher } = world;
  const env = network.env(host);
  const parts = { env, transport: network.transport(host), hasher, store };
  const addressSource = graph ? undefined : new Directory(env.random, others(world, host, strangers));
  const connect = graph?.[index]?.map((other) => world.endpointOf(hostName(other))) ?? [];
  return createNode({ ...parts, ...(addressSource && { addressSource }) }, {
    network: world.params,
    listen: [world.endpointOf(host)],
    join: [],
    connect,
    maxInbound: DEFAULT_MAX_INBOUND,
    maxOutbound: DEFAULT_MAX_OUTBOUND,
    userAgent: `/simulated:${index}/`,
    pruneBytes: undefined,
    mineSeconds: undefined,
    region: world.geography.regionOf(host),
    ...(world.members.length > MAX_GOSSIPING_NODES && { cadences: { topologyMs: NEVER_MS } }),
    ...options,
  });
}

/** Whom a directory knows besides the one who looks into it. */
function others(world: World, own: string, strangers: readonly string[] = []): TcpEndpoint[] {
  const hosts = [...world.members.map(({ host }) => host), ...strangers];
  return hosts.filter((host) => host !== own).map((host) => world.endpointOf(host));
}
