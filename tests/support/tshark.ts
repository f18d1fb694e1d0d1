import { spawnSync } from "node:child_process";
import process from "node:process";
import { END_TO_END, type TestOptions } from "./binary.ts";
import { run } from "./program.ts";

const COMMAND = { file: "tshark", args: [] };
/** Fetches some fifty packages: half a minute, more with a slow network. */
const INSTALL_TIMEOUT_MS = 180_000;
const TEST_TIMEOUT_MS = 120_000;
/** It takes apart some megabytes a second. */
const READ_TIMEOUT_MS = 60_000;

/** What a test against tshark passes to test(): skipped, with the reason, where it cannot be had. */
export const NEEDS_TSHARK: TestOptions = {
  skip: END_TO_END.skip === false ? install() : END_TO_END.skip,
  timeout: TEST_TIMEOUT_MS,
};

/** Installs Debian's package where we may, once. False, or why there is none. */
function install(): string | false {
  if (isThere()) return false;
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) {
    return "tshark is not installed, and cannot be from here: apt-get install tshark";
  }
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  for (const args of [["update"], ["install", "--yes", "--no-install-recommends", "tshark"]]) {
    const { status, stderr, error } = spawnSync("apt-get", args, {
      env,
      encoding: "utf8",
      timeout: INSTALL_TIMEOUT_MS,
    });
    if (status !== 0) return `apt-get ${args[0]}: ${error?.message ?? stderr.trim().split("\n").at(-1)}`;
  }
  return isThere() ? false : "tshark was installed and does not start";
}

function isThere(): boolean {
  return spawnSync("tshark", ["--version"]).status === 0;
}

/** What tshark says of each packet that `filter` lets through: these fields, each of which may come many times. */
export async function readFields(
  path: string,
  fields: readonly string[],
  filter = "",
): Promise<readonly Readonly<Record<string, readonly string[]>>[]> {
  const wanted = fields.flatMap((field) => ["-e", field]);
  const stdout = await tshark([
    "-r",
    path,
    "-Y",
    filter,
    "-T",
    "fields",
    "-E",
    "separator=/t",
    "-E",
    "occurrence=a",
    ...wanted,
  ]);
  return stdout.split("\n").slice(0, -1).map((line) => {
    const values = line.split("\t");
    return Object.fromEntries(fields.map((field, i) => [field, values[i] === "" ? [] : values[i]!.split(",")]));
  });
}

async function tshark(args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await run(COMMAND, args, { timeoutMs: READ_TIMEOUT_MS });
  if (code !== 0) throw new Error(`tshark: exit ${code}: ${stderr}`);
  return stdout;
}
