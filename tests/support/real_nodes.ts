import { createNode } from "../../src/node/node.ts";
import type { NodeOptions, NodeParts, P2PNode } from "../../src/node/types.ts";
import { createEnv } from "../../src/platform/env.ts";
import { createHasher } from "../../src/platform/hasher.ts";
import { createTransport } from "../../src/platform/host.ts";
import { createMemoryStore } from "../../src/platform/memory_store.ts";
import { ownThreads } from "../../src/platform/threads.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import type { NodeEvents } from "../../src/protocol/node_events.ts";
import type { PeerSnapshot } from "../../src/protocol/peer_snapshots.ts";
import { silentLogger } from "../../src/util/env.ts";
import { within } from "./wait.ts";

const LOOPBACK = "127.0.0.1";
const MAX_PEERS = 200;

/** Nodes on this machine's sockets and threads, which all end with the test. */
export class RealNodes implements AsyncDisposable {
  readonly all: P2PNode[] = [];

  /** A started node that listens unless it is told not to. */
  async start(options: Partial<NodeOptions> = {}, parts: Partial<NodeParts> = {}): Promise<P2PNode> {
    const node = this.create(options, parts);
    await node.start();
    return node;
  }

  create(options: Partial<NodeOptions> = {}, parts: Partial<NodeParts> = {}): P2PNode {
    const node = createNode({
      env: createEnv({ logger: () => silentLogger }),
      hasher: createHasher(),
      transport: createTransport(),
      store: createMemoryStore(),
      threads: ownThreads,
      ...parts,
    }, {
      network: REGTEST,
      listen: [{ host: LOOPBACK, port: 0 }],
      join: [],
      connect: [],
      maxInbound: MAX_PEERS,
      maxOutbound: MAX_PEERS,
      userAgent: "/test:1/",
      pruneBytes: undefined,
      mineSeconds: undefined,
      ...options,
    });
    this.all.push(node);
    return node;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((node) => node.stop()));
  }
}

export function portOf(node: P2PNode): number {
  const [endpoint] = node.listening;
  if (!endpoint || !("port" in endpoint)) throw new Error("the node does not listen");
  return endpoint.port;
}

export function addressOf(node: P2PNode): { readonly host: string; readonly port: number } {
  return { host: LOOPBACK, port: portOf(node) };
}

/** The next event of the type that `holds`. Ask before what causes it. */
export function nextEvent<T extends keyof NodeEvents & string>(
  node: P2PNode,
  type: T,
  holds: (event: NodeEvents[T]) => boolean = () => true,
): Promise<NodeEvents[T]> {
  const { promise, resolve } = Promise.withResolvers<NodeEvents[T]>();
  const handle = node.on(type, (event) => {
    if (!holds(event)) return;
    handle[Symbol.dispose]();
    resolve(event);
  });
  return within(`${type} of a node`, promise);
}

/** Both ends of a new connection: what the dialler has, and what the other node has. */
export async function link(from: P2PNode, to: P2PNode): Promise<{ dialler: PeerSnapshot; listener: PeerSnapshot }> {
  const arrival = nextEvent(to, "peer:connected", ({ peer }) => peer.direction === "inbound");
  // Where the dial fails, the error says so, and nobody waits for this one.
  arrival.catch(() => {});
  const dialler = await from.connect(addressOf(to));
  return { dialler, listener: (await arrival).peer };
}

/** Resolves when the node's tip is as high. */
export async function reachHeight(node: P2PNode, height: number): Promise<void> {
  const arrived = nextEvent(node, "chain:tip", (tip) => tip.height >= height);
  arrived.catch(() => {});
  if (node.chain().height < height) await arrived;
}
