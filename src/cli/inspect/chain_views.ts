import { nodeView } from "./node_view.ts";
import type { ViewTable } from "./view.ts";

/** What the node believes. */
export const CHAIN_VIEWS: ViewTable = {
  chain: nodeView({ summary: "the best chain and how far its sync is", path: () => "/v1/chain" }),
  block: nodeView({
    summary: "one block",
    subject: "HASH|HEIGHT",
    path: (id) => `/v1/blocks/${encodeURIComponent(id)}`,
  }),
};
