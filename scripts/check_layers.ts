// Fails the build when a file breaks the import rules of ARCHITECTURE.md or names what its folder may not name.
// Usage: node scripts/check_layers.ts [ROOT]

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { lineAt, type ScannedSource, scanSource } from "./source_scan.ts";

/** A folder may import from the folders below it, and from itself. Folders of one number are brothers. */
const LAYERS: Readonly<Record<string, number>> = {
  util: 0,
  protocol: 1,
  wire: 2,
  chain: 2,
  bus: 2,
  ring: 2,
  platform: 2,
  capture: 3,
  peer: 3,
  ledger: 3,
  net: 4,
  services: 5,
  doctor: 5,
  node: 6,
  control: 7,
  simulation: 7,
  cli: 8,
  dashboard: 8,
};

/** What everybody may see of src/platform; the adapters beside it are for ADAPTER_USERS. */
const PLATFORM_TYPES = "src/platform/types.ts";
const ADAPTER_USERS: readonly string[] = ["platform", "node", "simulation", "cli"];

/** The program of a page: a browser gets it in one piece, libraries and all. */
const BUILT_FOLDER = "dashboard";

/** Downwards, and forbidden all the same: a peer does not know what it carries. */
const STRANGERS: readonly (readonly [from: string, to: string])[] = [["peer", "chain"], ["net", "chain"]];

/** What all services share: their interface, and what each peer is known to have. Beyond it they meet on the bus. */
const SERVICE_SEAMS: readonly string[] = ["src/services/service.ts", "src/services/peer_chains.ts"];

interface NameRule {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly allowed: readonly string[];
  readonly advice: string;
}

/** Patterns see code without comments and strings. A name after a dot is somebody's method, not the global. */
const NAME_RULES: readonly NameRule[] = [
  {
    rule: "runtime",
    pattern: /(?<![\w$.])(?:globalThis\.)?\b(?:(?:Deno|Bun|Buffer)\b(?!\s*:)|process\b(?!\s*(?:[:(]|\?:)))/g,
    allowed: ["platform"],
    advice: "only src/platform may name a runtime",
  },
  {
    rule: "time-and-chance",
    pattern: anyOf(
      /\bDate\.now\b|\bnew Date(?:\(\s*\)|\b(?!\())|\bperformance\.now\b/,
      /(?<![\w$.])(?:globalThis\.)?\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b(?!\s*\??:)/,
      /\bAbortSignal\.timeout\b|\bMath\.random\b|\bcrypto\.(?:getRandomValues|randomUUID)\b/,
    ),
    allowed: ["platform", "cli", "dashboard"],
    advice: "ask env: the core is deterministic",
  },
  {
    rule: "engine-math",
    pattern: /\bMath\.(?:a?(?:sin|cos|tan)h?|atan2|exp|expm1|log|log1p|log2|log10|pow|cbrt|hypot)\b(?!\s*:)/g,
    allowed: ["platform", "cli"],
    advice: "engines round it differently: util/portable_math.ts is the same everywhere",
  },
  {
    rule: "console",
    pattern: /(?<![\w$.])console\./g,
    allowed: ["platform", "cli"],
    advice: "log through env, print in src/cli",
  },
  {
    rule: "default-export",
    pattern: /\bexport\s+default\b|\bexport\s*\{[^}]*\bas\s+default\b|\bmodule\.exports\b/g,
    allowed: [],
    advice: "named exports only",
  },
  {
    rule: "barrel",
    pattern: /\bexport\s+(?:type\s+)?\*/g,
    allowed: [],
    advice: "mod.ts is the only barrel",
  },
];

interface SourceFile {
  /** From the root, with forward slashes. */
  readonly path: string;
  /** The folder below src that decides its layer; undefined outside src. */
  readonly folder: string | undefined;
  readonly text: string;
  readonly scan: ScannedSource;
}

export interface Violation {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly text: string;
}

function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map((pattern) => pattern.source).join("|"), "g");
}

export function checkLayers(root: string): readonly Violation[] {
  const files = ["src", "tests", "bench", "scripts"].flatMap((folder) => listSources(root, folder))
    .concat(readSources(root, ["mod.ts"]));
  const manifest = readManifest(root);
  return [
    ...files.flatMap((file) => checkImports(file, packagesFor(file, manifest))),
    ...files.filter((file) => file.path.startsWith("src/")).flatMap(checkOwnFile),
    ...findCycles(files),
  ];
}

export function formatViolation({ path, line, rule, text }: Violation): string {
  return `${path}:${line}: [${rule}] ${text}`;
}

function listSources(root: string, folder: string): SourceFile[] {
  if (!existsSync(join(root, folder))) return [];
  const names = readdirSync(join(root, folder), { recursive: true, encoding: "utf8" });
  const paths = names.map((name) => posix.join(folder, name.replaceAll("\\", "/")));
  return readSources(root, paths.filter((path) => path.endsWith(".ts")).sort());
}

function readSources(root: string, paths: readonly string[]): SourceFile[] {
  return paths.filter((path) => existsSync(join(root, path))).map((path) => {
    const text = readFileSync(join(root, path), "utf8");
    return { path, folder: folderOf(path), text, scan: scanSource(text) };
  });
}

interface Manifest {
  readonly dependencies?: object;
  readonly devDependencies?: object;
}

function readManifest(root: string): Manifest {
  return JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
}

/** What is built into a page is there when it is built, and not asked for later. */
function packagesFor(
  { folder }: SourceFile,
  { dependencies = {}, devDependencies = {} }: Manifest,
): ReadonlySet<string> {
  return new Set(Object.keys(folder === BUILT_FOLDER ? { ...dependencies, ...devDependencies } : dependencies));
}

