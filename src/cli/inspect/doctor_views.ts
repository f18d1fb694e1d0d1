import type { Diagnosis, Finding, HealthCheck } from "../../doctor/diagnosis.ts";
import { escapeText } from "../../util/escape.ts";
import { formatDuration, formatSize, MS_PER_SECOND } from "../../util/units.ts";
import type { Context, Output } from "../context.ts";
import { EXIT } from "../exit.ts";
import { type Column, printRows } from "../tables.ts";
import type { Told } from "./columns.ts";
import { nodeView } from "./node_view.ts";
import type { ViewTable } from "./view.ts";

const PERCENT = 100;
const SHARE_DIGITS = 2;
const INDENT = " ".repeat(9);

const HEALTH_COLUMNS: readonly Column<HealthCheck>[] = [
  { title: "what", cell: ({ name }) => name },
  { title: "now", cell: ({ value, unit }) => value === null ? "-" : withUnit(value, unit), isNumber: true },
  { title: "limit", cell: ({ limit, unit }) => withUnit(limit, unit), isNumber: true },
  { title: "state", cell: ({ state }) => state },
];

/** What a node's own figures show. */
export const DOCTOR_VIEWS: ViewTable = {
  doctor: nodeView<Diagnosis>({
    summary: "who is slow, who floods, whether the chain follows, what to change; exit 1 if there is a problem",
    path: () => "/v1/doctor",
    needs: ["findings"],
    show: showDiagnosis,
    exitCode: ({ findings }) => findings.some(({ level }) => level === "problem") ? EXIT.no : EXIT.done,
  }),
  health: nodeView<Diagnosis>({
    summary: "the thresholds that are watched; exit 1 if one is crossed",
    path: () => "/v1/doctor",
    needs: ["health"],
    pick: ({ healthy, windowSeconds, health }) => ({ healthy, windowSeconds, health }),
    show: ({ health }, { out }) => printRows(health, HEALTH_COLUMNS, out),
    exitCode: ({ healthy }) => healthy ? EXIT.done : EXIT.no,
  }),
};

function showDiagnosis({ windowSeconds, findings }: Diagnosis, { out }: Context): void {
  out.line(`of the last ${formatDuration(windowSeconds * MS_PER_SECOND)}`);
  for (const finding of findings) showFinding(finding, out);
}

function showFinding(finding: Finding, out: Output): void {
  const [first = "", ...rest] = findingLines(finding);
  out.line(colored(finding.level, finding.level.padEnd(INDENT.length), out) + first);
  for (const line of rest) out.line(INDENT + line);
}

/** What is seen, on which numbers that rests, and what to do: a line each. */
export function findingLines({ text, evidence, advice, change }: Told<Finding>): string[] {
  const numbers = Object.entries(evidence ?? {}).filter(([, value]) => value !== null);
  return [
    escapeText(text ?? "?"),
    numbers.map(([name, value]) => `${spaced(escapeText(name))} ${escapeText(String(value))}`).join(", "),
    ...advice ? [`→ ${escapeText(advice)}${change ? " (--autotune does it)" : ""}`] : [],
  ];
}

/** `messagesPerSecond` → `messages per second`. */
function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function colored(level: Finding["level"], text: string, out: Output): string {
  const { red, yellow, green } = out.colors;
  return { problem: red, warning: yellow, note: String, ok: green }[level](text);
}

function withUnit(value: number, unit: HealthCheck["unit"]): string {
  switch (unit) {
    case "bytes":
      return formatSize(value);
    case "ms":
      return `${Number(value.toFixed(SHARE_DIGITS))} ms`;
    case "share":
      return `${Number((value * PERCENT).toFixed(SHARE_DIGITS))} %`;
    case "share/h":
      return `${Number((value * PERCENT).toFixed(SHARE_DIGITS))} %/h`;
  }
}
