import { spawnSync } from "node:child_process";
import process from "node:process";
import type { Browser } from "playwright-core";
import { END_TO_END, type TestOptions } from "./binary.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
/** 100 MB from a mirror, and unpacking: under a minute usually. */
const INSTALL_TIMEOUT_MS = 240_000;
const TEST_TIMEOUT_MS = 120_000;

/** What a test in a browser passes to test(): skipped, with the reason, where Chromium cannot be had. */
export const NEEDS_CHROMIUM: TestOptions = {
  skip: END_TO_END.skip === false ? install() : END_TO_END.skip,
  timeout: TEST_TIMEOUT_MS,
};

/** A browser that draws nowhere. */
export async function openBrowser(): Promise<Browser> {
  // Where the tests are skipped, nobody needs it, nor may load it.
  const { chromium } = await import("playwright-core");
  // Without its sandbox it also runs where the tests run as root, as in a container.
  return await chromium.launch({ executablePath: find()!, args: ["--no-sandbox"] });
}

/** Installs Debian's package where that is possible, once. False, or why there is none. */
function install(): string | false {
  if (find() !== undefined) return false;
  if (process.getuid?.() !== 0 || spawnSync("apt-get", ["--version"]).status !== 0) {
    return "Chromium is not installed: install the package chromium";
  }
  const options = { encoding: "utf8", timeout: INSTALL_TIMEOUT_MS } as const;
  const { status, stderr, error } = spawnSync(
    "apt-get",
    ["install", "-y", "--no-install-recommends", "chromium"],
    options,
  );
  return status === 0 ? false : `apt-get install chromium: ${error?.message ?? stderr.trim().split("\n").at(-1)}`;
}

function find(): string | undefined {
  for (const name of NAMES) {
    const { status, stdout } = spawnSync("which", [name], { encoding: "utf8" });
    if (status === 0) return stdout.trim();
  }
  return undefined;
}
