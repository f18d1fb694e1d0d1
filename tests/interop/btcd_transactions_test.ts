import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { Btcd, type BtcdOptions, NEEDS_BTCD } from "../support/btcd.ts";
import { encodeBlockFile, makeBranch, REGTEST_GENESIS, tipOf } from "../support/made_chain.ts";
import type { P2pNode } from "../support/p2p_node.ts";
import { run } from "../support/program.ts";
import { sha256d } from "../support/raw_peer.ts";
import { type Site, siteTest } from "../support/site.ts";
import { poll } from "../support/wait.ts";

/** The coins of the first two blocks are mature: they have to wait for 100 more. */
const HEIGHT = 102;
const HEADER_AND_COUNT_BYTES = 81;
const FEE = 10_000n;
const SUBSIDY = 50n * 100_000_000n;
/** A witness script's hash, of no script that anybody knows. Nodes refuse transactions under 65 bytes. */
const OUTPUT_SCRIPT = Buffer.concat([Buffer.from([0, 32]), Buffer.alloc(32, 7)]);
/** btcd announces transactions every 10 s unless told otherwise. */
const QUICK = { args: ["--trickleinterval=100ms"] };

/** Spends what the coinbase of a made block pays to anybody. */
function spend(block: Uint8Array): Buffer {
  const amount = Buffer.alloc(8);
  amount.writeBigUInt64LE(SUBSIDY - FEE);
  return Buffer.concat([
    Buffer.from("0200000001", "hex"),
    sha256d(block.subarray(HEADER_AND_COUNT_BYTES)),
    Buffer.from("0000000000ffffffff01", "hex"),
    amount,
    Buffer.from([OUTPUT_SCRIPT.length]),
    OUTPUT_SCRIPT,
    Buffer.alloc(4),
  ]);
}

function idOf(transaction: Uint8Array): string {
  return Buffer.from(sha256d(transaction)).reverse().toString("hex");
}

async function startBtcd(site: Site, options: Partial<BtcdOptions>): Promise<Btcd> {
  const btcd = await Btcd.start({ directory: site.directory(), ...QUICK, ...options });
  site.onEnd(() => btcd.stop());
  return btcd;
}

/** Announcements are held back for exponentially distributed times of 5 s on average: e^-18 of them take longer. */
const TRICKLE_MS = 90_000;

async function hasInPool(btcd: Btcd, ids: readonly string[]): Promise<void> {
  const wanted = [...ids].sort();
  const look = async () => (await btcd.rpc<string[]>("getrawmempool")).sort();
  await poll("btcd's mempool", look, (found) => found.join() === wanted.join(), TRICKLE_MS);
}

async function poolReaches(node: P2pNode, count: number): Promise<void> {
  const look = () => node.get<{ pool: { count: number } }>("/v1/node");
  await poll(`a pool of ${count}`, look, ({ pool }) => pool.count === count);
}

siteTest(
  "btcd: transactions pass from one to another through us, both ways, and leave with their block",
  async (site) => {
    const chain = [REGTEST_GENESIS, ...makeBranch({ count: HEIGHT })];
    const dialled = await startBtcd(site, {});
    const file = site.file("chain.blk", encodeBlockFile(chain));
    const node = await site.node({ args: ["--import", file, "--connect", dialled.endpoint] });
    const dialling = await startBtcd(site, { connect: [node.endpoint] });
    for (const btcd of [dialled, dialling]) await btcd.reaches(tipOf(chain));

    const [there, back] = [spend(chain[1]!), spend(chain[2]!)].map((raw) => ({
      id: idOf(raw),
      hex: raw.toString("hex"),
    }));
    assertEquals(await dialled.rpc("sendrawtransaction", there!.hex), there!.id);
    await hasInPool(dialling, [there!.id]);
    await poolReaches(node, 1);
    const [first] = await dialling.generate(1);
    await node.reaches(first!);
    await poolReaches(node, 0);
    await dialled.reaches(first!);

    assertEquals(await dialling.rpc("sendrawtransaction", back!.hex), back!.id);
    await hasInPool(dialled, [back!.id]);
  },
  NEEDS_BTCD,
);

siteTest("btcd: it takes a transaction that was handed to us", async (site) => {
  const chain = [REGTEST_GENESIS, ...makeBranch({ count: HEIGHT })];
  const node = await site.node({ args: ["--import", site.file("chain.blk", encodeBlockFile(chain))] });
  const btcd = await startBtcd(site, { connect: [node.endpoint] });
  await btcd.reaches(tipOf(chain));
  const transaction = spend(chain[1]!);
  const args = ["connect", node.endpoint, "--network", "regtest", "--send", `tx ${transaction.toString("hex")}`];
  const { code, stderr } = await run(compiled(), [...args, "--send", "ping", "--expect", "pong"]);
  assertEquals(code, 0, stderr);
  await hasInPool(btcd, [idOf(transaction)]);
}, NEEDS_BTCD);
