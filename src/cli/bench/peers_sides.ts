import type { Peers } from "../../net/peers.ts";
import type { Peer } from "../../peer/peer.ts";
import type { Message } from "../../protocol/messages.ts";
import { appMessage, appOverheadBytes, benchCodec, createBenchPeers } from "./bench_peers.ts";
import {
  type FlowReceiver,
  type FlowSender,
  type FlowSpec,
  LOOPBACK,
  SentCounter,
  startPacer,
  waitForCount,
} from "./flow.ts";
import { Latencies } from "./latencies.ts";
import type { SideContext } from "./side.ts";
import { takeSample } from "./usage.ts";

/** Sends by Peer.send or Peers.broadcast, as fast as the outboxes let it. */
export function createPeersSender(side: SideContext, spec: FlowSpec): FlowSender {
  const { transport, context, clock } = side;
  const codec = benchCodec(spec.wire, side.hasher);
  const counter = new SentCounter();
  /** Those that have not yet written what the last burst gave them. */
  const busy = new Set<Peer>();
  const peers = createBenchPeers(side, codec, {
    writable(peer) {
      if (busy.delete(peer) && busy.size === 0) burst();
    },
  });
  const payloadBytes = spec.sizeBytes - appOverheadBytes(codec);
  const constant = appMessage(new Uint8Array(payloadBytes));
  const send = SENDING[spec.encoded];
  let left = 0;
  let stopPacing = () => {};

  function burst(): void {
    const rounds = Math.min(spec.burst, Math.ceil(left / spec.connections));
    if (rounds === 0) return;
    for (const peer of peers.ready()) busy.add(peer);
    for (let round = 0; round < rounds; round++) sendOne(constant);
    left -= rounds * spec.connections;
  }

  function sendOne(message: Message): void {
    const taken = send(peers, message);
    counter.add(taken, spec.connections - taken);
  }

  return {
    async listen() {
      const { local } = await transport.listen({ host: LOOPBACK, port: 0 }, (connection) => peers.accept(connection));
      return "port" in local ? local.port : 0;
    },
    connected: () => waitForCount(() => [...peers.ready()].length, spec.connections),
    flood({ messages = Number.MAX_SAFE_INTEGER }) {
      left = messages;
      burst();
    },
    pace({ perSecond }) {
      stopPacing = startPacer(perSecond, clock, (count, dueMs) => {
        const payload = new Uint8Array(payloadBytes);
        new DataView(payload.buffer).setFloat64(0, dueMs, true);
        for (let i = 0; i < count; i++) sendOne(appMessage(payload));
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

/** How one message goes to every peer; answers how many took it. */
const SENDING: { readonly [E in FlowSpec["encoded"]]: (peers: Peers, message: Message) => number } = {
  once: (peers, message) => peers.broadcast(message),
  each(peers, message) {
    let taken = 0;
    for (const peer of peers.ready()) if (peer.send(message)) taken++;
    return taken;
  },
};

/** Takes messages from peers whose handshake is done; each connection is a set of peers of its own. */
export function createPeersReceiver(side: SideContext, spec: FlowSpec): FlowReceiver {
  const { context, clock } = side;
  const codec = benchCodec(spec.wire, side.hasher);
  const payloadBytes = spec.sizeBytes - appOverheadBytes(codec);
  const latencies = new Latencies();
  let done = 0;
  let isTimed = false;

  function onMessage(_peer: Peer, message: Message): void {
    if (message.type !== "app" || message.payload.length !== payloadBytes) return;
    done++;
    if (!isTimed) return;
    const { buffer, byteOffset } = message.payload;
    const stamp = new DataView(buffer, byteOffset).getFloat64(0, true);
    if (stamp > 0) latencies.add(clock() - stamp);
  }

  const sample = () => takeSample(context.host, clock, done);
  return {
    async connect(port) {
      for (let i = 0; i < spec.connections; i++) {
        await createBenchPeers(side, codec, { message: onMessage }).dial({ host: LOOPBACK, port });
      }
    },
    sample,
    async reach(wanted) {
      await waitForCount(() => done, wanted);
      return sample();
    },
    time(isOn) {
      latencies.reset();
      isTimed = isOn;
    },
    latencies: () => latencies.encode(),
  };
}
