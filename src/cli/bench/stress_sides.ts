import type { P2PNode } from "../../node/types.ts";
import type { Peer } from "../../peer/peer.ts";
import { REQUEST_TIMEOUT_MS } from "../../protocol/app_params.ts";
import type { Message } from "../../protocol/messages.ts";
import { createBenchNode, LoopDelay, portOf } from "./bench_node.ts";
import { benchCodec, createBenchPeers } from "./bench_peers.ts";
import { sleep } from "./clock.ts";
import { LOOPBACK } from "./flow.ts";
import { Latencies } from "./latencies.ts";
import type { SideContext } from "./side.ts";
import { type Sample, takeSample } from "./usage.ts";
import type { VisitSpec } from "./visit_sides.ts";

/** A node at one moment. */
export interface Stress extends Sample {
  /** Peers, and bytes that wait for them or from them. */
  readonly peers: number;
  readonly queuedBytes: number;
  /** Connections that ended because of somebody's fault, by reason. */
  readonly faults: Readonly<Record<string, number>>;
  /** Encoded `Latencies`: how late its timers were since the last look. */
  readonly delays: string;
}

/** How callers speak: at each beat, each of them, so many messages and one request. */
export interface Talk {
  readonly beatMs: number;
  readonly messages: number;
  readonly sizeBytes: number;
}

/** What callers said and heard. */
export interface Said {
  readonly sent: number;
  readonly refused: number;
  readonly asked: number;
  readonly answered: number;
  /** Encoded `Latencies` of the answers. */
  readonly latencies: string;
}

const METHOD = "echo";
/** Below every backlog, so that no connection waits for its first packet to be sent again. */
const DIALS_AT_ONCE = 100;
/** Ends that are nobody's fault. */
const IN_ORDER: readonly string[] = ["closed-by-remote", "closed-by-us"];

/** The node that is under stress. */
export function createStressedNode(side: SideContext, { wire }: VisitSpec) {
  const node = createBenchNode(side, wire);
  const delay = new LoopDelay(side.clock);
  let heard = 0;
  node.handle(METHOD, (payload) => payload);
  return {
    async listen(): Promise<number> {
      await node.start();
      return portOf(node.listening[0]);
    },
    look(): Stress {
      const counts = count(node);
      heard = counts.heard;
      const delays = delay.latencies.encode();
      delay.latencies.reset();
      // What is left is held by somebody.
      side.context.host.collectGarbage();
      return {
        ...takeSample(side.context.host, side.clock, heard),
        peers: counts.peers,
        queuedBytes: counts.queuedBytes,
        faults: Object.fromEntries(
          Object.entries(node.connectionCounts().ended).filter(([reason]) => !IN_ORDER.includes(reason)),
        ),
        delays,
      };
    },
  };
}

/** By itself, so that what is told of all peers is gone before memory is looked at: it takes 2 KiB for each. */
function count(node: P2PNode): { readonly peers: number; readonly queuedBytes: number; readonly heard: number } {
  const peers = node.peers();
  return {
    peers: peers.length,
    queuedBytes: peers.reduce((sum, { mailbox, outbox }) => sum + mailbox.bytes + outbox.bytes, 0),
    heard: peers.reduce((sum, { messages }) => sum + (messages.in.app ?? 0), 0),
  };
}

/** Those who put it under stress: each connection is a set of peers of its own, which never reuses another one's. */
export function createCallers(side: SideContext, { wire }: VisitSpec) {
  const codec = benchCodec(wire, side.hasher);
  const latencies = new Latencies();
  const askedAt = new Map<string, number>();
  const held: Peer[] = [];
  const counts = { sent: 0, refused: 0, asked: 0, answered: 0 };
  let lost = 0;
  let beat: ReturnType<typeof setInterval> | undefined;

  function onMessage(peer: Peer, caller: number, message: Message): void {
    if (message.type !== "response") return;
    const key = `${caller} ${message.id}`;
    const since = askedAt.get(key);
    if (since === undefined) return peer.close("an answer to nothing");
    askedAt.delete(key);
    counts.answered++;
    latencies.add(side.clock() - since);
  }

  function call(port: number, caller: number): Promise<Peer> {
    const peers = createBenchPeers(side, codec, {
      message: (peer, message) => onMessage(peer, caller, message),
      closed: () => void lost++,
    });
    return peers.dial({ host: LOOPBACK, port });
  }

  function speak({ messages }: Talk, payload: Uint8Array): void {
    for (const [caller, peer] of held.entries()) {
      for (let i = 0; i < messages; i++) {
        if (peer.send({ type: "app", payload })) counts.sent++;
        else counts.refused++;
      }
      const id = counts.asked++ >>> 0;
      askedAt.set(`${caller} ${id}`, side.clock());
      peer.send({ type: "request", id, method: METHOD, payload });
    }
  }

  return {
    /** Connects so many more and keeps them, some at a time. */
    async hold({ port, count }: { readonly port: number; readonly count: number }): Promise<void> {
      for (const target = held.length + count; held.length < target;) {
        const batch = Math.min(DIALS_AT_ONCE, target - held.length);
        const first = held.length;
        held.push(...await Promise.all(Array.from({ length: batch }, (_, i) => call(port, first + i))));
      }
    },
    /** Connects, shakes hands and leaves, so many times in all. */
    async comeAndGo({ port, count }: { readonly port: number; readonly count: number }): Promise<void> {
      let left = count;
      const visit = async (): Promise<void> => {
        while (left-- > 0) (await call(port, -1)).close("a short visit");
      };
      await Promise.all(Array.from({ length: DIALS_AT_ONCE }, visit));
    },
    begin(talk: Talk): void {
      const payload = new Uint8Array(talk.sizeBytes);
      beat = setInterval(() => speak(talk, payload), talk.beatMs);
    },
    /** Says no more, and waits for what is to be answered. */
    async end(): Promise<Said> {
      clearInterval(beat);
      const deadline = side.clock() + REQUEST_TIMEOUT_MS;
      while (askedAt.size > 0 && side.clock() < deadline) await sleep(1);
      return { ...counts, latencies: latencies.encode() };
    },
    /** Ends all that are held; answers how many were lost before. */
    leave(): number {
      const lostBefore = lost;
      for (const peer of held.splice(0)) peer.close("the bench is over");
      return lostBefore;
    },
    forget(): void {
      lost = 0;
    },
  };
}
