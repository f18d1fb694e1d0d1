import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { removeFile } from "../../src/platform/files.ts";
import { LocalError } from "../../src/protocol/errors.ts";

test("a file is removed, and none is no error; a pipe, a device or a folder stays", () => {
  const folder = mkdtempSync(join(tmpdir(), "p2p-"));
  try {
    const file = join(folder, "file");
    writeFileSync(file, "text");
    for (let i = 0; i < 2; i++) removeFile(file);
    assertEquals(existsSync(file), false);
    const pipe = join(folder, "pipe");
    spawnSync("mkfifo", [pipe]);
    for (const path of [pipe, folder]) {
      assertThrows(() => removeFile(path), LocalError, `Cannot remove ${path}: it is no regular file`);
      assert(existsSync(path), path);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
