import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { DedupeMode } from "../../src/protocol/dedupe.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { INV_TX, INV_WTX, type Message } from "../../src/protocol/messages.ts";
import { P2P, REGTEST } from "../../src/protocol/networks.ts";
import {
  MAX_ANNOUNCED_TRANSACTIONS,
  MAX_POOL_TRANSACTION_BYTES,
  UNANNOUNCED_SERVE_AGE_MS,
  UNREQUESTED_BURST_BYTES,
  UNREQUESTED_LEAST_BYTES,
} from "../../src/protocol/relay_params.ts";
import { nativeCodec } from "../../src/wire/native.ts";
import { COINBASE_INPUT, transaction } from "../support/blocks.ts";
import { dialScripted, listenScripted, versionOf } from "../support/scripted_peer.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";
import {
  asked,
  dialByWtxid,
  idOf,
  IMMEDIATE,
  numbered,
  runFor,
  told,
  until,
  withoutWitness,
  world,
  wtx,
} from "../support/transaction_world.ts";

test("transactions: who says nothing is passed over for the next one who has it", { timeout: 60_000 }, async () => {
  const { network, node } = await world();
  const [mute, honest] = [await dialByWtxid(network, "mute"), await dialByWtxid(network, "honest")];
  honest.onMessage = (message) => {
    if (message.type === "getdata") honest.send({ type: "tx", transaction: numbered(1) });
  };
  mute.send({ type: "inv", items: [wtx(1)] });
  await runFor(network, 100);
  honest.send({ type: "inv", items: [wtx(1)] });
  await runFor(network, 100);
  assertEquals([asked(mute), asked(honest)], [[wtx(1).hash], []]);
  await until(network, () => node.pool().count === 1);
  assertEquals([asked(mute).length, asked(honest).length], [1, 1]);
  assert(network.now() < 30_000, `after ${network.now()} ms`);
});

test(
  "transactions: what one peer does not have any more is asked of another one at once",
  { timeout: 60_000 },
  async () => {
    const { network, node } = await world();
    const [poor, honest] = [await dialByWtxid(network, "poor"), await dialByWtxid(network, "honest")];
    poor.onMessage = (message) => {
      if (message.type === "getdata") poor.send({ type: "notfound", items: message.items });
    };
    honest.onMessage = (message) => {
      if (message.type === "getdata") honest.send({ type: "tx", transaction: numbered(1) });
    };
    poor.send({ type: "inv", items: [wtx(1)] });
    await network.run(() => node.pool().requested === 1);
    honest.send({ type: "inv", items: [wtx(1)] });
    await until(network, () => node.pool().count === 1);
    assert(network.now() < 1000, `after ${network.now()} ms`);
  },
);

test("transactions: what a peer owed that left is asked of another one at once", { timeout: 60_000 }, async () => {
  const { network, node } = await world();
  const [leaver, honest] = [await dialByWtxid(network, "leaver"), await dialByWtxid(network, "honest")];
  for (const peer of [leaver, honest]) peer.send({ type: "inv", items: [wtx(1), wtx(2)] });
  await runFor(network, 100);
  leaver.connection.close();
  await runFor(network, 100);
  assertEquals([asked(leaver).length, asked(honest).length, node.pool().requested], [2, 2, 2]);
});

for (const dedupe of ["off", "count", "drop"] as const) {
  test(`transactions: what one announced and never gave is had from the next announcer, with dedupe ${dedupe}`, {
    timeout: 60_000,
  }, async () => {
    const { network, node } = await world({ ...IMMEDIATE, dedupe });
    const [liar, honest] = [await dialByWtxid(network, "liar"), await dialByWtxid(network, "honest")];
    liar.send({ type: "inv", items: [wtx(1)] });
    await runFor(network, 10);
    liar.connection.close();
    await runFor(network, 10);
    assertEquals(node.pool().requested, 0);
    honest.send({ type: "inv", items: [wtx(1)] });
    await until(network, () => asked(honest).length === 1);
    honest.send({ type: "tx", transaction: numbered(1) });
    await until(network, () => node.pool().count === 1);
  });
}

const DEDUPED: readonly [mode: DedupeMode, duplicates: number, dropped: number][] = [
  ["off", 0, 0],
  ["count", 8, 0],
  ["drop", 8, 6],
];

