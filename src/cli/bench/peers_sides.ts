import type { Peers } from "../../net/peers.ts";
import type { Peer } from "../../peer/peer.ts";
import type { Message } from "../../protocol/messages.ts";
import { configureLogging } from "../../platform/logging.ts";
import type { WireCodec } from "../../wire/codec.ts";
import { benchCodec, createBenchPeers } from "./bench_peers.ts";
import {
  type FlowReceiver,
  type FlowSender,
  type FlowSpec,
  LOOPBACK,
  ReceivedCounter,
  SentCounter,
  startPacer,
  waitForCount,
} from "./flow.ts";
import { jsonCodec } from "./json_codec.ts";
import { contentOf, TOPIC } from "./messages.ts";
import type { SideContext } from "./side.ts";
import { takeSample } from "./usage.ts";

/** Sends by Peer.send or Peers.broadcast, as fast as the outboxes let it. */
export function createPeersSender(given: SideContext, spec: FlowSpec): FlowSender {
  const side = adapt(given, spec);
  const { context, clock } = side;
  const codec = codecOf(spec, side);
  const counter = new SentCounter();
  /** Those that have no room yet for more than the last burst gave them. */
  const busy = new Set<Peer>();
  const peers = createBenchPeers(side, codec, {
    writable(peer) {
      if (busy.delete(peer) && busy.size === 0) burst();
    },
  });
  const content = contentOf(spec, codec);
  const constant = content.make(0);
  const send = SENDING[spec.encoded];
  let left = 0;
  let stopPacing = () => {};

  function burst(): void {
    const rounds = Math.min(spec.burst, Math.ceil(left / spec.connections));
    if (rounds === 0) return;
    for (const peer of peers.ready()) busy.add(peer);
    for (let round = 0; round < rounds; round++) sendOne(constant);
    for (const peer of busy) peer.awaitRoom();
    left -= rounds * spec.connections;
  }

  function sendOne(message: Message): void {
    const taken = send(peers, message, codec);
    counter.add(taken, spec.connections - taken);
  }

  return {
    async listen() {
      const { local } = await peers.listen({ host: LOOPBACK, port: 0 });
      return "port" in local ? local.port : 0;
    },
    connected: () => waitForCount(() => [...peers.ready()].length, spec.connections),
    sizeBytes: () => codec.encode(constant).length,
    flood({ messages = Number.MAX_SAFE_INTEGER }) {
      left = messages;
      burst();
    },
    pace({ perSecond }) {
      stopPacing = startPacer(perSecond, clock, (count, dueMs) => {
        const message = content.make(dueMs);
        for (let i = 0; i < count; i++) sendOne(message);
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

type Sending = (peers: Peers, message: Message, codec: WireCodec) => number;

/** How one message goes to every peer; answers how many took it. */
const SENDING: { readonly [E in FlowSpec["encoded"]]: Sending } = {
  once: (peers, message) => peers.broadcast(message),
  each(peers, message) {
    let taken = 0;
    for (const peer of peers.ready()) if (peer.send(message)) taken++;
    return taken;
  },
  copied(peers, message, codec) {
    const frame = codec.encode(message);
    let taken = 0;
    for (const peer of peers.ready()) if (peer.sendFrame(message.type, frame.slice())) taken++;
    return taken;
  },
};

/** The parts as the candidate wants them. */
function adapt(side: SideContext, { writes, log }: FlowSpec): SideContext {
  configureLogging({ level: log, write: () => {} });
  // An outbox that never waits for the end of its turn writes each frame as it comes.
  return writes === "joined" ? side : { ...side, env: { ...side.env, soon: (task) => task() } };
}

function codecOf({ wire, spelling }: FlowSpec, { hasher }: SideContext): WireCodec {
  return spelling === "json" ? jsonCodec() : benchCodec(wire, hasher);
}

/** Takes messages from peers whose handshake is done; each connection is a set of peers of its own. */
export function createPeersReceiver(given: SideContext, spec: FlowSpec): FlowReceiver {
  const side = adapt(given, spec);
  const codec = codecOf(spec, side);
  const content = contentOf(spec, codec);
  const received = new ReceivedCounter(side);

  function onMessage(_peer: Peer, message: Message): void {
    if (!content.isWhole(message)) return;
    received.total++;
    if (received.isTimed) received.note(content.stampOf(message));
  }

  return {
    async connect(port) {
      for (let i = 0; i < spec.connections; i++) {
        const peer = await createBenchPeers(side, codec, { message: onMessage }).dial({ host: LOOPBACK, port });
        if (spec.content === "topic") peer.send({ type: "subscribe", topics: [TOPIC] });
      }
    },
    ...received.answers(),
  };
}
