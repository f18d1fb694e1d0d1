import type { DedupeMode } from "../../protocol/dedupe.ts";
import type { InventorySnapshot } from "../../protocol/chain_snapshots.ts";
import { IMMEDIATE_PACE } from "../../services/transaction_relay/pace.ts";
import type { MessageType } from "../../protocol/messages.ts";
import { createBenchNode, portOf } from "./bench_node.ts";
import { networkOf } from "./bench_peers.ts";
import { LOOPBACK } from "./flow.ts";
import { makeTransaction } from "../../simulation/made_transaction.ts";
import { makeBlocks } from "./made_blocks.ts";
import type { Wire } from "./options.ts";
import type { SideContext } from "./side.ts";
import { type Sample, takeSample } from "./usage.ts";

export interface RelaySpec {
  readonly wire: Wire;
  /** Nodes in this process. */
  readonly nodes: number;
  /** Blocks that this process can submit, and the bytes of each. */
  readonly blocks: number;
  readonly sizeBytes: number;
  readonly dedupe: DedupeMode;
}

/** When the nodes of a process had a block, by the clock that all processes share. */
export interface Arrivals {
  readonly atMs: readonly number[];
}

/** What the nodes of a process heard since their start. */
export interface RelayCounts {
  /** Whole blocks that came by the wire. */
  readonly whole: number;
  /** Blocks that came in their compact form (BIP152). */
  readonly compact: number;
  /** Transactions of compact blocks that had to be asked for: answers, each with all that a block lacked. */
  readonly completions: number;
  /** Announcements of items, and those that repeated what was known. */
  readonly announced: number;
  readonly duplicates: number;
}

/** Announced items, over all nodes of a process. */
export type InventoryCounts = Pick<InventorySnapshot, "announced" | "duplicates" | "dropped">;

/** Some nodes of a network, in one process. */
export interface RelayNodes {
  /** The port of each. */
  listen(): Promise<readonly number[]>;
  link(dials: readonly { readonly from: number; readonly port: number }[]): Promise<void>;
  /** Gives the next block to one node; answers when. */
  submit(node: number): number;
  /** Resolves when every node has so many blocks. */
  arrived(height: number): Promise<Arrivals>;
  counts(): RelayCounts;
  /** Gives so many new transactions to each node, which are numbered from `first` on. */
  submitTransactions(batch: { readonly first: number; readonly each: number }): void;
  /** Resolves when every node has had so many transactions. */
  gathered(count: number): Promise<void>;
  inventory(): InventoryCounts;
  sample(): Sample;
}

/** Far above the numbers of transactions in blocks. */
const FIRST_TRANSACTION = 2 ** 31;
/** What is not there by then will not come. */
const ARRIVAL_TIMEOUT_MS = 30_000;

export function createRelayNodes(side: SideContext, spec: RelaySpec): RelayNodes {
  const nodes = Array.from(
    { length: spec.nodes },
    () => createBenchNode(side, spec.wire, { dedupe: spec.dedupe, pace: IMMEDIATE_PACE }),
  );
  const blocks = makeBlocks(networkOf(spec.wire), side.hasher, spec.blocks, spec.sizeBytes);
  /** By height: when each node had that block. */
  const arrivals = new Map<number, number[]>();
  const waiting = new Map<number, () => void>();
  nodes.forEach((node) => node.on("block:connected", ({ height }) => arrive(height)));
  let submitted = 0;
  /** By node: transactions that it has had. */
  const seen = nodes.map(() => 0);
  let onSeen = () => {};
  nodes.forEach((node, i) =>
    node.on("transaction:seen", () => {
      seen[i]!++;
      onSeen();
    })
  );

  function arrive(height: number): void {
    const atMs = arrivals.get(height) ?? [];
    arrivals.set(height, atMs);
    atMs.push(side.clock());
    if (atMs.length === nodes.length) waiting.get(height)?.();
  }

  function inventory(): InventoryCounts {
    const all = nodes.map((node) => node.inventory());
    const sum = (field: keyof InventoryCounts) => all.reduce((total, counts) => total + counts[field], 0);
    return { announced: sum("announced"), duplicates: sum("duplicates"), dropped: sum("dropped") };
  }

  function received(type: MessageType): number {
    const peers = nodes.flatMap((node) => node.peers());
    return peers.reduce((sum, { messages }) => sum + (messages.in[type] ?? 0), 0);
  }

  return {
    async listen() {
      await Promise.all(nodes.map((node) => node.start()));
      return nodes.map((node) => portOf(node.listening[0]));
    },
    async link(dials) {
      for (const { from, port } of dials) await nodes[from]!.connect({ host: LOOPBACK, port });
    },
    submit(index) {
      const atMs = side.clock();
      const verdict = nodes[index]!.submitBlock(blocks[submitted++]!);
      if (verdict.kind !== "extended") throw new Error(`a block of ours was not taken: ${JSON.stringify(verdict)}`);
      return atMs;
    },
    async arrived(height) {
      if (arrivals.get(height)?.length !== nodes.length) {
        const why = () => `block ${height} reached ${arrivals.get(height)?.length ?? 0} of ${nodes.length} nodes`;
        await within(why, (resolve) => waiting.set(height, resolve));
      }
      return { atMs: arrivals.get(height)! };
    },
    submitTransactions({ first, each }) {
      for (const [i, node] of nodes.entries()) {
        const from = FIRST_TRANSACTION + first + i * each;
        for (let number = from; number < from + each; number++) node.submitTransaction(makeTransaction(number));
      }
    },
    async gathered(count) {
      const isThere = () => seen.every((number) => number >= count);
      if (isThere()) return;
      await within(() => `${Math.min(...seen)} of ${count} transactions reached all nodes`, (resolve) => {
        onSeen = () => {
          if (isThere()) resolve();
        };
      });
    },
    inventory,
    counts() {
      const { announced, duplicates } = inventory();
      return {
        whole: received("block"),
        compact: received("cmpctblock"),
        completions: received("blocktxn"),
        announced,
        duplicates,
      };
    },
    sample: () => takeSample(side.context.host, side.clock, arrivals.size),
  };
}

/** Waits until `begin`'s callback is called, for a while; then it is an error that says `why`. */
function within(why: () => string, begin: (resolve: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(why())), ARRIVAL_TIMEOUT_MS);
    begin(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
