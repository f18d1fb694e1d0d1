import type { P2PNode } from "../node/types.ts";
import { dumpAddresses } from "./address_dump.ts";
import { summariseBlock } from "./block_summary.ts";
import { answerEvents } from "./events_route.ts";
import { answerDashboard } from "./dashboard_route.ts";
import type { ControlAnswer, ControlRequest, ControlResponse } from "./http_types.ts";
import { HASH_SIZE_BYTES } from "../util/hash.ts";
import { bytesToHex, isHexOfSize } from "../util/hex.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import { isNumber } from "./decimal.ts";
import { actionMethods, explain } from "./actions.ts";
import { checkAccess, checkAuthority } from "./guard.ts";
import { answerMetrics } from "./metrics_route.ts";
import { json, JSON_HEADERS, ok, refuse, STATUS } from "./responses.ts";
import type { ControlSubject } from "./subject.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export type Answering = ControlAnswer | Promise<ControlAnswer>;
type Handler = (subject: ControlSubject, request: ControlRequest, id: string) => Answering;

interface Route {
  readonly path: RegExp;
  readonly get: Handler;
}

const ROUTES: readonly Route[] = [
  { path: /^\/$/, get: answerDashboard },
  { path: /^\/v1\/node$/, get: (subject) => ok(describeNode(subject)) },
  { path: /^\/v1\/peers$/, get: ({ node }) => ok(node.peers()) },
  { path: /^\/v1\/peers\/([^/]+)$/, get: ({ node }, _, id) => showPeer(node, id) },
  { path: /^\/v1\/channels$/, get: ({ node }) => ok(node.channels()) },
  { path: /^\/v1\/bans$/, get: ({ node }) => ok(node.bans()) },
  { path: /^\/v1\/offenders$/, get: ({ node }) => ok(node.offenders()) },
  { path: /^\/v1\/addresses$/, get: ({ node }, { query }) => showAddresses(node, query) },
  { path: /^\/v1\/events$/, get: followEvents },
  { path: /^\/v1\/chain$/, get: ({ node }) => ok(node.chain()) },
  { path: /^\/v1\/blocks\/([^/]+)$/, get: ({ node }, { query }, id) => showBlock(node, id, query.get("raw") === "1") },
  { path: /^\/v1\/topology$/, get: ({ node }, { query }) => showTopology(node, query.get("fanout")) },
  { path: /^\/v1\/vitals$/, get: ({ node }) => ok(node.vitals()) },
  { path: /^\/v1\/doctor$/, get: ({ node }) => ok(node.diagnose()) },
  { path: /^\/v1\/balancing$/, get: ({ node }) => ok(node.balancing()) },
  { path: /^\/metrics$/, get: answerMetrics },
  { path: /^\/livez$/, get: () => ok({ ok: true, checks: { answering: true } }) },
  { path: /^\/readyz$/, get: ({ node }) => showReadiness(node) },
];

/** Answers one request from the node's state. */
export function answer(subject: ControlSubject, request: ControlRequest): Answering {
  const refusal = checkAccess(request, subject);
  if (refusal) return refusal;
  for (const route of ROUTES) {
    const match = route.path.exec(request.path);
    if (!match) continue;
    if (request.method !== "GET" && request.method !== "HEAD") {
      return {
        ...refuse(STATUS.wrongMethod, `${request.method} is not possible here`),
        headers: { ...JSON_HEADERS, allow: ["GET", "HEAD", ...actionMethods(request.path)].join(", ") },
      };
    }
    try {
      return route.get(subject, request, match[1] ?? "");
    } catch (error) {
      return explain(error);
    }
  }
  return refuse(STATUS.notFound, "no such path");
}

function describeNode({ node, version, runtime, uptimeMs }: ControlSubject) {
  const peers = node.peers();
  const shards = node.shards();
  const count = (direction: string) => peers.filter((peer) => peer.direction === direction).length;
  return {
    version,
    runtime,
    userAgent: node.userAgent,
    network: node.network.name,
    wire: node.network.wire,
    uptimeSeconds: Math.floor(uptimeMs() / MS_PER_SECOND),
    listen: node.listening.map(formatEndpoint),
    peers: { inbound: count("inbound"), outbound: count("outbound") },
    ...shards.length > 0 && { shards },
    ...node.connectionCounts(),
    inventory: node.inventory(),
    pool: node.pool(),
    ...node.applications(),
  };
}

function followEvents(subject: ControlSubject, request: ControlRequest): ControlAnswer {
  return checkAuthority(request, subject) ?? answerEvents(subject.feed, request);
}

function showPeer(node: P2PNode, id: string): ControlResponse {
  if (!isNumber(id)) return refuse(STATUS.badRequest, "a peer's id is a number");
  const peer = node.peers().find((candidate) => candidate.id === Number(id));
  return peer ? ok(peer) : refuse(STATUS.notFound, `no peer ${id}`);
}

/** `?format=lines`: all of them, one a line; `?limit=N`: so many at most. */
function showAddresses(node: P2PNode, query: URLSearchParams): ControlResponse {
  const format = query.get("format") ?? "json";
  if (format !== "json" && format !== "lines") return refuse(STATUS.badRequest, "format is json or lines");
  const limit = query.get("limit") ?? undefined;
  if (limit !== undefined && !isNumber(limit)) return refuse(STATUS.badRequest, "limit is a number");
  if (format === "json") return ok(node.addresses(limit === undefined ? undefined : Number(limit)));
  const { addresses } = node.addresses(limit === undefined ? Number.MAX_SAFE_INTEGER : Number(limit));
  return {
    status: STATUS.ok,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: dumpAddresses(addresses),
  };
}

function showTopology(node: P2PNode, fanout: string | null): ControlResponse {
  if (fanout === null) return ok(node.topology());
  const isPossible = isNumber(fanout) && Number(fanout) >= 1;
  return isPossible ? ok(node.topology(Number(fanout))) : refuse(STATUS.badRequest, "fanout is a number from 1");
}

function showBlock(node: P2PNode, id: string, asHex: boolean): ControlResponse {
  const isHash = isHexOfSize(id, HASH_SIZE_BYTES);
  if (!isHash && !isNumber(id)) return refuse(STATUS.badRequest, "a block is named by its hash or its height");
  const block = node.block(isHash ? id.toLowerCase() : Number(id));
  if (!block) return refuse(STATUS.notFound, `no block ${id}`);
  if (!asHex) return ok(summariseBlock(block));
  if (!block.raw) return refuse(STATUS.notFound, `block ${id} is not stored: only its header is`);
  return {
    status: STATUS.ok,
    headers: { "content-type": "text/plain; charset=utf-8" },
    body: bytesToHex(block.raw) + "\n",
  };
}

/** Ready to serve others: started, and not busy with catching up. */
function showReadiness(node: P2PNode): ControlResponse {
  const checks = { synced: !node.chain().syncing };
  const isReady = Object.values(checks).every(Boolean);
  return json(isReady ? STATUS.ok : STATUS.unready, { ok: isReady, checks });
}
