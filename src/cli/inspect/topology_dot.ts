import type { TopologySnapshot } from "../../protocol/network_snapshots.ts";
import { escapeText } from "../../util/escape.ts";
import type { Output } from "../context.ts";

const MS_DIGITS = 1;

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
