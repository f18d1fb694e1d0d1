// Builds the standalone executable with Bun: dist/p2p for this machine, or one a platform with their checksums.
// Usage: node scripts/compile.ts [--all] [--force]

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const DIST = join(ROOT, "dist");
const ENTRY = "src/cli/main.ts";

/** Bun's name of the platform, and the file for it. Bun fetches a platform's runtime from the npm registry. */
const TARGETS: readonly (readonly [target: string, file: string])[] = [
  ["bun-linux-x64", "p2p-linux-x64"],
  ["bun-linux-arm64", "p2p-linux-arm64"],
  ["bun-darwin-x64", "p2p-macos-x64"],
  ["bun-darwin-arm64", "p2p-macos-arm64"],
  ["bun-windows-x64", "p2p-windows-x64.exe"],
];

const FLAGS: readonly string[] = [
  "--compile",
  "--minify",
  "--bytecode",
  "--format=esm",
  // Else the executable would obey the settings files of whatever folder it is started in.
  "--no-compile-autoload-bunfig",
  "--no-compile-autoload-dotenv",
  "--define",
  'process.env.NODE_ENV="production"',
  // Fixes the place of the workers in the executable: the root URL, then the path below src, ending in .js.
  "--root=src",
];

/** Whatever of these is newer than the executable makes it stale. */
const INPUTS: readonly string[] = ["src", "package.json", "package-lock.json", "scripts/compile.ts"];

function main(): void {
  const options = process.argv.slice(2);
  const host = join(DIST, process.platform === "win32" ? "p2p.exe" : "p2p");
  mkdirSync(DIST, { recursive: true });
  writeDashboard();
  if (options.includes("--all")) {
    for (const [target, file] of TARGETS) compile(join(DIST, file), [`--target=${target}`]);
    writeChecksums();
  } else if (options.includes("--force") || isStale(host)) {
    compile(host, []);
  }
}

/** The page that the control API serves is a module that is built, too. */
function writeDashboard(): void {
  const { status } = spawnSync(process.execPath, [join(ROOT, "scripts/write_dashboard.ts")], { stdio: "inherit" });
  if (status !== 0) process.exit(1);
}

/** Builds beside the file and renames, so that a process which runs the old one lives on. */
function compile(file: string, target: readonly string[]): void {
  // With its ending kept: Bun adds .exe to what has none, where the target is Windows.
  const fresh = join(DIST, `building-${process.pid}-${basename(file)}`);
  const bun = join(ROOT, "node_modules/bun/bin/bun.exe"); // that is its name on every platform
  const args = ["build", ...FLAGS, ...target, `--outfile=${fresh}`, ENTRY, ...listWorkers()];
  const { status, stdout, stderr, error } = spawnSync(bun, args, { cwd: ROOT, encoding: "utf8" });
  if (status !== 0) {
    rmSync(fresh, { force: true });
    console.error(`${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`);
    console.error(`Cannot compile ${basename(file)}: bun build ended with ${status}`);
    process.exit(1);
  }
  renameSync(fresh, file);
  console.log(`${basename(file)}: ${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`);
}

/** Bun finds no worker by itself: each is an entry of its own. */
function listWorkers(): string[] {
  return listFiles("src").filter((path) => /(?:^|[/_])worker\.ts$/.test(path));
}

/** In the format that `sha256sum --check` reads. */
function writeChecksums(): void {
  const lines = TARGETS.map(([, file]) => {
    const hash = createHash("sha256").update(readFileSync(join(DIST, file))).digest("hex");
    return `${hash}  ${file}\n`;
  });
  writeFileSync(join(DIST, "SHA256SUMS"), lines.join(""));
}

function isStale(file: string): boolean {
  if (!existsSync(file)) return true;
  const builtAt = statSync(file).mtimeMs;
  return INPUTS.flatMap(listFiles).some((path) => statSync(join(ROOT, path)).mtimeMs > builtAt);
}

/** The file itself, or every file below the folder; from the root of the project, with forward slashes. */
function listFiles(path: string): string[] {
  if (!statSync(join(ROOT, path)).isDirectory()) return [path];
  return readdirSync(join(ROOT, path), { withFileTypes: true })
    .flatMap((entry) => entry.isDirectory() ? listFiles(`${path}/${entry.name}`) : [`${path}/${entry.name}`]);
}

main();
