import { nodeView } from "./node_view.ts";
import type { ViewTable } from "./view.ts";

/** The node as a whole. */
export const NODE_VIEWS: ViewTable = {
  node: nodeView({ summary: "the node: version, network, where it listens, what it did", path: () => "/v1/node" }),
};
