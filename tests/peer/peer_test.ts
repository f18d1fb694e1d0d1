import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { LocalPeer } from "../../src/peer/local_peer.ts";
import type { Peer } from "../../src/peer/peer.ts";
import type { CloseReason } from "../../src/peer/peer_options.ts";
import { Turns } from "../../src/peer/turns.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { MAX_PING_TIMEOUT_MS, ROUND_BYTES, TURN_MESSAGES } from "../../src/protocol/connection_params.ts";
import { RoundTrips } from "../../src/util/round_trips.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { dialScripted, type ScriptedPeer, versionOf } from "../support/scripted_peer.ts";
import { PORT } from "../support/simulated_node.ts";
import { testHasher } from "../support/test_hasher.ts";

interface Host {
  readonly network: MemoryNetwork;
  readonly peers: Peer[];
  /** Messages in the order in which they were handled: who and what. */
  readonly handled: [peer: number, message: Message][];
  readonly closed: [peer: number, reason: CloseReason][];
}

/** Accepts connections on the host `host` as peers of one observer. */
async function listen(onMessage: (peer: Peer, message: Message) => void = () => {}): Promise<Host> {
  const network = createMemoryNetwork({ seed: 1, scrambleChunks: true });
  const env = network.env("host");
  const [codec, turns, roundTrips] = [bitcoinCodec(REGTEST.magic, testHasher), new Turns(env), new RoundTrips(8)];
  const host: Host = { network, peers: [], handled: [], closed: [] };
  await network.transport("host").listen({ host: "host", port: PORT }, (connection) => {
    const peer = new LocalPeer({
      id: host.peers.length,
      kind: "inbound",
      connection,
      codec,
      decoder: codec.createDecoder(),
      env,
      turns,
      handshake: { ourVersion: () => versionOf({ nonce: 99n }), isOurNonce: () => false },
      networkRoundTrips: roundTrips,
      observer: {
        ready: () => {},
        message: (from, message) => {
          host.handled.push([from.id, message]);
          onMessage(from, message);
        },
        writable: () => {},
        closed: (from, reason) => void host.closed.push([from.id, reason]),
      },
    });
    host.peers.push(peer);
    peer.start();
  });
  return host;
}

function getaddrs(count: number): Message[] {
  return Array.from({ length: count }, () => ({ type: "getaddr" }));
}

async function settle({ network }: Host): Promise<void> {
  await network.run(network.now() + 1000);
}

test("peer: an exception in the handling of a message ends that peer and no other", async () => {
  const host = await listen((_, message) => {
    if (message.type === "mempool") throw new TypeError("a bug");
  });
  const bad = await dialScripted(host.network, "bad", "host");
  const good = await dialScripted(host.network, "good", "host");
  bad.send({ type: "mempool" });
  good.send({ type: "getaddr" });
  await settle(host);
  assertEquals(host.closed.map(([peer, { code }]) => [peer, code]), [[0, "internal-error"]]);
  assertEquals([bad.closed, good.closed], [true, false]);
  assertEquals(host.handled.map(([peer, { type }]) => [peer, type]), [[0, "mempool"], [1, "getaddr"]]);
});

test("peer: messages of one peer keep their order, whatever the turns", async () => {
  const host = await listen();
  const peer = await dialScripted(host.network, "peer", "host");
  const count = 3 * TURN_MESSAGES;
  for (let i = 0; i < count; i++) peer.send({ type: "feefilter", feeRate: BigInt(i) });
  await settle(host);
  assertEquals(
    host.handled.map(([, message]) => message.type === "feefilter" && Number(message.feeRate)),
    Array.from({ length: count }, (_, i) => i),
  );
});

test("peer: one that floods delays another by a turn at most", async () => {
  const host = await listen();
  const flood = await dialScripted(host.network, "flood", "host");
  const calm = await dialScripted(host.network, "calm", "host");
  flood.send(...getaddrs(10 * TURN_MESSAGES));
  calm.send({ type: "mempool" });
  await settle(host);
  const position = host.handled.findIndex(([peer]) => peer === 1);
  assert(position <= 2 * TURN_MESSAGES, `after ${position} messages of the other`);
  assertEquals(host.handled.length, 10 * TURN_MESSAGES + 1);
});

test("peer: a message that is charged for ends the turn, of its sender and of all", async () => {
  const host = await listen((peer, message) => {
    if (message.type === "mempool") peer.charge(ROUND_BYTES);
  });
  const costly = await dialScripted(host.network, "costly", "host");
  const calm = await dialScripted(host.network, "calm", "host");
  costly.send(...Array.from({ length: 20 }, () => ({ type: "mempool" } as const)));
  calm.send({ type: "getaddr" });
  await settle(host);
  const position = host.handled.findIndex(([peer]) => peer === 1);
  assert(position <= 2, `after ${position} messages of the other`);
  assertEquals(host.handled.length, 21);
});