function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

function checkImports(file: SourceFile, dependencies: ReadonlySet<string>): Violation[] {
  return file.scan.imports.flatMap(({ specifier, offset }) => {
    const found = specifier.startsWith(".")
      ? refuseRelative(file, specifier)
      : file.path.startsWith("src/")
      ? refusePackage(file, specifier, dependencies)
      : undefined;
    return found ? [{ path: file.path, line: lineAt(file.text, offset), rule: found[0], text: found[1] }] : [];
  });
}

type Refusal = readonly [rule: string, text: string];

function refuseRelative(file: SourceFile, specifier: string): Refusal | undefined {
  const target = posix.join(posix.dirname(file.path), specifier);
  const isData = specifier.endsWith(".json") && file.folder === undefined;
  if (!specifier.endsWith(".ts") && !isData) return ["extension", `import of ${specifier} must end in .ts`];
  if (file.folder === undefined) return undefined;
  const folder = folderOf(target);
  if (folder === undefined) return ["outside", `src must not import ${target}`];
  return refuseFolder(file, file.folder, target, folder);
}

function refuseFolder(file: SourceFile, from: string, target: string, to: string): Refusal | undefined {
  const isAdapter = to === "platform" && target !== PLATFORM_TYPES;
  if (isAdapter && !ADAPTER_USERS.includes(from)) {
    return ["adapter", `${from} sees only platform/types.ts, not ${target}`];
  }
  if (from === to) return refuseService(file.path, target);
  const [own, other] = [LAYERS[from], LAYERS[to]];
  if (own === undefined || other === undefined) return undefined; // checkOwnFile reports the folder itself
  if (other > own) return ["upwards", `${from} (${own}) must not import ${to} (${other}): ${target}`];
  if (other === own) return ["brothers", `${from} and ${to} are brothers: none imports the other: ${target}`];
  const isStranger = STRANGERS.some(([stranger, unknown]) => stranger === from && unknown === to);
  return isStranger ? ["strangers", `${from} never imports ${to}: ${target}`] : undefined;
}

/** services/sync.ts and services/sync/… are one service. */
function refuseService(path: string, target: string): Refusal | undefined {
  if (!path.startsWith("src/services/") || SERVICE_SEAMS.includes(target)) return undefined;
  if (serviceOf(path) === serviceOf(target)) return undefined;
  return ["services", `services do not know each other: ${target}; share through services/service.ts or the bus`];
}

function serviceOf(path: string): string {
  return (path.split("/")[2] ?? "").replace(/\.ts$/, "");
}

function refusePackage(
  file: SourceFile,
  specifier: string,
  dependencies: ReadonlySet<string>,
): Refusal | undefined {
  if (/^(?:node|bun):/.test(specifier)) {
    return file.folder === "platform" ? undefined : ["runtime", `only src/platform imports ${specifier}`];
  }
  if (isBuiltin(specifier)) return ["runtime", `write node:${specifier}`];
  if (specifier === "cbor-x") return ["package", "cbor-x evaluates code: import cbor-x/index-no-eval"];
  const name = specifier.split("/").slice(0, specifier.startsWith("@") ? 2 : 1).join("/");
  return dependencies.has(name) ? undefined : ["package", `${name} is not among the dependencies in package.json`];
}

function checkOwnFile(file: SourceFile): Violation[] {
  const named = NAME_RULES.filter(({ allowed }) => !allowed.includes(file.folder ?? "")).flatMap((rule) =>
    [...file.scan.code.matchAll(rule.pattern)].map((match) => ({
      path: file.path,
      line: lineAt(file.text, match.index),
      rule: rule.rule,
      text: `${match[0].replace(/\s+/g, " ")}: ${rule.advice}`,
    }))
  );
  return [...named, ...checkPlace(file)];
}

function checkPlace(file: SourceFile): Violation[] {
  const found: Violation[] = [];
  if (file.folder === undefined || LAYERS[file.folder] === undefined) {
    const known = Object.keys(LAYERS).join(", ");
    found.push({ path: file.path, line: 1, rule: "place", text: `belongs to no layer; the layers are ${known}` });
  }
  if (!/(?:^|\/)[a-z0-9_]+(?:\.d)?\.ts$/.test(file.path)) {
    found.push({ path: file.path, line: 1, rule: "name", text: "file names are snake_case.ts" });
  }
  return found;
}

/** Each cycle once, reported at the file of it that comes first in the alphabet. Type imports count too. */
function findCycles(files: readonly SourceFile[]): Violation[] {
  const edges = new Map(files.map((file) => [
    file.path,
    file.scan.imports.filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier }) => posix.join(posix.dirname(file.path), specifier)),
  ]));
  const done = new Set<string>();
  const cycles = new Map<string, Violation>();

  function visit(path: string, trail: readonly string[]): void {
    const start = trail.indexOf(path);
    if (start >= 0) return report(trail.slice(start));
    if (done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  }

  function report(cycle: readonly string[]): void {
    const first = cycle.indexOf([...cycle].sort()[0] as string);
    const turned = [...cycle.slice(first), ...cycle.slice(0, first)];
    const text = [...turned, turned[0]].join(" → ");
    cycles.set(text, { path: turned[0] as string, line: 1, rule: "cycle", text });
  }

  for (const path of edges.keys()) visit(path, []);
  return [...cycles.values()];
}

function main(): void {
  const violations = checkLayers(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));
  for (const violation of violations) console.error(formatViolation(violation));
  if (violations.length > 0) process.exitCode = 1;
}

if (import.meta.main) main();
