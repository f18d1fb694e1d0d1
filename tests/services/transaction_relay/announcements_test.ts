import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { TransactionPool } from "../../../src/ledger/transaction_pool.ts";
import { Announcements } from "../../../src/services/transaction_relay/announcements.ts";
import { USUAL_PACE } from "../../../src/services/transaction_relay/pace.ts";
import { parseBlock } from "../../../src/chain/block.ts";
import { ID_SECRET_BYTES } from "../../../src/util/id_table.ts";
import { transaction } from "../../support/blocks.ts";
import { collectGarbage } from "../../support/garbage.ts";
import { ManualEnv } from "../../support/manual_env.ts";
import { Miner } from "../../support/mining.ts";
import { startPeer } from "../../support/started_peer.ts";
import { testHasher } from "../../support/test_hasher.ts";

const LONG_MS = 600_000;

function openScene(maxCount: number) {
  const env = new ManualEnv();
  const limits = { maxBytes: 1e9, maxAgeMs: 1e9, settledCapacity: 1000, secret: env.randomBytes(ID_SECRET_BYTES) };
  const pool = new TransactionPool({ hasher: testHasher, maxCount, ...limits });
  const announcements = new Announcements({ env, pool, pace: USUAL_PACE });
  const { peer, sent } = startPeer(env, { wtxidRelay: true });
  announcements.add(peer);
  const told = () => sent("inv").flatMap(({ items }) => items.map(({ hash }) => hash));
  return { env, pool, announcements, told };
}

/** Adds transactions of 10 kB and announces each; their ids, and weak references to what the pool kept of them. */
function announceMany({ env, pool, announcements }: ReturnType<typeof openScene>, count: number) {
  return Array.from({ length: count }, (_, index) => {
    const outcome = pool.add(transaction({ inputs: [{ index, script: new Uint8Array(10_000) }] }), env.now());
    assert(outcome.kind === "added");
    announcements.announce(outcome.transaction);
    return { wtxid: outcome.transaction.wtxid, raw: new WeakRef(outcome.transaction.raw) };
  });
}

test("announcements: what left the pool is not told, and its bytes do not wait to be", async () => {
  const scene = openScene(10);
  const added = announceMany(scene, 200);
  await collectGarbage();
  const alive = added.filter(({ raw }) => raw.deref()).length;
  // A runtime may take a number on the stack for a reference.
  assert(alive < 100, `${alive} alive of which the pool holds ${scene.pool.count}`);
  scene.env.advance(LONG_MS);
  assertEquals(scene.told().toSorted(), added.slice(-10).map(({ wtxid }) => wtxid).toSorted());
});

test("announcements: what left for a block and came back is told once", () => {
  const scene = openScene(10);
  const { wtxid } = announceMany(scene, 1)[0]!;
  const miner = new Miner();
  const raw = transaction({ inputs: [{ index: 0, script: new Uint8Array(10_000) }] });
  const block = parseBlock(miner.mine(miner.chain.genesis, { transactions: [raw] }).raw);
  scene.pool.blockConnected(block);
  scene.pool.blockDisconnected(block, scene.env.now());
  scene.announcements.announce(scene.pool.get(wtxid)!);
  scene.env.advance(LONG_MS);
  assertEquals(scene.told(), [wtxid]);
});
