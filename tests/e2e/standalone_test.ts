import { test } from "node:test";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals } from "@std/assert";
import { BINARY, NEEDS_BINARY } from "../support/binary.ts";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

test("the executable: runs alone, away from the project and its packages", NEEDS_BINARY, () => {
  inEmptyFolder((folder) => {
    const copy = join(folder, "copy");
    copyFileSync(BINARY, copy);
    const { status, stdout } = spawnSync(copy, ["--version"], { cwd: folder, encoding: "utf8" });
    assertEquals([status, stdout.split("\n")[0]], [0, `p2p ${version}`]);
  });
});

test("the executable: does not obey a bunfig.toml or .env of the folder it is started in", NEEDS_BINARY, () => {
  inEmptyFolder((folder) => {
    writeFileSync(join(folder, "bunfig.toml"), `preload = ["./preload.ts"]\n`);
    writeFileSync(join(folder, "preload.ts"), `console.log("preloaded");\n`);
    writeFileSync(join(folder, ".env"), `P2P_NETWORK=nowhere\nBUN_OPTIONS=--preload=./preload.ts\n`);
    const { status, stdout } = spawnSync(BINARY, ["--version"], { cwd: folder, encoding: "utf8" });
    assertEquals([status, stdout.split("\n")[0]], [0, `p2p ${version}`]);
  });
});

function inEmptyFolder(act: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "p2p-standalone-"));
  try {
    act(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
