// What it costs to pass transactions on: whole nodes that all know each other, on the memory network, in one thread.
// Counted in CPU time, all nodes together, since nothing here waits for anything.

import { cpuUsage } from "node:process";
import { createNode } from "../src/node/node.ts";
import type { P2PNode } from "../src/node/types.ts";
import { createHasher } from "../src/platform/hasher.ts";
import { createMemoryNetwork } from "../src/platform/memory.ts";
import { createMemoryStore } from "../src/platform/memory_store.ts";
import type { NetworkParams } from "../src/protocol/network_params.ts";
import { P2P, REGTEST } from "../src/protocol/networks.ts";
import { IMMEDIATE_PACE } from "../src/services/transaction_relay/pace.ts";
import { DEDUPE_MODES, type DedupeMode } from "../src/protocol/dedupe.ts";
import { ByteWriter } from "../src/util/bytes.ts";
import type { Row, Subject } from "./support.ts";

const NODES = 8;
const TRANSACTIONS = 8_000;
/** Submitted by one node in one turn. */
const BATCH = 20;
/** With the other fields, a transaction of 250 bytes. */
const SCRIPT_BYTES = 189;
const PORT = 1;
const NS_PER_SECOND = 1e9;
const NS_PER_US = 1e3;

export const subject: Subject = {
  name: `Transactions (${NODES} nodes, ${NODES - 1} peers each, 250 bytes, inv, getdata and tx of both sides)`,
  async run() {
    const rows: Row[] = [];
    // Not counted: the first run pays for the compiler.
    await measure(P2P, "off");
    for (const network of [P2P, REGTEST]) {
      for (const dedupe of DEDUPE_MODES) rows.push(await measure(network, dedupe));
    }
    return rows;
  },
};

async function measure(params: NetworkParams, dedupe: DedupeMode): Promise<Row> {
  const network = createMemoryNetwork({ seed: 1 });
  const hasher = createHasher();
  const nodes: P2PNode[] = [];
  for (let i = 0; i < NODES; i++) {
    const host = `node${i}`;
    const parts = { env: network.env(host), transport: network.transport(host), hasher, store: createMemoryStore() };
    const node = createNode(parts, {
      network: params,
      listen: [{ host, port: PORT }],
      join: [],
      connect: nodes.map((_, known) => ({ host: `node${known}`, port: PORT })),
      maxInbound: NODES,
      maxOutbound: NODES,
      userAgent: "/bench/",
      pruneBytes: undefined,
      mineSeconds: undefined,
      dedupe,
      pace: IMMEDIATE_PACE,
    });
    nodes.push(node);
    await node.start();
  }
  const isReady = (node: P2PNode) => node.peers().filter(({ state }) => state === "ready").length === NODES - 1;
  await network.run(() => nodes.every(isReady));
  const before = cpuUsage();
  for (let made = 0; made < TRANSACTIONS;) {
    const submitter = nodes[(made / BATCH) % NODES]!;
    for (let i = 0; i < BATCH; i++) submitter.submitTransaction(makeTransaction(made++));
    await network.run(network.now() + 1);
  }
  await network.run(() => nodes.every((node) => node.pool().count === TRANSACTIONS));
  const deliveries = TRANSACTIONS * (NODES - 1);
  const { user, system } = cpuUsage(before);
  const meanNs = (user + system) * NS_PER_US / deliveries;
  const name = `${params.wire} wire, dedupe ${dedupe}`;
  return { name, perSecond: NS_PER_SECOND / meanNs, unit: "deliveries", meanNs };
}

function makeTransaction(index: number): Uint8Array {
  const writer = new ByteWriter().int32(2).varInt(1).raw(new Uint8Array(32).fill(1)).uint32(index).varInt(0);
  writer.uint32(0).varInt(1).uint64(1n).varInt(SCRIPT_BYTES).raw(new Uint8Array(SCRIPT_BYTES));
  return writer.uint32(0).finish();
}
