import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import type { NetworkParams } from "../../../src/protocol/network_params.ts";
import { ownThreads } from "../../../src/platform/threads.ts";
import { P2P, REGTEST } from "../../../src/protocol/networks.ts";
import { IMMEDIATE_PACE } from "../../../src/services/transaction_relay/pace.ts";
import { textOf, utf8 } from "../../support/app_world.ts";
import { Miner } from "../../support/mining.ts";
import { link, nextEvent, reachHeight, RealNodes } from "../../support/real_nodes.ts";
import { withoutSharedMemory } from "../../support/threads.ts";
import { numbered } from "../../support/transaction_world.ts";
import { poll } from "../../support/wait.ts";

const NETWORKS: readonly NetworkParams[] = [REGTEST, P2P];
const WAYS = [["shared memory", ownThreads], ["messages", { ...ownThreads, sharesMemory: false }]] as const;
/** Larger than the rings between threads are in one piece, and as large as a message of an application may be. */
const LARGE_BYTES = 1_048_576;

test("shards: where the runtime shares no memory they talk by messages, without being told to", async () => {
  await using nodes = new RealNodes();
  using _ = withoutSharedMemory();
  const sharded = await nodes.start({ workers: 2 });
  const plain = await nodes.start();
  const { dialler, listener } = await link(plain, sharded);
  assertEquals(typeof listener.shard, "number");
  // Rings in shared memory can say how full they are.
  assertEquals(sharded.shards().map(({ ringUse }) => ringUse), Array(2).fill({ toShard: null, toMain: null }));
  const heard = nextEvent(sharded, "app:message");
  assert(plain.send(dialler.id, utf8("over messages")));
  assertEquals(textOf((await heard).payload), "over messages");
});

for (const [way, threads] of WAYS) {
  for (const network of NETWORKS) {
    test(`shards by ${way}, ${network.wire} wire: applications talk both ways, small and larger than a ring takes whole`, async () => {
      await using nodes = new RealNodes();
      const sharded = await nodes.start({ network, workers: 2 }, { threads });
      const plain = await nodes.start({ network });
      const pinged = nextEvent(sharded, "peer:ping");
      const answered = nextEvent(sharded, "peer:pong");
      const { dialler, listener } = await link(plain, sharded);
      assertEquals([dialler.shard, typeof listener.shard], [null, "number"]);
      assertEquals([(await pinged).peer, (await answered).peer], [listener.id, listener.id]);
      const large = new Uint8Array(LARGE_BYTES).map((_, index) => index % 251);
      for (const payload of [utf8("small"), large]) {
        const there = nextEvent(sharded, "app:message");
        assert(plain.send(dialler.id, payload));
        assertEquals((await there).payload, payload);
        const back = nextEvent(plain, "app:message");
        assert(sharded.send(listener.id, payload));
        assertEquals((await back).payload, payload);
      }
      sharded.handle("greet", (payload) => utf8(`hello ${textOf(payload)}`));
      assertEquals(textOf(await plain.request(dialler.id, "greet", utf8("you"))), "hello you");
    });
  }

  test(`shards by ${way}: what one says to many reaches each peer of each shard once, large or small, and in order`, async () => {
    await using nodes = new RealNodes();
    const hub = await nodes.start({ workers: 2 }, { threads });
    const others = await Promise.all(Array.from({ length: 8 }, () => nodes.start()));
    const heard = others.map((other) => {
      const texts: string[] = [];
      const { promise, resolve } = Promise.withResolvers<string[]>();
      other.topic("news").subscribe(({ payload }) => {
        texts.push(payload.length > 100 ? `${payload.length} bytes` : textOf(payload));
        if (texts.at(-1) === "last") resolve(texts);
      });
      return promise;
    });
    const topic = hub.topic("news");
    for (const other of others) await link(other, hub);
    const subscribed = () => Promise.resolve(hub.applications().topics[0]!.peers);
    await poll("all subscriptions", subscribed, (count) => count === others.length);
    const said = ["first", "second", "300000 bytes", "last"];
    for (const text of said) topic.publish(/bytes/.test(text) ? new Uint8Array(parseInt(text)) : utf8(text));
    for (const texts of await Promise.all(heard)) assertEquals(texts, said);
  });

  test(`shards by ${way}: a chain is fetched through them, new blocks are announced, and a transaction is passed on`, async () => {
    await using nodes = new RealNodes();
    const source = await nodes.start({ workers: 2, pace: IMMEDIATE_PACE }, { threads });
    const miner = new Miner();
    const blocks = miner.mineMany(300);
    for (const { raw } of blocks) source.submitBlock(raw);
    const follower = await nodes.start({ workers: 2, pace: IMMEDIATE_PACE }, { threads });
    const third = await nodes.start({ pace: IMMEDIATE_PACE });
    await link(follower, source);
    await link(third, follower);
    await Promise.all([reachHeight(follower, 300), reachHeight(third, 300)]);
    const next = miner.mine(blocks.at(-1)!.node);
    const arrived = reachHeight(third, 301);
    source.submitBlock(next.raw);
    await arrived;
    assertEquals(third.chain().bestHash, next.hash);
    const seen = nextEvent(third, "transaction:seen");
    const { txid } = source.submitTransaction(numbered(1)) as { txid: string };
    assertEquals((await seen).txid, txid);
  });
}
