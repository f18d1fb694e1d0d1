import type { TopologyNodeSnapshot, TopologySnapshot } from "../../protocol/snapshots.ts";
import { escapeText } from "../../util/escape.ts";
import type { Output } from "../context.ts";
import { type Column, printRecord, printRows } from "../tables.ts";

const MS_DIGITS = 1;
const MEAN_DIGITS = 2;
const PERCENT = 100;

const COLUMNS: readonly Column<TopologyNodeSnapshot>[] = [
  { title: "id", cell: ({ id }) => id },
  { title: "source", cell: ({ source }) => source },
  { title: "address", cell: ({ address }) => address ?? "-" },
  { title: "region", cell: ({ region }) => region || "-" },
  { title: "capabilities", cell: ({ capabilities }) => capabilities.join(" ") || "-" },
  { title: "load", cell: ({ load }) => `${Math.round(load * PERCENT)} %`, isNumber: true },
  { title: "hops", cell: ({ path }) => path ? String(path.hops) : "-", isNumber: true },
  { title: "rtt", cell: ({ path }) => path ? `${path.rttMs.toFixed(MS_DIGITS)} ms` : "-", isNumber: true },
  { title: "heard", cell: ({ ageSeconds }) => `${ageSeconds} s ago`, isNumber: true },
];

/** Nodes, then what the whole of it comes to. */
export function showTopology({ nodes, metrics, broadcast }: TopologySnapshot, out: Output): void {
  printRows(nodes, COLUMNS, out);
  out.line("");
  const { regions, meanLinks, ...counts } = metrics;
  printRecord({
    ...counts,
    meanLinks: meanLinks.toFixed(MEAN_DIGITS),
    regions: Object.entries(regions).map(([name, count]) => `${name || "unknown"} ${count}`),
    broadcast: `${broadcast.reached} nodes in ${broadcast.depth} steps, ${broadcast.fanout} copies each`,
  }, out);
}

/** The graph for `dot` of Graphviz: links solid where both ends tell of them, the broadcast tree bold. */
export function showTopologyAsDot({ self, nodes, links, broadcast }: TopologySnapshot, out: Output): void {
  const tree = new Set(broadcast.edges.flatMap(([from, to]) => [`${from} ${to}`, `${to} ${from}`]));
  const linked = new Set(links.flatMap(({ from, to }) => [from, to]));
  out.line("graph topology {");
  for (const { id, region, address } of nodes) {
    // Thousands of addresses without a link would hide all that is one.
    if (id !== self && !linked.has(id)) continue;
    const label = [id === self ? "this node" : address ?? id, region].filter((part) => part !== "").join("\n");
    out.line(`  ${quote(id)} [label=${quote(label)}${id === self ? ", style=bold" : ""}];`);
  }
  for (const { from, to, rttMs, known } of links) {
    const style = tree.has(`${from} ${to}`) ? "bold" : known === "claimed" ? "dashed" : "solid";
    const label = rttMs === null ? "" : `, label=${quote(`${rttMs.toFixed(MS_DIGITS)} ms`)}`;
    out.line(`  ${quote(from)} -- ${quote(to)} [style=${style}${label}];`);
  }
  out.line("}");
}

/** A string of the DOT language. What strangers chose is escaped for terminals first. */
function quote(value: string): string {
  const lines = value.split("\n").map((line) => escapeText(line).replaceAll("\\", "\\\\").replaceAll('"', '\\"'));
  return `"${lines.join("\\n")}"`;
}
