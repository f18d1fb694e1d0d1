import type { Peer } from "../../peer/peer.ts";
import type { Connection } from "../../platform/types.ts";
import { createBenchNode, portOf } from "./bench_node.ts";
import { benchCodec, createBenchPeers } from "./bench_peers.ts";
import { LOOPBACK } from "./flow.ts";
import { Latencies } from "./latencies.ts";
import type { Wire } from "./options.ts";
import type { SideContext } from "./side.ts";
import { type Sample, takeSample } from "./usage.ts";

export interface VisitSpec {
  readonly wire: Wire;
}

/** The process that connections come to. */
export interface Gate {
  /** The port. */
  listen(): Promise<number>;
  /** Connections that stand, handshake done. */
  held(): number;
  /** Counts connections that came, handshake done. */
  sample(): Sample;
}

/** The process that connections come from. */
export interface Visitors {
  /** Connects, shakes hands and leaves, over and over, so many at a time, until `end`. */
  begin(how: { readonly port: number; readonly atOnce: number }): void;
  end(): Promise<void>;
  /** Connects so many and keeps them, some at a time. */
  hold(how: { readonly port: number; readonly count: number }): Promise<void>;
  /** Ends those that are held. */
  leave(): void;
  /** Counts visits. */
  sample(): Sample;
  /** Encoded `Latencies` since `begin`: from the dial until hands are shaken. */
  latencies(): string;
}

/** One connection of a visitor. */
interface Visit {
  leave(): void;
}

const DIAL = { timeoutMs: 10_000 };
/** Below every backlog, so that no connection waits for its first packet to be sent again. */
const DIALS_AT_ONCE = 100;

/** Accepts, and does nothing else. */
export function createBareGate({ transport, context, clock }: SideContext): Gate {
  let [came, held] = [0, 0];
  function accept(connection: Connection): void {
    came++;
    held++;
    connection.start({ data() {}, drained() {}, closed: () => void held-- });
  }
  return {
    async listen() {
      return portOf((await transport.listen({ host: LOOPBACK, port: 0 }, accept)).local);
    },
    held: () => held,
    sample: () => takeSample(context.host, clock, came),
  };
}

/** Shakes hands, as a set of peers without a node. */
export function createPeersGate(side: SideContext, spec: VisitSpec): Gate {
  let [came, held] = [0, 0];
  const peers = createBenchPeers(side, benchCodec(spec.wire, side.hasher), {
    ready() {
      came++;
      held++;
    },
    closed: (peer) => void (held -= Number(peer.agreement !== undefined)),
  });
  return {
    async listen() {
      return portOf((await peers.listen({ host: LOOPBACK, port: 0 })).local);
    },
    held: () => held,
    sample: () => takeSample(side.context.host, side.clock, came),
  };
}

/** A whole node. */
export function createNodeGate(side: SideContext, spec: VisitSpec): Gate {
  const node = createBenchNode(side, spec.wire);
  let [came, held] = [0, 0];
  node.on("peer:connected", () => {
    came++;
    held++;
  });
  node.on("peer:disconnected", () => void held--);
  return {
    async listen() {
      await node.start();
      return portOf(node.listening[0]);
    },
    held: () => held,
    sample: () => takeSample(side.context.host, side.clock, came),
  };
}

/** Opens connections over the bare adapter. */
export function createBareVisitors(side: SideContext): Visitors {
  return createVisitors(side, async (port) => {
    const connection = await side.transport.dial({ host: LOOPBACK, port }, DIAL);
    connection.start({ data() {}, drained() {}, closed() {} });
    return { leave: () => connection.close() };
  });
}

/** Dials and shakes hands; each connection is a set of peers of its own, which never reuses another one's. */
export function createPeersVisitors(side: SideContext, spec: VisitSpec): Visitors {
  const codec = benchCodec(spec.wire, side.hasher);
  return createVisitors(side, async (port) => {
    const peer: Peer = await createBenchPeers(side, codec, {}).dial({ host: LOOPBACK, port });
    return { leave: () => peer.close("a short visit") };
  });
}

function createVisitors({ context, clock }: SideContext, visit: (port: number) => Promise<Visit>): Visitors {
  const latencies = new Latencies();
  const held: Visit[] = [];
  let done = 0;
  let isOn = false;
  let rounds: Promise<void>[] = [];

  async function enter(port: number): Promise<Visit> {
    const startedAt = clock();
    const entered = await visit(port);
    latencies.add(clock() - startedAt);
    done++;
    return entered;
  }

  async function comeAndGo(port: number): Promise<void> {
    while (isOn) (await enter(port)).leave();
  }

  return {
    begin({ port, atOnce }) {
      latencies.reset();
      isOn = true;
      rounds = Array.from({ length: atOnce }, () => comeAndGo(port));
    },
    async end() {
      isOn = false;
      await Promise.all(rounds);
    },
    async hold({ port, count }) {
      while (held.length < count) {
        const batch = Math.min(DIALS_AT_ONCE, count - held.length);
        held.push(...await Promise.all(Array.from({ length: batch }, () => enter(port))));
      }
    },
    leave: () => held.splice(0).forEach((each) => each.leave()),
    sample: () => takeSample(context.host, clock, done),
    latencies: () => latencies.encode(),
  };
}
