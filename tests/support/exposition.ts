/** A family of metrics as a scraper reads it. */
export interface Family {
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly value: number;
  }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"(?:,|$)/;
const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const PARTS: Readonly<Record<string, readonly string[]>> = {
  counter: ["_total"],
  gauge: [""],
  summary: ["", "_sum", "_count"],
};

/**
 * Reads Prometheus's text or OpenMetrics and believes nothing: order of lines, names, labels, values, which sample may
 * follow which type, no family and no sample twice.
 */
export function parseExposition(text: string, format: "prometheus" | "openmetrics"): ReadonlyMap<string, Family> {
  const families = new Map<string, Family & { samples: Family["samples"][number][] }>();
  if (!text.endsWith("\n")) throw new Error("the last line does not end");
  const lines = text.split("\n").slice(0, -1);
  if (format === "openmetrics" && lines.pop() !== "# EOF") throw new Error("no # EOF");
  let family: (Family & { samples: Family["samples"][number][] }) | undefined;
  let help: readonly [name: string, text: string] | undefined;
  const seen = new Set<string>();
  for (const line of lines) {
    if (line === "" && format === "prometheus") continue;
    const meta = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (meta) {
      const [, kind, name, rest] = meta as unknown as [string, string, string, string];
      if (!NAME.test(name)) throw new Error(`not a name: ${line}`);
      if (kind === "HELP") {
        help = [name, rest];
        continue;
      }
      if (help?.[0] !== name) throw new Error(`TYPE without its HELP: ${line}`);
      if (families.has(name)) throw new Error(`twice: ${line}`);
      if (!(rest in PARTS)) throw new Error(`unknown type: ${line}`);
      family = { name, type: rest, help: help[1], samples: [] };
      families.set(name, family);
      continue;
    }
    const sample = readSample(line);
    if (!family) throw new Error(`a sample without its family: ${line}`);
    checkSample(family, sample, format);
    const key = `${sample.name}${JSON.stringify(Object.entries(sample.labels).toSorted())}`;
    if (seen.has(key)) throw new Error(`a sample twice: ${line}`);
    seen.add(key);
    family.samples.push(sample);
  }
  return families;
}

function readSample(line: string): Family["samples"][number] {
  const match = SAMPLE.exec(line);
  if (!match) throw new Error(`no sample: ${line}`);
  const [, name, inner = "", number] = match as unknown as [string, string, string | undefined, string];
  const labels: Record<string, string> = {};
  for (let rest = inner; rest !== "";) {
    const label = LABEL.exec(rest);
    if (!label || label[1]! in labels) throw new Error(`bad labels: ${line}`);
    labels[label[1]!] = label[2]!;
    rest = rest.slice(label[0].length);
  }
  const value = Number(number);
  if (!Number.isFinite(value)) throw new Error(`not a number: ${line}`);
  return { name, labels, value };
}

/** A counter's family ends in `_total` in the older format, and its samples alone do in OpenMetrics. */
function checkSample(family: Family, { name, labels, value }: Family["samples"][number], format: string): void {
  const { type } = family;
  const base = type === "counter" && format === "prometheus" ? family.name.replace(/_total$/, "") : family.name;
  const part = PARTS[type]!.find((suffix) => name === base + suffix);
  if (part === undefined) throw new Error(`${name} is no part of the ${type} ${family.name}`);
  if (type === "counter" && value < 0) throw new Error(`${name} counts down`);
  const isQuantile = type === "summary" && part === "";
  if (isQuantile !== ("quantile" in labels)) throw new Error(`quantile of ${name}`);
  if (isQuantile && !(Number(labels.quantile) >= 0 && Number(labels.quantile) <= 1)) {
    throw new Error(`quantile of ${name}`);
  }
}
