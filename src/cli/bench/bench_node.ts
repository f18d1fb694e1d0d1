import { createNode } from "../../node/node.ts";
import type { NodeOptions, P2PNode } from "../../node/types.ts";
import { createMemoryStore } from "../../platform/memory_store.ts";
import { ownThreads } from "../../platform/threads.ts";
import type { Endpoint } from "../../platform/types.ts";
import { USER_AGENT } from "../../util/version.ts";
import type { Parts } from "../parts.ts";
import { networkOf } from "./bench_peers.ts";
import { LOOPBACK } from "./flow.ts";
import { Latencies } from "./latencies.ts";
import type { Wire } from "./options.ts";

const MAX_PEERS = 10_000;
const PROBE_MS = 10;

/** A whole node on a port of its own, with its chain in memory: the disk is no part of what is measured. */
export function createBenchNode(parts: Parts, wire: Wire, changes: Partial<NodeOptions> = {}): P2PNode {
  return createNode({ ...parts, store: createMemoryStore(), threads: ownThreads }, {
    network: networkOf(wire),
    listen: [{ host: LOOPBACK, port: 0 }],
    join: [],
    connect: [],
    maxInbound: MAX_PEERS,
    maxOutbound: MAX_PEERS,
    userAgent: USER_AGENT,
    pruneBytes: undefined,
    mineSeconds: undefined,
    ...changes,
  });
}

export function portOf(endpoint: Endpoint | undefined): number {
  return endpoint && "port" in endpoint ? endpoint.port : 0;
}

/** How late a timer is that should fire every 10 ms: what anything else in this process would wait. */
export class LoopDelay {
  readonly latencies = new Latencies();
  readonly #clock: () => number;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(clock: () => number) {
    this.#clock = clock;
    this.#probe(clock() + PROBE_MS);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #probe(dueAt: number): void {
    this.#timer = setTimeout(() => {
      const now = this.#clock();
      this.latencies.add(now - dueAt);
      this.#probe(Math.max(dueAt, now) + PROBE_MS);
    }, Math.max(0, dueAt - this.#clock()));
  }
}
