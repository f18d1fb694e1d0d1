import type { P2PNode } from "../../node/types.ts";
import { LOOPBACK, ReceivedCounter, SentCounter, startPacer, waitForCount } from "./flow.ts";
import type { FlowReceiver, FlowSender, FlowSpec } from "./flow.ts";
import { createBenchNode, portOf } from "./bench_node.ts";
import { benchCodec } from "./bench_peers.ts";
import { contentOf, makePayload, TOPIC } from "./messages.ts";
import { type Asker, createAsker, type Echo, type RoundTripSpec } from "./round_trips.ts";
import type { SideContext } from "./side.ts";
import { readStamp } from "./stamps.ts";
import { takeSample } from "./usage.ts";

/** An outbox with more than this is given time: what a publisher does that would rather wait than lose. */
const FULL_OUTBOX_BYTES = 1_048_576;
const RETRY_MS = 1;
const METHOD = "echo";

/** A whole node, whose program sends by node.send to one peer, or publishes to a topic. */
export function createNodeSender(side: SideContext, spec: FlowSpec): FlowSender {
  const { context, clock } = side;
  const node = createBenchNode(side, spec.wire);
  const content = contentOf(spec, benchCodec(spec.wire, side.hasher));
  const counter = new SentCounter();
  const send = spec.content === "topic" ? publisher(node) : sender(node);
  const constant = makePayload(content.payloadBytes, 0);
  let left = 0;
  let stopPacing = () => {};

  function sendOne(payload: Uint8Array): void {
    const taken = send(payload);
    counter.add(taken, spec.connections - taken);
  }

  function burst(): void {
    const isFull = node.peers().some(({ outbox }) => outbox.bytes > FULL_OUTBOX_BYTES);
    if (isFull) return void setTimeout(burst, RETRY_MS);
    const rounds = Math.min(spec.burst, Math.ceil(left / spec.connections));
    for (let round = 0; round < rounds; round++) sendOne(constant);
    left -= rounds * spec.connections;
    if (left > 0) side.env.nextTurn(burst);
  }

  return {
    async listen() {
      await node.start();
      return portOf(node.listening[0]);
    },
    connected: () => waitForCount(() => readyPeers(node, spec), spec.connections),
    sizeBytes: () => spec.sizeBytes,
    flood({ messages = Number.MAX_SAFE_INTEGER }) {
      left = messages;
      burst();
    },
    pace({ perSecond }) {
      stopPacing = startPacer(perSecond, clock, (count, dueMs) => {
        const payload = makePayload(content.payloadBytes, dueMs);
        for (let i = 0; i < count; i++) sendOne(payload);
      });
    },
    halt() {
      stopPacing();
      left = 0;
      return counter.takeSent();
    },
    sample: () => takeSample(context.host, clock, counter.total),
  };
}

/** How many peers there are that would hear. */
function readyPeers(node: P2PNode, { content }: FlowSpec): number {
  if (content === "topic") return node.applications().topics.find(({ name }) => name === TOPIC)?.peers ?? 0;
  return node.peers().filter(({ state }) => state === "ready").length;
}

function publisher(node: P2PNode): (payload: Uint8Array) => number {
  const topic = node.topic(TOPIC);
  return (payload) => topic.publish(payload).peers;
}

function sender(node: P2PNode): (payload: Uint8Array) => number {
  const ids: number[] = [];
  node.on("peer:connected", ({ peer }) => void ids.push(peer.id));
  return (payload) => ids.reduce((taken, id) => taken + Number(node.send(id, payload)), 0);
}

/** Whole nodes, whose program hears what others send by the event `app:message`. */
export function createNodeReceiver(side: SideContext, spec: FlowSpec): FlowReceiver {
  const { payloadBytes } = contentOf(spec, benchCodec(spec.wire, side.hasher));
  const received = new ReceivedCounter(side);

  function onMessage({ payload }: { readonly payload: Uint8Array }): void {
    if (payload.length !== payloadBytes) return;
    received.total++;
    if (received.isTimed) received.note(readStamp(payload, 0));
  }

  return {
    async connect(port) {
      for (let i = 0; i < spec.connections; i++) {
        const node = createBenchNode(side, spec.wire, { listen: [] });
        node.on("app:message", onMessage);
        await node.start();
        await node.connect({ host: LOOPBACK, port });
      }
    },
    ...received.answers(),
  };
}

/** Answers requests with what they bring. */
export function createNodeEcho(side: SideContext, spec: RoundTripSpec): Echo {
  const node = createBenchNode(side, spec.wire);
  let done = 0;
  node.handle(METHOD, (payload) => {
    done++;
    return payload;
  });
  return {
    async listen() {
      await node.start();
      return portOf(node.listening[0]);
    },
    sample: () => takeSample(side.context.host, side.clock, done),
  };
}

/** Asks by node.request; each connection is a node of its own. */
export function createNodeAsker(side: SideContext, spec: RoundTripSpec): Asker {
  const codec = benchCodec(spec.wire, side.hasher);
  const overhead = codec.encode({ type: "request", id: 1, method: METHOD, payload: new Uint8Array(0) }).length;
  const question = new Uint8Array(Math.max(0, spec.sizeBytes - overhead));
  return createAsker(side, spec, async (port) => {
    const node = createBenchNode(side, spec.wire, { listen: [] });
    await node.start();
    const { id } = await node.connect({ host: LOOPBACK, port });
    const line = { ask: () => void node.request(id, METHOD, question).then(() => line.answered()), answered() {} };
    return line;
  });
}
