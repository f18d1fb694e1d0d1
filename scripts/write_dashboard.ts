// Builds the dashboard from src/dashboard into one module that the control API serves: src/control/generated. It is not
// in git: setup and compile write it whenever it is older than what it is made of.
// Usage: node scripts/write_dashboard.ts

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const SOURCE = join(ROOT, "src/dashboard");
const TARGET = join(ROOT, "src/control/generated/dashboard_page.ts");
const CHART_STYLE = join(ROOT, "node_modules/uplot/dist/uPlot.min.css");

function main(): void {
  if (!isStale()) return;
  // Placed by functions: a replacement text would have its dollar signs read.
  const style = readFileSync(CHART_STYLE, "utf8") + readFileSync(join(SOURCE, "style.css"), "utf8");
  const script = bundle().replaceAll("</script", "<\\/script");
  const page = readFileSync(join(SOURCE, "page.html"), "utf8")
    .replace("/*style*/", () => style)
    .replace("/*script*/", () => script);
  mkdirSync(join(TARGET, ".."), { recursive: true });
  // Beside it and renamed, so that nobody reads half of it.
  const fresh = `${TARGET}.${process.pid}`;
  writeFileSync(fresh, moduleText(page, policyFor(style, script)));
  renameSync(fresh, TARGET);
}

/** The program of the page with its libraries, for browsers. */
function bundle(): string {
  const bun = join(ROOT, "node_modules/bun/bin/bun.exe"); // that is its name on every platform
  const args = ["build", "--minify", "--target=browser", "--format=iife", join(SOURCE, "main.ts")];
  const { status, stdout, stderr, error } = spawnSync(bun, args, { cwd: ROOT, encoding: "utf8" });
  if (status === 0) return stdout;
  console.error(`${stdout ?? ""}${stderr ?? ""}${error?.message ?? ""}`);
  console.error(`Cannot build the dashboard: bun build ended with ${status}`);
  process.exit(1);
}

/** The page runs its own script and asks its own node: nothing else is fetched, run, sent or framed. */
function policyFor(style: string, script: string): string {
  return [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function moduleText(page: string, policy: string): string {
  return `// Written by scripts/write_dashboard.ts.
/** The dashboard in one piece. */
export const DASHBOARD_PAGE: string = ${JSON.stringify(page)};
/** What a browser may do on its behalf. */
export const DASHBOARD_POLICY: string = ${JSON.stringify(policy)};
`;
}

function isStale(): boolean {
  if (!existsSync(TARGET)) return true;
  const writtenAt = statSync(TARGET).mtimeMs;
  const sources = readdirSync(SOURCE).map((name) => join(SOURCE, name));
  return [...sources, CHART_STYLE, join(ROOT, "package-lock.json"), fileURLToPath(import.meta.url)]
    .some((path) => statSync(path).mtimeMs > writtenAt);
}

main();
