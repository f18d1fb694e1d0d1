// Runs every check and the tests on every runtime, one line each, then says yes or no and how many tests passed.
// Usage: scripts/ok [--fast]

import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A step that takes longer hangs: the slowest, all tests on Deno or Node, takes four minutes on two busy cores. */
const STEP_TIMEOUT_MS = 11 * 60_000;

const INTERRUPTIONS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** How a runtime reports its tests. Each pattern captures a count; the last match in the output is the sum. */
interface TestReport {
  readonly passed: RegExp;
  readonly failed: RegExp;
  readonly skipped: RegExp;
  /** The lines about tests that passed, which only hide the others. */
  readonly noise: RegExp;
}

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly report?: TestReport;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Left out by --fast. */
  readonly isSlow?: boolean;
}

/** Whole nodes against whole nodes, ours and others': what must also hold where connections are in threads. */
const WITH_WORKERS: readonly string[] = ["tests/e2e", "tests/interop"];

/**
 * Left out of those for their time, although they pass: what they try is the main thread's with workers and without.
 * The store under 200 kills takes 45 s, the dashboard in its browser 15 s, and all the others together 95 s on two busy cores.
 */
const WITHOUT_WORKERS: readonly string[] = ["tests/e2e/torture_test.ts", "tests/e2e/dashboard_test.ts"];

/** Two cores are the least; many tests of whole programs wait most of the time. */
const FILES_AT_ONCE = "--test-concurrency=2";

const NODE_REPORT = {
  passed: /^ℹ pass (\d+)/gm,
  failed: /^ℹ fail (\d+)/gm,
  skipped: /^ℹ skipped (\d+)/gm,
  noise: /^ *✔ .*\n/gm,
};

