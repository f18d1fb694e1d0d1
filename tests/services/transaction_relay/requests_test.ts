import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { INV_WITNESS_TX, INV_WTX } from "../../../src/protocol/messages.ts";
import {
  MAX_ANNOUNCED_TRANSACTIONS,
  MAX_TRANSACTION_TIMEOUT_MS,
  MAX_TRANSACTIONS_IN_FLIGHT,
  REQUEST_HEAD_START_MS,
  TRANSACTION_TIMEOUT_MS,
} from "../../../src/protocol/relay_params.ts";
import { TransactionRequests } from "../../../src/services/transaction_relay/requests.ts";
import { ManualEnv } from "../../support/manual_env.ts";
import { type StartedPeer, type StartedPeerOptions, startPeer } from "../../support/started_peer.ts";

/** Requests in a time of their own, and peers that the test speaks for. */
class Scene {
  readonly env = new ManualEnv();
  readonly requests = new TransactionRequests(REQUEST_HEAD_START_MS);

  peer(options: StartedPeerOptions = {}): StartedPeer {
    const onClosed = () => this.requests.remove(started.peer, this.env.now());
    const started = startPeer(this.env, { wtxidRelay: true, onClosed, ...options });
    this.requests.add(started.peer);
    return started;
  }

  announce({ peer }: StartedPeer, ...hashes: string[]): void {
    for (const hash of hashes) this.requests.note(peer, hash, this.env.now());
    this.requests.ask(peer, this.env.now());
  }

  settle(hash: string, from?: StartedPeer): void {
    this.requests.settle({ txid: hash, wtxid: hash }, from?.peer, this.env.now());
  }

  miss({ peer }: StartedPeer, ...hashes: string[]): void {
    this.requests.missing(peer, hashes.map((hash) => ({ kind: INV_WTX, hash })), this.env.now());
  }

  /** Lets time pass with a tick a second. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= 1000) {
      this.env.advance(Math.min(1000, left));
      this.requests.tick(this.env.now());
    }
  }

  /** What the peer was asked for so far, in one list a message. */
  asked({ sent }: StartedPeer): string[][] {
    this.env.endTurn();
    return sent("getdata").map(({ items }) => items.map(({ hash }) => hash));
  }
}

function hash(index: number): string {
  return index.toString(16).padStart(64, "0");
}

const [A, B, C] = [hash(1), hash(2), hash(3)];

test("requests: an item is asked of the first who announces it, and of nobody else while it is on its way", () => {
  const scene = new Scene();
  const [first, second] = [scene.peer(), scene.peer()];
  scene.announce(first, A, B);
  scene.announce(second, A, B, C);
  scene.announce(first, A);
  assertEquals([scene.asked(first), scene.asked(second)], [[[A, B]], [[C]]]);
  for (const each of [A, B, C]) scene.settle(each);
  scene.pass(600_000);
  assertEquals([scene.asked(first).length, scene.asked(second).length, scene.requests.size], [1, 1, 0]);
});

test("requests: what is not answered is asked of the next one after the timeout, and in the end given up", () => {
  const scene = new Scene();
  const [first, second] = [scene.peer(), scene.peer()];
  scene.announce(first, A);
  scene.announce(second, A);
  scene.pass(TRANSACTION_TIMEOUT_MS);
  assertEquals(scene.asked(second), []);
  scene.pass(1000);
  assertEquals(scene.asked(second), [[A]]);
  scene.pass(TRANSACTION_TIMEOUT_MS + 1000);
  assertEquals(scene.requests.size, 0);
  scene.announce(first, A);
  assertEquals(scene.asked(first), [[A], [A]]);
});

test("requests: the timeout follows the peer's measured round trips", () => {
  const scene = new Scene();
  const [near, second] = [scene.peer(), scene.peer()];
  near.peer.liveness.roundTrips.add(1);
  scene.announce(near, A);
  scene.announce(second, A);
  scene.pass(6000);
  assertEquals(scene.asked(second), [[A]]);
});

test("requests: a peer that keeps delivering is given time for the rest, but not for ever", () => {
  const scene = new Scene();
  const [busy, second] = [scene.peer(), scene.peer()];
  const many = Array.from({ length: 100 }, (_, i) => hash(100 + i));
  scene.announce(busy, ...many, A);
  scene.announce(second, A);
  for (const each of many) {
    scene.settle(each, busy);
    if (scene.env.now() <= MAX_TRANSACTION_TIMEOUT_MS) assertEquals(scene.asked(second), []);
    scene.pass(1000);
  }
  assertEquals(scene.asked(second), [[A]]);
});

test("requests: what a peer does not have is asked elsewhere at once", () => {
  const scene = new Scene();
  const [first, second] = [scene.peer(), scene.peer()];
  scene.announce(first, A, B);
  scene.announce(second, A, B);
  scene.miss(first, A, B, C);
  assertEquals(scene.asked(second), [[A, B]]);
  scene.miss(second, A);
  scene.miss(second, A, B);
  assertEquals(scene.requests.size, 0);
});