for (const [dedupe, duplicates, dropped] of DEDUPED) {
  test(
    `transactions: with dedupe ${dedupe}, ${duplicates} of 12 announced items are duplicates, ${dropped} are dropped`,
    { timeout: 60_000 },
    async () => {
      const { network, node } = await world({ ...IMMEDIATE, dedupe });
      const peers = [await dialByWtxid(network, "a"), await dialByWtxid(network, "b"), await dialByWtxid(network, "c")];
      const items = [wtx(1), wtx(2)];
      // Both are announced by one peer, then come, and are announced by all three; then with a new one among them.
      peers[0]!.send({ type: "inv", items });
      await until(network, () => asked(peers[0]!).length === 2);
      peers[0]!.send({ type: "tx", transaction: numbered(1) }, { type: "tx", transaction: numbered(2) });
      await until(network, () => node.pool().count === 2);
      for (const peer of peers) peer.send({ type: "inv", items });
      await runFor(network, 10);
      peers[1]!.send({ type: "inv", items: [...items, wtx(3)] });
      await runFor(network, 10);
      assertEquals(asked(peers[1]!), [wtx(3).hash]);
      await runFor(network, 6000);
      peers[2]!.send({ type: "inv", items: [wtx(1)] });
      await runFor(network, 10);
      assertEquals(node.inventory(), { announced: 12, duplicates, dropped });
    },
  );
}

test(
  "transactions: a peer that announces 50,000 and serves none is bounded, and harms nobody",
  { timeout: 60_000 },
  async () => {
    const { network, node, reasons } = await world();
    const [liar, honest] = [await dialByWtxid(network, "liar"), await dialByWtxid(network, "honest")];
    const items = Array.from({ length: 50_000 }, (_, i) => ({ kind: INV_WTX, hash: i.toString(16).padStart(64, "0") }));
    liar.send({ type: "inv", items });
    await until(network, () => node.pool().requested > 0);
    await runFor(network, 100);
    assertEquals(node.pool().requested, MAX_ANNOUNCED_TRANSACTIONS);
    honest.send({ type: "inv", items: [wtx(1)] });
    await until(network, () => asked(honest).length === 1);
    honest.send({ type: "tx", transaction: numbered(1) });
    await until(network, () => node.pool().count === 1);
    liar.connection.close();
    await runFor(network, 100);
    assertEquals([node.pool().requested, reasons], [0, ["closed-by-remote"]]);
  },
);

test("transactions: what was refused is fetched once, though it is announced by txid again and again", {
  timeout: 60_000,
}, async () => {
  const { network, node, reasons } = await world();
  const large = transaction({ inputs: [{ script: new Uint8Array(MAX_POOL_TRANSACTION_BYTES) }] });
  const peers = [await dialScripted(network, "old", "node"), await dialScripted(network, "older", "node")];
  for (const peer of [...peers, ...peers]) {
    peer.onMessage = (message) => {
      if (message.type === "getdata") peer.send({ type: "tx", transaction: large });
    };
    peer.send({ type: "inv", items: [{ kind: INV_TX, hash: idOf(large) }] });
    await runFor(network, 5000);
  }
  assertEquals([peers.flatMap(asked).length, node.pool().count, reasons], [1, 0, []]);
});

test("transactions: announcements of the kind that was not agreed on mean nothing", { timeout: 60_000 }, async () => {
  const { network, node } = await world();
  const old = await dialScripted(network, "old", "node");
  const modern = await dialByWtxid(network, "modern");
  old.send({ type: "inv", items: [wtx(1)] });
  modern.send({ type: "inv", items: [{ kind: INV_TX, hash: idOf(withoutWitness(1)) }] });
  await runFor(network, 100);
  assertEquals([asked(old), asked(modern), node.pool().requested], [[], [], 0]);
});

test("transactions: who asks before he is told is told nothing, until it is old", { timeout: 60_000 }, async () => {
  const { network, node } = await world({});
  const spy = await dialByWtxid(network, "spy", { relay: false });
  node.submitTransaction(numbered(1));
  spy.send({ type: "getdata", items: [wtx(1)] }, { type: "mempool" });
  await until(network, () => spy.of("notfound").length === 1);
  assertEquals([spy.of("tx"), told(spy)], [[], []]);
  await runFor(network, UNANNOUNCED_SERVE_AGE_MS);
  spy.send({ type: "getdata", items: [wtx(1)] });
  await until(network, () => spy.of("tx").length === 1);
});

