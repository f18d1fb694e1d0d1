import { toSafeJson } from "../util/escape.ts";
import type { Resolved } from "./flag.ts";
import type { Output } from "./context.ts";

const INDENT = 2;

/**
 * Shows each setting and where it came from: as TOML that can be used as a configuration file, or as JSON. Settings
 * that nobody gave and that have no fixed default stand in comments.
 */
export function printConfig(resolved: ReadonlyMap<string, Resolved>, asJson: boolean, out: Output): void {
  const rows = [...resolved].filter(([, { flag }]) => flag.isSetting);
  if (!asJson) return rows.forEach(([name, setting]) => out.line(toToml(name, setting)));
  const entries = rows.map(([name, { value, source }]) => [name, { value: value ?? null, source }]);
  out.line(toSafeJson(Object.fromEntries(entries), INDENT));
}

function toToml(name: string, { flag, texts, source }: Resolved): string {
  if (texts === undefined) return fallbackToToml(name, { flag });
  const values = texts.map(literal);
  if (flag.kind === "list") return `${name} = [${values.join(", ")}]  # ${source}`;
  return `${name} = ${flag.kind === "switch" ? texts.at(-1) : values.at(-1)}  # ${source}`;
}

function fallbackToToml(name: string, { flag }: Pick<Resolved, "flag">): string {
  const { kind, fallback, fallbackText } = flag;
  if (kind === "switch") return `${name} = ${fallback}  # default`;
  const isFixed = typeof fallback === "string" || typeof fallback === "number";
  return isFixed
    ? `${name} = ${literal(String(fallback))}  # default`
    : `# ${name}: ${fallbackText ?? "none"}  # default`;
}

/** Whole numbers as they are, everything else in quotes. JSON's escapes are TOML's too. */
function literal(text: string): string {
  return /^(?:0|[1-9]\d{0,14})$/.test(text) ? text : toSafeJson(text);
}
