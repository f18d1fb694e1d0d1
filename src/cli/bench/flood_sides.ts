import type { Peers } from "../../net/peers.ts";
import type { Peer } from "../../peer/peer.ts";
import type { TcpEndpoint } from "../../platform/types.ts";
import { createBenchNode, LoopDelay, portOf } from "./bench_node.ts";
import { benchCodec, benchVersion, createBenchPeers, networkOf } from "./bench_peers.ts";
import { randomNonce, Session } from "../connect_session.ts";
import { LOOPBACK } from "./flow.ts";
import { Latencies } from "./latencies.ts";
import { makeBlocks } from "./made_blocks.ts";
import type { Wire } from "./options.ts";
import type { SideContext } from "./side.ts";
import { type Sample, takeSample } from "./usage.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

export interface FloodSpec {
  readonly wire: Wire;
  readonly peers: number;
  /** Bytes of a block. */
  readonly sizeBytes: number;
}

/** What the node that is flooded saw. */
export interface NodeReport extends Sample {
  readonly height: number;
  /** Control events that a subscriber was told of. */
  readonly connected: number;
  readonly disconnected: number;
  readonly peakResidentBytes: number;
  /** Encoded, since the last report. */
  readonly loopDelay: string;
}

export interface FloodedNode {
  /** The port. */
  listen(): Promise<number>;
  /** Counts blocks that arrived. */
  report(): NodeReport;
}

const MEMORY_PROBE_MS = 50;

/** A whole node; it counts the control events that reach a subscriber. */
export function createFloodedNode(side: SideContext, spec: FloodSpec): FloodedNode {
  const node = createBenchNode(side, spec.wire);
  const delay = new LoopDelay(side.clock);
  const events = { connected: 0, disconnected: 0 };
  let peakResidentBytes = 0;
  let pastBlocks = 0;
  node.on("peer:connected", () => void events.connected++);
  node.on("peer:disconnected", ({ peer }) => {
    events.disconnected++;
    pastBlocks += peer.messages.in.block ?? 0;
  });
  const probe = () => {
    peakResidentBytes = Math.max(peakResidentBytes, side.context.host.memory().residentBytes);
  };
  setInterval(probe, MEMORY_PROBE_MS);
  return {
    async listen() {
      await node.start();
      return portOf(node.listening[0]);
    },
    report() {
      probe();
      const blocks = node.peers().reduce((sum, { messages }) => sum + (messages.in.block ?? 0), pastBlocks);
      const answer = {
        ...takeSample(side.context.host, side.clock, blocks),
        ...events,
        height: node.chain().height,
        peakResidentBytes,
        loopDelay: delay.latencies.encode(),
      };
      delay.latencies.reset();
      peakResidentBytes = 0;
      return answer;
    },
  };
}

/** So many blocks, over and over: the first of each is news, the others are what a flood is made of. */
const BLOCKS = 20;
/** What a peer may have queued: one block under way, and the next. */
const MAX_QUEUED_BLOCKS = 2;

export interface Flooder {
  connect(port: number): Promise<void>;
  flood(): void;
  halt(): void;
  sample(): Sample;
}

/** Many peers that send full blocks as fast as the node takes them, asked or not. */
export function createFlooder(side: SideContext, spec: FloodSpec): Flooder {
  const codec = benchCodec(spec.wire, side.hasher);
  const frames = makeBlocks(networkOf(spec.wire), side.hasher, BLOCKS, spec.sizeBytes)
    .map((block) => codec.encode({ type: "block", block }));
  const peers: Peer[] = [];
  const sentBy = new Map<Peer, number>();
  let isOn = false;
  let done = 0;

  function fill(peer: Peer): void {
    while (isOn && peer.outbox.frames < MAX_QUEUED_BLOCKS) {
      const sent = sentBy.get(peer) ?? 0;
      if (!peer.sendFrame("block", frames[sent % frames.length]!)) break;
      sentBy.set(peer, sent + 1);
      done++;
    }
    if (isOn) peer.awaitRoom();
  }

  return {
    async connect(port) {
      for (let i = 0; i < spec.peers; i++) {
        peers.push(await createBenchPeers(side, codec, { writable: fill }).dial({ host: LOOPBACK, port }));
      }
    },
    flood() {
      isOn = true;
      peers.forEach(fill);
    },
    halt() {
      isOn = false;
    },
    sample: () => takeSample(side.context.host, side.clock, done),
  };
}

const PINGS_PER_SECOND = 100;
const VISITS_PER_SECOND = 10;
const HANDSHAKE_MS = 60_000;

export interface Visitor {
  connect(port: number): Promise<void>;
  begin(): void;
  end(): Promise<{ readonly visits: number; readonly pings: string; readonly unanswered: number }>;
}

/** A peer that pings a hundred times a second, and others that come and go, as control traffic does. */
export function createVisitor(side: SideContext, spec: FloodSpec): Visitor {
  const codec = benchCodec(spec.wire, side.hasher);
  const latencies = new Latencies();
  /** Pings without an answer: nonce, and when each was due. */
  const pending = new Map<bigint, number>();
  let endpoint: TcpEndpoint;
  let session: Session;
  let timers: ReturnType<typeof setInterval>[] = [];
  let visits = 0;
  let visiting: Promise<void> = Promise.resolve();

  function ping(dueAt: number): void {
    const nonce = BigInt(Math.round(dueAt * MS_PER_SECOND));
    pending.set(nonce, dueAt);
    session.send({ type: "ping", nonce });
  }

  async function visit(): Promise<void> {
    const peers: Peers = createBenchPeers(side, codec, {});
    const peer = await peers.dial(endpoint);
    peer.close("a short visit");
    visits++;
  }

  return {
    async connect(port) {
      endpoint = { host: LOOPBACK, port };
      session = new Session({
        connection: await side.transport.dial(endpoint, { timeoutMs: HANDSHAKE_MS }),
        codec,
        env: side.env,
        ourVersion: benchVersion(randomNonce(side.env)),
        onMessage(message) {
          const dueAt = message.type === "pong" ? pending.get(message.nonce) : undefined;
          if (message.type !== "pong" || dueAt === undefined) return;
          pending.delete(message.nonce);
          latencies.add(side.clock() - dueAt);
        },
      });
      await session.shakeHands(HANDSHAKE_MS);
    },
    begin() {
      latencies.reset();
      visits = 0;
      const startedAt = side.clock();
      let sent = 0;
      const owe = () => {
        const owed = Math.floor((side.clock() - startedAt) / MS_PER_SECOND * PINGS_PER_SECOND);
        for (; sent < owed; sent++) ping(startedAt + (sent + 1) * MS_PER_SECOND / PINGS_PER_SECOND);
      };
      timers = [
        setInterval(owe, 1),
        setInterval(() => visiting = visiting.then(visit), MS_PER_SECOND / VISITS_PER_SECOND),
      ];
    },
    async end() {
      timers.forEach(clearInterval);
      await visiting;
      const unanswered = pending.size;
      return { visits, pings: latencies.encode(), unanswered };
    },
  };
}