test("peer: while it is held nothing is handled and reading stops; after the release nothing is missing", async () => {
  const host = await listen((peer, message) => {
    if (message.type === "mempool") peer.hold();
  });
  const remote = await dialScripted(host.network, "peer", "host");
  remote.send({ type: "mempool" }, ...getaddrs(5000));
  await settle(host);
  const [peer] = host.peers as [Peer];
  assertEquals([host.handled.length, peer.mailbox.paused], [1, true]);
  peer.release();
  await settle(host);
  assertEquals([host.handled.length, peer.mailbox.paused, peer.mailbox.bytes], [5001, false, 0]);
});

/** Lets virtual seconds pass, with the tick that a node has. */
async function tickFor({ network, peers }: Host, seconds: number): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    await network.run(network.now() + 1000);
    peers.forEach((peer) => peer.tick(network.now()));
  }
}

test("peer: while it is held no pong is missed, and none is measured that waited for us", async () => {
  const host = await listen((peer, message) => {
    if (message.type === "mempool") peer.hold();
  });
  const remote = await dialScripted(host.network, "peer", "host");
  remote.onMessage = (message) => {
    if (message.type === "ping") remote.send({ type: "mempool" }, { type: "pong", nonce: message.nonce });
  };
  const [peer] = host.peers as [Peer];
  await tickFor(host, 2 * MAX_PING_TIMEOUT_MS / 1000);
  assertEquals([host.closed, remote.of("ping").length, peer.mailbox.paused], [[], 1, true]);
  peer.release();
  await settle(host);
  assertEquals([host.closed, peer.mailbox.paused, peer.liveness.roundTrips.last], [[], false, null]);
  remote.onMessage = (message) => {
    if (message.type === "ping") remote.send({ type: "pong", nonce: message.nonce });
  };
  await tickFor(host, 2);
  assertEquals([remote.of("ping").length, peer.liveness.roundTrips.last], [2, 2]);
});

test("peer: who is held and takes nothing of what waits for it is let go", async () => {
  const host = await listen((peer, message) => {
    if (message.type === "mempool") peer.hold();
  });
  const remote = await dialScripted(host.network, "peer", "host");
  remote.send({ type: "mempool" });
  await settle(host);
  remote.connection.pause();
  const [peer] = host.peers as [Peer];
  for (let i = 0; i < 5; i++) peer.send({ type: "block", block: new Uint8Array(4_000_000) });
  await tickFor(host, MAX_PING_TIMEOUT_MS / 1000 - 1);
  assertEquals(host.closed, []);
  await tickFor(host, 3);
  await settle(host);
  assertEquals(host.closed.map(([, { code }]) => code), ["too-slow"]);
});

test("peer: who is held and takes what waits for it, slowly, stays", async () => {
  const host = await listen((peer, message) => {
    if (message.type === "mempool") peer.hold();
  });
  const remote = await dialScripted(host.network, "peer", "host");
  remote.send({ type: "mempool" });
  await settle(host);
  const [peer] = host.peers as [Peer];
  for (let i = 0; i < 3; i++) {
    remote.connection.pause();
    for (let j = 0; j < 3; j++) peer.send({ type: "block", block: new Uint8Array(4_000_000) });
    await tickFor(host, MAX_PING_TIMEOUT_MS / 1000 - 5);
    remote.connection.resume();
    await settle(host);
  }
  assertEquals([host.closed, remote.of("block").length], [[], 9]);
});

test("peer: a lane that is full of what the remote needs closes it as too slow", async () => {
  const host = await listen();
  const remote: ScriptedPeer = await dialScripted(host.network, "peer", "host");
  remote.connection.pause();
  await settle(host);
  const [peer] = host.peers as [Peer];
  const block = { type: "block", block: new Uint8Array(4_000_000) } as const;
  while (peer.send(block));
  await settle(host);
  assertEquals(host.closed.map(([, { code }]) => code), ["too-slow"]);
});

test("peer: pings are answered in the order of everything else, and counted", async () => {
  const host = await listen();
  const remote = await dialScripted(host.network, "peer", "host");
  remote.send({ type: "ping", nonce: 1n }, { type: "ping", nonce: 2n });
  await settle(host);
  assertEquals(remote.of("pong").map(({ nonce }) => nonce), [1n, 2n]);
  assertEquals([host.peers[0]!.messagesIn.ping, host.peers[0]!.messagesOut.pong], [2, 2]);
});
