import type { ChainSnapshot } from "../../protocol/chain_snapshots.ts";
import type { DataColumn } from "./columns.ts";
import { nodeView, tableView } from "./node_view.ts";
import { UsageError } from "../exit.ts";
import type { View, ViewTable } from "./view.ts";

/** The end of one branch of the chain. */
interface Tip {
  readonly status: "active" | "fork" | "fork, headers only" | "headers";
  readonly height: number;
  /** Blocks that it has and the best chain lacks. */
  readonly length: number;
  readonly hash: string | undefined;
}

const TIP_COLUMNS: readonly DataColumn<Tip>[] = [
  {
    name: "status",
    help: "active: the best chain; headers: it goes on, and its blocks are not here; fork: another branch",
    rank: 0,
    value: ({ status }) => status,
  },
  { name: "height", help: "of its last block", unit: "count", rank: 1, value: ({ height }) => height },
  {
    name: "length",
    help: "blocks that the best chain lacks",
    unit: "count",
    rank: 2,
    value: ({ length }) => length,
  },
  {
    name: "since",
    help: "the last block that it has in common with the best chain",
    unit: "count",
    rank: 3,
    value: ({ height, length }) => height - length,
  },
  { name: "hash", help: "of its last block", rank: 4, value: ({ hash }) => hash },
];

const CHAIN = nodeView({
  summary: "the best chain and how far its sync is; with --tips every branch",
  takes: ["tips"],
  path: () => "/v1/chain",
});

const TIPS = tableView<ChainSnapshot, Tip>({
  summary: "the ends of all branches",
  path: () => "/v1/chain",
  needs: ["forks"],
  columns: TIP_COLUMNS,
  rows: listTips,
});

const CHAIN_VIEW: View = {
  ...TIPS,
  summary: CHAIN.summary,
  takes: [...TIPS.takes, "tips"],
  run(question) {
    const { tips, sort, columns, filter } = question.settings;
    if (tips) return TIPS.run(question);
    if (sort === undefined && columns === undefined && filter.length === 0) return CHAIN.run(question);
    throw new UsageError("--sort, --filter and --columns go with inspect chain --tips");
  },
};

/** What the node believes. */
export const CHAIN_VIEWS: ViewTable = {
  chain: CHAIN_VIEW,
  block: nodeView({
    summary: "one block",
    subject: "HASH|HEIGHT",
    path: (id) => `/v1/blocks/${encodeURIComponent(id)}`,
  }),
};

/** A best header that does not extend the best chain is the end of a fork, and listed there. */
function listTips({ height, bestHash, headers, bestHeaderHash, forks }: ChainSnapshot): readonly Tip[] {
  const ahead: Tip[] = headers > height && !forks.some(({ hash }) => hash === bestHeaderHash)
    ? [{ status: "headers", height: headers, length: headers - height, hash: bestHeaderHash }]
    : [];
  return [
    ...ahead,
    { status: "active", height, length: 0, hash: bestHash },
    ...forks.map(({ complete, ...fork }): Tip => ({ status: complete ? "fork" : "fork, headers only", ...fork })),
  ];
}