test("requests: what a peer owed that left is asked elsewhere, in one message", () => {
  const scene = new Scene();
  const [first, second] = [scene.peer(), scene.peer()];
  scene.announce(first, A, B, C);
  scene.announce(second, A, B);
  first.peer.abort("it leaves");
  assertEquals(scene.asked(second), [[A, B]]);
  assertEquals(scene.requests.size, 2);
  second.peer.abort("it leaves");
  assertEquals(scene.requests.size, 0);
});

test("requests: those we dialled are asked first; others after a while, if there is nobody better", () => {
  const scene = new Scene();
  const [inbound, outbound] = [scene.peer(), scene.peer({ direction: "outbound" })];
  scene.announce(inbound, A, B);
  scene.announce(outbound, A);
  assertEquals([scene.asked(inbound), scene.asked(outbound)], [[], [[A]]]);
  scene.pass(REQUEST_HEAD_START_MS);
  assertEquals([scene.asked(inbound), scene.asked(outbound)], [[[B]], [[A]]]);
});

test("requests: of a mixed crowd those who announce by wtxid are asked first, and each by its kind", () => {
  const scene = new Scene();
  const [byTxid, byWtxid] = [scene.peer({ wtxidRelay: false }), scene.peer()];
  const [txid, wtxid] = [hash(8), hash(9)];
  scene.announce(byTxid, txid, A);
  scene.announce(byWtxid, wtxid);
  assertEquals([scene.asked(byTxid), scene.asked(byWtxid)], [[], [[wtxid]]]);
  assert(scene.requests.isAskedOf(byWtxid.peer, { txid, wtxid }));
  assert(!scene.requests.isAskedOf(byTxid.peer, { txid, wtxid }));
  scene.requests.settle({ txid, wtxid }, byWtxid.peer, scene.env.now());
  scene.pass(REQUEST_HEAD_START_MS);
  assertEquals(scene.asked(byTxid), [[A]]);
  const kinds = [byTxid, byWtxid].map(({ sent }) => sent("getdata")[0]!.items[0]!.kind);
  assertEquals(kinds, [INV_WITNESS_TX, INV_WTX]);
});

test("requests: only so many are on their way from one peer; the rest follows as they come", () => {
  const scene = new Scene();
  const peer = scene.peer();
  const all = Array.from({ length: 3 * MAX_TRANSACTIONS_IN_FLIGHT }, (_, i) => hash(i));
  scene.announce(peer, ...all);
  assertEquals(scene.asked(peer), [all.slice(0, MAX_TRANSACTIONS_IN_FLIGHT)]);
  for (const each of all) scene.settle(each, peer);
  const asked = scene.asked(peer);
  assertEquals(asked.flat(), all);
  assert(asked.length < 10, `${asked.length} messages`);
});

test("requests: a full peer is passed over for one with room", () => {
  const scene = new Scene();
  const [full, free, owing] = [scene.peer(), scene.peer(), scene.peer()];
  scene.announce(full, ...Array.from({ length: MAX_TRANSACTIONS_IN_FLIGHT }, (_, i) => hash(100 + i)));
  scene.announce(owing, A);
  scene.announce(full, A);
  scene.announce(free, A);
  scene.miss(owing, A);
  assertEquals(scene.asked(free), [[A]]);
});

test("requests: a peer that announces 50,000 items and serves none costs a bounded amount, and time frees it", () => {
  const scene = new Scene();
  const [liar, honest] = [scene.peer(), scene.peer()];
  for (let i = 0; i < 50_000; i++) scene.requests.note(liar.peer, hash(i), 0);
  scene.requests.ask(liar.peer, 0);
  assertEquals(scene.requests.size, MAX_ANNOUNCED_TRANSACTIONS);
  assertEquals(scene.requests.note(liar.peer, hash(60_000), 0), false);
  scene.announce(honest, hash(0), hash(49_999));
  assertEquals(scene.asked(honest), [[hash(49_999)]]);
  scene.pass(TRANSACTION_TIMEOUT_MS + 1000);
  assertEquals(scene.asked(honest), [[hash(49_999)], [hash(0)]]);
  liar.peer.abort("it leaves");
  assert(scene.requests.size <= 2);
});

test("requests: a peer whose items others always deliver first can still be asked", () => {
  const scene = new Scene();
  const [outbound, inbound] = [scene.peer({ direction: "outbound" }), scene.peer()];
  // Asked late, so that all that follows waits behind it.
  scene.announce(inbound, A);
  for (let i = 100; i < 10 * MAX_ANNOUNCED_TRANSACTIONS; i++) {
    scene.announce(inbound, hash(i));
    scene.announce(outbound, hash(i));
    scene.settle(hash(i), outbound);
    scene.env.endTurn();
  }
  scene.announce(inbound, B);
  scene.pass(REQUEST_HEAD_START_MS);
  assertEquals(scene.asked(inbound), [[A, B]]);
});