const STEPS: readonly Step[] = [
  { name: "format", command: ["deno", "fmt", "--check"] },
  { name: "lint", command: ["deno", "lint"] },
  { name: "types", command: ["tsc"] },
  { name: "types, browser", command: ["tsc", "-p", "src/dashboard"] },
  // The dashboard is a browser's, which Deno's checker takes nothing from.
  {
    name: "types on Deno",
    command: ["deno", "check", "mod.ts", "src/cli/main.ts", "tests", "bench", "scripts"],
    isSlow: true,
  },
  { name: "layers", command: ["node", "scripts/check_layers.ts"] },
  { name: "limits page", command: ["node", "scripts/write_limits.ts", "--check"] },
  { name: "compile", command: ["node", "scripts/compile.ts"] },
  {
    name: "tests on Node",
    command: ["node", "--test", FILES_AT_ONCE],
    report: NODE_REPORT,
  },
  {
    name: "with workers",
    command: ["node", "--test", FILES_AT_ONCE, ...WITH_WORKERS.flatMap(testsIn)],
    env: { P2P_WORKERS: "2" },
    report: NODE_REPORT,
    isSlow: true,
  },
  {
    name: "tests on Bun",
    // Its own limit for a test is 5 s, which a busy machine may take for one that usually takes a tenth of it.
    command: ["bun", "test", "--timeout", "30000"],
    report: {
      passed: /^ *(\d+) pass$/gm,
      failed: /^ *(\d+) fail$/gm,
      skipped: /^ *(\d+) skip$/gm,
      noise: /^\(pass\) .*\n/gm,
    },
    isSlow: true,
  },
  {
    name: "tests on Deno",
    // The types were checked above.
    command: ["deno", "test", "-P", "--no-check", "--parallel"],
    env: { DENO_JOBS: "2" },
    report: {
      passed: /^(?:ok|FAILED) \| (\d+) passed/gm,
      failed: /^(?:ok|FAILED) \| .*?(\d+) failed/gm,
      skipped: /^(?:ok|FAILED) \| .*?(\d+) ignored/gm,
      noise: /^ *.* \.\.\. ok \(.*\n/gm,
    },
    isSlow: true,
  },
];

function testsIn(folder: string): string[] {
  const names = readdirSync(fileURLToPath(new URL(`../${folder}`, import.meta.url)));
  const files = names.filter((name) => name.endsWith("_test.ts")).map((name) => `${folder}/${name}`);
  return files.filter((file) => !WITHOUT_WORKERS.includes(file));
}

interface Outcome {
  readonly isOk: boolean;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  readonly output: string;
}

async function main(): Promise<void> {
  const steps = process.argv.includes("--fast") ? STEPS.filter(({ isSlow }) => !isSlow) : STEPS;
  const outcomes: Outcome[] = [];
  for (const step of steps) {
    const startedAt = performance.now();
    const outcome = await run(step);
    outcomes.push(outcome);
    console.log(describe(step, outcome, performance.now() - startedAt));
  }
  const isOk = outcomes.every((outcome) => outcome.isOk);
  console.log(`\nok: ${isOk ? "yes" : "no"}`);
  console.log(`${sum(outcomes, "passed")} passed, ${sum(outcomes, "failed")} failed`);
  process.exitCode = isOk ? 0 : 1;
}

async function run({ command, env, report }: Step): Promise<Outcome> {
  const { code, output } = await capture(command, env);
  if (report === undefined) return { isOk: code === 0, passed: 0, failed: code === 0 ? 0 : 1, skipped: 0, output };
  const [passed, skipped] = [count(output, report.passed), count(output, report.skipped)];
  // A runtime that dies before it counts has failed at least once, and one that finds no test has not succeeded.
  const isOk = code === 0 && passed > 0;
  return { isOk, passed, skipped, failed: isOk ? 0 : Math.max(1, count(output, report.failed)), output };
}

interface Ending {
  readonly code: number | null;
  readonly output: string;
}

function capture([file, ...args]: readonly string[], env: Step["env"]): Promise<Ending> {
  const { promise, resolve } = Promise.withResolvers<Ending>();
  const child = spawn(file as string, args, {
    cwd: fileURLToPath(new URL("..", import.meta.url)),
    // The temporary folder is the one that deno.json lets the tests write to.
    env: { ...process.env, TMPDIR: "/tmp", NO_COLOR: "1", FORCE_COLOR: undefined, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true, // a group of its own, so that what a test started ends with it
  });
  let output = "";

  function end(reason: string): void {
    output += `\nEnded: ${reason}\n`;
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  }

  function interrupt(signal: NodeJS.Signals): void {
    end(signal);
    process.exit(1);
  }

  const timer = setTimeout(end, STEP_TIMEOUT_MS, `a step may take ${STEP_TIMEOUT_MS / 60_000} min`);
  for (const signal of INTERRUPTIONS) process.once(signal, interrupt);
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => output += text);
  }
  child.on("error", (error) => output += `${error.message}\n`);
  child.on("close", (code) => {
    clearTimeout(timer);
    for (const signal of INTERRUPTIONS) process.removeListener(signal, interrupt);
    resolve({ code, output });
  });
  return promise;
}

function count(output: string, pattern: RegExp): number {
  return Number([...output.matchAll(pattern)].at(-1)?.[1] ?? 0);
}

function describe({ name, report }: Step, { isOk, passed, failed, skipped, output }: Outcome, ms: number): string {
  const counts = report ? `${passed} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ""}` : "";
  const line = `${isOk ? "yes" : "NO "}  ${name.padEnd(14)} ${(ms / 1000).toFixed(1).padStart(6)} s  ${counts}`
    .trimEnd();
  if (isOk) return line;
  const told = report ? output.replace(report.noise, "") : output;
  return `${line}\n${told.trimEnd().replace(/^/gm, "     ")}`;
}

function sum(outcomes: readonly Outcome[], field: "passed" | "failed"): number {
  return outcomes.reduce((total, outcome) => total + outcome[field], 0);
}

await main();
