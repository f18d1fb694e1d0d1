// Builds the library as it is installed, dist/npm: JavaScript and its types, since Node and Deno run no TypeScript of
// installed packages. Usage: node scripts/package.ts

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { scanSource } from "./source_scan.ts";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const PACKAGE = join(ROOT, "dist/npm");

/** What the package begins with: nothing imports the programs of threads. */
const ENTRIES: readonly string[] = ["mod.ts", "src/node/notify/notify_worker.ts", "src/node/shards/shard_worker.ts"];
/** Of our manifest; the others are the repository's. */
const KEYS: readonly string[] = ["name", "version", "description", "license", "type", "engines"];
const PAGES: readonly string[] = ["README.md", "LICENSE", "CHANGELOG.md"];

function main(): void {
  rmSync(PACKAGE, { recursive: true, force: true });
  mkdirSync(PACKAGE, { recursive: true });
  translate();
  for (const page of PAGES) copyFileSync(join(ROOT, page), join(PACKAGE, page));
  writeFileSync(join(PACKAGE, "package.json"), `${JSON.stringify(describe(), undefined, 2)}\n`);
}

function translate(): void {
  const project = join(PACKAGE, "tsconfig.json");
  const compilerOptions = {
    noEmit: false,
    declaration: true,
    outDir: PACKAGE,
    rootDir: ROOT,
    rewriteRelativeImportExtensions: true,
  };
  const files = ENTRIES.map((entry) => join(ROOT, entry));
  writeFileSync(project, JSON.stringify({ extends: "../../tsconfig.json", compilerOptions, include: [], files }));
  const { status, stdout, stderr } = spawnSync(join(ROOT, "node_modules/.bin/tsc"), ["-p", project], {
    encoding: "utf8",
  });
  rmSync(project);
  if (status === 0) return;
  console.error(`${stdout}${stderr}Cannot build the package: tsc ended with ${status}`);
  process.exit(1);
}

function describe(): object {
  const manifest = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8")) as Manifest;
  const imported = packagesOf(readdirSync(PACKAGE, { recursive: true, encoding: "utf8" }));
  return {
    ...pick(manifest, (key) => KEYS.includes(key)),
    exports: { ".": { types: "./mod.d.ts", default: "./mod.js" } },
    dependencies: pick(manifest.dependencies, (name) => imported.has(name)),
  };
}

function pick(from: object, wants: (key: string) => boolean): object {
  return Object.fromEntries(Object.entries(from).filter(([key]) => wants(key)));
}

function packagesOf(files: readonly string[]): ReadonlySet<string> {
  const scripts = files.filter((file) => file.endsWith(".js"));
  const imports = scripts.flatMap((file) => scanSource(readFileSync(join(PACKAGE, file), "utf8")).imports);
  return new Set(imports.map(({ specifier }) => /^(@[^/]+\/)?[^/]+/.exec(specifier)![0]));
}

main();
