import { formatSize, MS_PER_SECOND } from "../../util/units.ts";
import type { Output } from "../context.ts";
import { printRows } from "../tables.ts";
import { NS_PER_MS } from "./clock.ts";
import { ROUNDS } from "./contest.ts";
import type { Network } from "./relay_network.ts";
import type { InventoryCounts } from "./relay_sides.ts";
import { formatCount, number } from "./report.ts";
import { median, usageBetween } from "./usage.ts";

/** Of each node and round, in one go: their announcements cross each other everywhere. */
const TRANSACTIONS_PER_NODE = 50;

/** How transactions that all nodes submit at once spread to all others: the medians of several rounds. */
export interface TransactionRow {
  readonly name: string;
  /** In each round. */
  readonly transactions: number;
  /** Until the last node had the last one. */
  readonly ms: number;
  /** Transactions that reached a node which lacked them, a second. */
  readonly perSecond: number;
  readonly cpuNsPerDelivery: number;
  readonly residentBytes: number;
  /** Of items, over all nodes and rounds. */
  readonly inventory: InventoryCounts;
}

type Round = Pick<TransactionRow, "ms" | "perSecond" | "cpuNsPerDelivery" | "residentBytes">;

/** Steps that `spreadTransactions` takes in each network. */
export const SPREADS = 1 + ROUNDS;

/** Every node submits transactions, and all have to reach every node: in each network in turn, one round warms up. */
export async function spreadTransactions(networks: readonly Network[], step: () => void): Promise<TransactionRow[]> {
  const rounds = networks.map((): Round[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [i, network] of networks.entries()) {
      const measured = await spreadOnce(network, round);
      if (round > 0) rounds[i]!.push(measured);
      step();
    }
  }
  return await Promise.all(networks.map(async ({ name, groups, perGroup }, i) => {
    const medianOf = (field: keyof Round) => median(rounds[i]!.map((round) => round[field]));
    return {
      name,
      transactions: TRANSACTIONS_PER_NODE * perGroup * groups.length,
      ms: medianOf("ms"),
      perSecond: medianOf("perSecond"),
      cpuNsPerDelivery: medianOf("cpuNsPerDelivery"),
      residentBytes: medianOf("residentBytes"),
      inventory: await countInventory(groups),
    };
  }));
}

async function spreadOnce({ groups, perGroup }: Network, round: number): Promise<Round> {
  const nodes = groups.length * perGroup;
  const transactions = TRANSACTIONS_PER_NODE * nodes;
  const before = await Promise.all(groups.map((group) => group.ask("sample")));
  const batches = groups.map((_, i) => ({
    first: round * transactions + i * perGroup * TRANSACTIONS_PER_NODE,
    each: TRANSACTIONS_PER_NODE,
  }));
  await Promise.all(groups.map((group, i) => group.ask("submitTransactions", batches[i]!)));
  await Promise.all(groups.map((group) => group.ask("gathered", (round + 1) * transactions)));
  const after = await Promise.all(groups.map((group) => group.ask("sample")));
  const usages = after.map((sample, i) => usageBetween(before[i]!, sample));
  const deliveries = transactions * (nodes - 1);
  const ms = Math.max(...usages.map((usage) => usage.ms));
  return {
    ms,
    perSecond: deliveries / ms * MS_PER_SECOND,
    cpuNsPerDelivery: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0) * NS_PER_MS / deliveries,
    residentBytes: usages.reduce((sum, usage) => sum + usage.residentBytes, 0),
  };
}

export function printTransactionRows(rows: readonly TransactionRow[], out: Output): void {
  const { transactions } = rows[0]!;
  out.line(
    `${transactions} transactions, submitted by all nodes at once, until all have all; medians of ${ROUNDS} rounds`,
  );
  printRows(rows, [
    { title: "", cell: ({ name }) => name },
    number("all have all: ms", ({ ms }) => ms.toFixed(0)),
    number("deliveries/s", ({ perSecond }) => formatCount(perSecond)),
    number("CPU ns/delivery", ({ cpuNsPerDelivery }) => cpuNsPerDelivery.toFixed(0)),
    number("announced", ({ inventory }) => String(inventory.announced)),
    number("again", ({ inventory }) => String(inventory.duplicates)),
    number("dropped", ({ inventory }) => String(inventory.dropped)),
    number("RSS", ({ residentBytes }) => formatSize(residentBytes)),
  ], out);
}

async function countInventory(groups: Network["groups"]): Promise<InventoryCounts> {
  const all = await Promise.all(groups.map((group) => group.ask("inventory")));
  const sum = (field: keyof InventoryCounts) => all.reduce((total, counts) => total + counts[field], 0);
  return { announced: sum("announced"), duplicates: sum("duplicates"), dropped: sum("dropped") };
}