test("transactions: unrequested ones are taken within a budget, which refills", { timeout: 60_000 }, async () => {
  const { network, node, reasons } = await world();
  const peer = await dialByWtxid(network, "pusher");
  const burst = Math.floor(UNREQUESTED_BURST_BYTES / UNREQUESTED_LEAST_BYTES);
  for (let i = 0; i < burst + 500; i++) peer.send({ type: "tx", transaction: numbered(i) });
  await runFor(network, 100);
  const { count } = node.pool();
  assert(count >= burst && count < burst + 50, `${count} of ${burst + 500}`);
  await runFor(network, 10_000);
  peer.send({ type: "tx", transaction: numbered(burst + 499) });
  peer.send({ type: "inv", items: [wtx(burst + 498)] });
  await until(network, () => asked(peer).length === 1 && node.pool().count === count + 1);
  assertEquals(reasons, []);
});

const BAD: readonly [name: string, transaction: Uint8Array, reason: string][] = [
  ["a coinbase", transaction({ inputs: [COINBASE_INPUT] }), "bad-transaction"],
  ["one without outputs", transaction({ outputs: [] }), "bad-transaction"],
  ["bytes that are none", Uint8Array.of(1, 2, 3), "malformed"],
];

for (const [name, bad, reason] of BAD) {
  test(`transactions: ${name} ends the connection as ${reason}`, { timeout: 60_000 }, async () => {
    const { network, node, reasons } = await world();
    const peer = await dialByWtxid(network, "bad");
    peer.send({ type: "tx", transaction: bad });
    await until(network, () => peer.closed);
    assertEquals([reasons, node.pool().count], [[reason], 0]);
  });
}

test(
  "transactions: on the native wire too bytes that are none end the connection as malformed",
  { timeout: 60_000 },
  async () => {
    const { network, reasons } = await world({ network: P2P });
    const codec = nativeCodec(P2P.magic);
    const dialling = network.transport("bad").dial({ host: "node", port: PORT }, { timeoutMs: 1000 });
    dialling.then((connection) => {
      connection.start({ data() {}, drained() {}, closed() {} });
      const messages: Message[] = [versionOf(), { type: "verack" }, {
        type: "tx",
        transaction: Uint8Array.of(1, 2, 3),
      }];
      for (const message of messages) connection.write(codec.encode(message));
    });
    await until(network, () => reasons.length > 0);
    assertEquals(reasons, ["malformed"]);
  },
);

test(
  "transactions: what is larger than standard is ignored, and not asked for again",
  { timeout: 60_000 },
  async () => {
    const { network, node, reasons } = await world();
    const large = transaction({ outputs: [{ script: new Uint8Array(400_000) }] });
    const [peer, other] = [await dialByWtxid(network, "peer"), await dialByWtxid(network, "other")];
    const items = [{ kind: INV_WTX, hash: idOf(large) }];
    peer.send({ type: "inv", items });
    await until(network, () => asked(peer).length === 1);
    peer.send({ type: "tx", transaction: large });
    await until(network, () => node.pool().requested === 0);
    other.send({ type: "inv", items });
    await runFor(network, 1000);
    assertEquals([asked(other), node.pool().count, reasons], [[], 0, []]);
  },
);

test(
  "transactions: those of a node that stops while much is asked and announced are forgotten",
  { timeout: 60_000 },
  async () => {
    const network = createMemoryNetwork({ seed: 4 });
    await listenScripted(
      network,
      "mute",
      {},
      (peer) => peer.send({ type: "inv", items: [{ ...wtx(9), kind: INV_TX }] }),
    );
    const { node } = simulateNode(network, "node", { connect: ["mute"] });
    await node.start();
    const peer = await dialByWtxid(network, "peer");
    peer.send({ type: "inv", items: [wtx(1), wtx(2)] });
    for (let i = 10; i < 20; i++) {
      node.submitTransaction(numbered(i));
    }
    await until(network, () => node.pool().requested === 3);
    const stopping = node.stop();
    const stoppedAt = network.now();
    await network.run();
    await stopping;
    assertEquals([node.pool().requested, node.peers()], [0, []]);
    assert(network.now() - stoppedAt < 5000, `timers ran for ${network.now() - stoppedAt} ms`);
  },
);
test("transactions: while a node is far behind it asks for none and takes none", { timeout: 60_000 }, async () => {
  const { network, node } = await world({ ...IMMEDIATE, network: { ...REGTEST, minimumChainWork: 1_000_000n } });
  const peer = await dialByWtxid(network, "peer");
  peer.send({ type: "inv", items: [wtx(1)] }, { type: "tx", transaction: numbered(2) });
  await runFor(network, 100);
  assertEquals([node.chain().syncing, asked(peer), node.pool()], [true, [], { count: 0, bytes: 0, requested: 0 }]);
});
