import { test } from "node:test";
import { assert, assertEquals, assertFalse } from "@std/assert";
import { RemotePeer } from "../../../src/node/shards/remote_peer.ts";
import type { PeerPort } from "../../../src/node/shards/peer_port.ts";
import type { ToShard } from "../../../src/node/shards/records.ts";
import type { CloseReason } from "../../../src/peer/peer_options.ts";
import { Turns } from "../../../src/peer/turns.ts";
import { agree } from "../../../src/protocol/handshake.ts";
import { LANE_POLICIES, LANES } from "../../../src/protocol/lanes.ts";
import type { Message } from "../../../src/protocol/messages.ts";
import { REGTEST } from "../../../src/protocol/networks.ts";
import { ROUND_TRIP_SAMPLES, TURN_BYTES } from "../../../src/protocol/connection_params.ts";
import { concatBytes } from "../../../src/util/bytes.ts";
import { RoundTrips } from "../../../src/util/round_trips.ts";
import { bitcoinCodec } from "../../../src/wire/bitcoin.ts";
import { ManualEnv } from "../../support/manual_env.ts";
import { versionOf } from "../../support/scripted_peer.ts";
import { testHasher } from "../../support/test_hasher.ts";

const OUR_NONCE = 2n;
const codec = bitcoinCodec(REGTEST.magic, testHasher, { checksums: false });
const ACCEPTED = {
  kind: "inbound",
  socket: -1,
  remote: { host: "remote", port: 1 },
  local: { host: "local", port: 2 },
};

interface Bench {
  readonly env: ManualEnv;
  readonly peer: RemotePeer;
  readonly told: ToShard[];
  /** Bytes of the frames that were sent. */
  readonly sent: number[];
  readonly handled: Message[];
  readonly reasons: CloseReason[];
  readonly calls: { ready: number; writable: number };
}

function connect(onMessage: (peer: RemotePeer, message: Message) => void = () => {}): Bench {
  const env = new ManualEnv();
  const [told, sent, handled, reasons]: [ToShard[], number[], Message[], CloseReason[]] = [[], [], [], []];
  const calls = { ready: 0, writable: 0 };
  const port: PeerPort = {
    shard: 1,
    tell: (note) => void told.push(note),
    adopt() {},
    encode(_, message, admit) {
      const { length } = codec.encode(message);
      const outcome = admit(length);
      if (outcome === "queued") sent.push(length);
      return outcome;
    },
    share: (_, frame) => void sent.push(frame.length),
  };
  const peer = new RemotePeer({
    ...ACCEPTED,
    kind: "inbound",
    id: 7,
    env,
    port,
    codec,
    turns: new Turns(env),
    handshake: { ourVersion: () => versionOf({ nonce: OUR_NONCE }), isOurNonce: (nonce) => nonce === OUR_NONCE },
    networkRoundTrips: new RoundTrips(ROUND_TRIP_SAMPLES),
    observer: {
      ready: () => void calls.ready++,
      message(_, message) {
        handled.push(message);
        onMessage(peer, message);
      },
      writable: () => void calls.writable++,
      closed: (_, reason) => void reasons.push(reason),
    },
  });
  peer.start();
  return { env, peer, told, sent, handled, reasons, calls };
}

function shakeHands({ peer }: Bench, nonce = 1n): void {
  peer.onReady(agree(versionOf({ nonce }), { addrv2: false, wtxidRelay: false }));
}

function apps(count: number): Message[] {
  return Array.from({ length: count }, (_, i) => ({ type: "app", payload: Uint8Array.of(i) }));
}

function framesOf(messages: readonly Message[]): Uint8Array {
  return concatBytes(messages.map(codec.encode));
}

test("remote peer: while it is held nothing is handled and the shard reads no more; then nothing is missing", () => {
  const messages = apps(5);
  const bench = connect((peer, message) => message === bench.handled[1] && peer.hold());
  shakeHands(bench);
  const record = framesOf(messages.slice(0, 4));
  bench.peer.onFrames(record);
  // The record was only lent.
  record.fill(0);
  assertEquals(bench.handled.length, 2);
  assertEquals(bench.told, [{ is: "hold", peer: 7 }]);
  assert(bench.peer.mailbox.paused);
  // Was on its way when the shard was told.
  bench.peer.onFrames(framesOf(messages.slice(4)));
  assertEquals(bench.handled.length, 2);
  bench.peer.release();
  bench.env.runTurns();
  assertEquals(bench.handled, messages);
  assertEquals(bench.told.at(-1), { is: "release", peer: 7 });
});

