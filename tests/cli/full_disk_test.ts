import { mkdtempSync, rmSync } from "node:fs";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { PATIENCE_MS } from "../support/wait.ts";

const SOURCE = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url));
const NEEDS_FULL_DEVICE = {
  skip: process.platform === "linux" ? false : "only Linux has a device that is always full",
  timeout: 2 * PATIENCE_MS,
};
const REFUSED = "p2p: cannot write the result to stdout: no space left on device\n";

test("full disk: a result that cannot be written is one line on stderr and exit 1", NEEDS_FULL_DEVICE, async () => {
  for (const words of [["--version"], ["node", "--print-config"]]) {
    const { ended } = start(words, "stdout");
    assertEquals(await ended, { code: 1, text: REFUSED });
  }
});

test("full disk: a node whose log cannot be written runs on until it is told to end", NEEDS_FULL_DEVICE, async () => {
  const folder = mkdtempSync(join(tmpdir(), "p2p-"));
  try {
    const words = ["node", "--network", "regtest", "--no-listen", "--mine", "0.01", "--data-dir", folder];
    const node = start(words, "stderr");
    const { ended } = start(["inspect", "ready", "--wait", "30s", "--data-dir", folder], "neither");
    assertEquals((await ended).code, 0);
    process.kill(node.pid, "SIGTERM");
    assertEquals(await node.ended, { code: 0, text: "" });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What the shell does first: Deno's tests may not touch devices themselves. */
const REDIRECTIONS = { stdout: ">/dev/full", stderr: "2>/dev/full", neither: "" } as const;

/** Starts the program on this runtime with one of its streams on a full device; tells what the other one got. */
function start(words: readonly string[], onFull: keyof typeof REDIRECTIONS) {
  const runtimeArgs = process.versions.deno ? ["run", "-A", "--no-check"] : [];
  const script = `exec "$@" ${REDIRECTIONS[onFull]}`;
  const child = spawn("sh", ["-c", script, "sh", process.execPath, ...runtimeArgs, SOURCE, ...words], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Uint8Array) => text += new TextDecoder().decode(chunk));
  }
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, text }));
  return { pid: child.pid!, ended };
}
