// Writes docs/limits.md from the numbers in the source, each with the reason that its comment gives.
// Usage: node scripts/write_limits.ts [--check]

import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = new URL("..", import.meta.url);
const PAGE = "docs/limits.md";

interface Section {
  readonly title: string;
  readonly path: string;
}

const SECTIONS: readonly Section[] = [
  { title: "A node as a whole", path: "src/protocol/params.ts" },
  { title: "Connections", path: "src/protocol/connection_params.ts" },
  { title: "Whom a node is connected to", path: "src/protocol/peer_params.ts" },
  { title: "When a node is cut off", path: "src/protocol/partition_params.ts" },
  { title: "Headers and blocks", path: "src/protocol/sync_params.ts" },
  { title: "Transactions", path: "src/protocol/relay_params.ts" },
  { title: "Applications: topics and requests", path: "src/protocol/app_params.ts" },
  { title: "Addresses of nodes", path: "src/protocol/address_params.ts" },
  { title: "Nodes on the local network", path: "src/protocol/local_discovery_params.ts" },
  { title: "How requests are spread over peers", path: "src/protocol/balancing_params.ts" },
  { title: "How the topology of the network is learnt", path: "src/protocol/topology_params.ts" },
  { title: "What a node measures of itself", path: "src/protocol/vitals_params.ts" },
  { title: "What the doctor looks for", path: "src/protocol/doctor_params.ts" },
  { title: "The control API", path: "src/protocol/control_params.ts" },
  { title: "Captures", path: "src/protocol/capture_params.ts" },
  { title: "Handlers in threads", path: "src/protocol/notify_params.ts" },
  { title: "Rings between threads", path: "src/protocol/ring_params.ts" },
  { title: "Connections in threads of their own", path: "src/protocol/shard_params.ts" },
  { title: "What one message may hold", path: "src/protocol/wire_limits.ts" },
  { title: "What the native wire adds", path: "src/protocol/native_limits.ts" },
  { title: "The chain", path: "src/protocol/consensus.ts" },
  { title: "Events", path: "src/bus/channels.ts" },
];

/** Options that change a number of the source. */
const OPTIONS: Readonly<Record<string, string>> = {
  DEFAULT_MAX_INBOUND: "`--max-inbound`",
  SEED_MAX_INBOUND: "`--max-inbound`",
  DEFAULT_MAX_OUTBOUND: "`--max-outbound`",
  DEFAULT_MAX_PER_ADDRESS: "`--max-per-address`",
  DEFAULT_MAX_PER_GROUP: "`--max-per-group`",
  DEFAULT_NOTIFY_WORKERS: "`--handler-threads`",
  DEFAULT_DEDUPE_MODE: "`--dedupe`",
  MAX_WORKERS: "`--workers`",
};

/** A documented, exported constant whose value stands on its line. */
const CONSTANT = /\/\*\*((?:(?!\*\/)[^])*?)\*\/\nexport const ([A-Z][A-Z0-9_]*)(?::[^=\n]*)? = ([^{[\n]+?);/g;

function page(): string {
  const sections = SECTIONS.map((section) =>
    `## ${section.title}\n\nFrom \`${section.path}\`.\n\n${table(section.path)}\n`
  );
  return `# Limits

Every number that bounds or paces something, with its reason: generated from the source by
\`node scripts/write_limits.ts\`. A number without an option is part of the protocol, or safe for everybody; the outbox's
lanes and all other queues stand in [architecture.md](architecture.md).

${sections.join("\n")}`;
}

function table(path: string): string {
  const source = readFileSync(new URL(path, ROOT), "utf8");
  const rows = [...source.matchAll(CONSTANT)].map(([, comment, name, value]) => {
    return `| \`${name}\` | ${show(value!)} | ${OPTIONS[name!] ?? ""} | ${proseOf(comment!)} |`;
  });
  if (rows.length === 0) throw new Error(`no documented constants in ${path}`);
  return ["| name | value | option | what and why |", "| --- | --- | --- | --- |", ...rows].join("\n");
}

/** The value as the source computes it; products of units are easier to read than their results. */
function show(value: string): string {
  return `\`${value.replaceAll("|", "\\|")}\``;
}

function proseOf(comment: string): string {
  const lines = comment.split("\n").map((line) => line.replace(/^\s*\*\s?/, "").trim());
  return lines.filter((line) => line !== "").join(" ").replaceAll("|", "\\|");
}

const target = fileURLToPath(new URL(PAGE, ROOT));
if (!process.argv.includes("--check")) {
  writeFileSync(target, page());
  console.log(`${PAGE} written; format it with deno fmt`);
} else if (squeeze(readFileSync(target, "utf8")) !== squeeze(page())) {
  console.error(`${PAGE} is not what the source says: run node scripts/write_limits.ts`);
  process.exitCode = 1;
}

/** Formatting pads tables and wraps paragraphs; neither changes what is said. */
function squeeze(text: string): string {
  return text.replace(/\s+/g, " ").replace(/-{3,}/g, "---");
}