test("remote peer: a message that is charged for ends its turn; the rest is handled in the next ones", () => {
  const messages = apps(4);
  const bench = connect((peer) => peer.charge(TURN_BYTES / 2));
  shakeHands(bench);
  const record = framesOf(messages);
  bench.peer.onFrames(record);
  // The record was only lent.
  record.fill(0);
  assertEquals([bench.handled.length, bench.told], [2, [{ is: "hold", peer: 7 }]]);
  bench.env.runTurns();
  assertEquals(bench.handled.length, 4);
  bench.env.runTurns();
  assertEquals([bench.handled, bench.told.at(-1)], [messages, { is: "release", peer: 7 }]);
});

test("remote peer: a ping is answered behind what came before it", () => {
  const bench = connect((peer) => peer.send({ type: "getaddr" }));
  shakeHands(bench);
  const pong = codec.encode({ type: "pong", nonce: 5n }).length;
  const getaddr = codec.encode({ type: "getaddr" }).length;
  bench.peer.onFrames(framesOf([...apps(1), { type: "ping", nonce: 5n }, ...apps(1)]));
  assertEquals([bench.sent, bench.handled.length], [[getaddr, pong, getaddr], 2]);
});

test("remote peer: what it says wrong inside a frame ends it with the fault, and nothing after it is handled", () => {
  const bench = connect();
  shakeHands(bench);
  const bad = codec.encode({ type: "ping", nonce: 1n });
  new TextEncoder().encodeInto("getheaders\0\0", bad.subarray(4));
  bench.peer.onFrames(concatBytes([framesOf(apps(1)), bad, framesOf(apps(1))]));
  assertEquals([bench.handled.length, bench.peer.isOver], [1, true]);
  assertEquals(bench.told, [{ is: "abort", peer: 7 }]);
  bench.peer.onClosed({ code: "closed-by-us", detail: "as the main thread decided" });
  assertEquals(bench.reasons.map(({ code }) => code), ["malformed"]);
});

test("remote peer: a bug in the handling of a message ends that peer", () => {
  const bench = connect(() => {
    throw new TypeError("a bug");
  });
  shakeHands(bench);
  bench.peer.onFrames(framesOf(apps(2)));
  bench.peer.onClosed({ code: "closed-by-us", detail: "" });
  assertEquals([bench.handled.length, bench.reasons[0]?.code], [1, "internal-error"]);
});

test("remote peer: our own nonce shows a connection to ourselves, of whatever shard", () => {
  const bench = connect();
  shakeHands(bench, OUR_NONCE);
  bench.peer.onClosed({ code: "closed-by-us", detail: "" });
  assertEquals([bench.calls.ready, bench.reasons[0]?.code], [0, "self-connection"]);
});

test("remote peer: its lanes have the bounds of an outbox, over all that the shard has not yet given to the socket", () => {
  const bench = connect();
  shakeHands(bench);
  const frame = new Uint8Array(1024 * 1024);
  const room = LANE_POLICIES.data.maxBytes / frame.length;
  for (let i = 0; i < room; i++) assert(bench.peer.sendFrame("app", frame));
  assertFalse(bench.peer.sendFrame("app", frame));
  assertEquals([bench.sent.length, bench.peer.outbox.dropped, bench.peer.isOver], [room, 1, false]);
  bench.peer.awaitRoom();
  bench.env.runTurns();
  assertEquals(bench.calls.writable, 0);
  const taken = (frames: number) =>
    LANES.map((lane) => lane === "data" ? [frames * frame.length, frames] as const : [0, 0] as const);
  bench.peer.onTaken(taken(room - 2));
  bench.env.runTurns();
  assertEquals([bench.calls.writable, bench.peer.outbox.frames], [0, 2]);
  bench.peer.onTaken(taken(room));
  bench.env.runTurns();
  assertEquals([bench.calls.writable, bench.peer.outbox.bytes], [1, 0]);
  // Control frames are not dropped: who does not take them is too slow.
  while (bench.peer.send({ type: "ping", nonce: 1n }));
  assertEquals(bench.told.at(-1), { is: "abort", peer: 7 });
  bench.peer.onClosed({ code: "closed-by-us", detail: "" });
  assertEquals(bench.reasons[0]?.code, "too-slow");
});
