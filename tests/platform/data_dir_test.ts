import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { openDataDir } from "../../src/platform/data_dir.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { type Child, startChild } from "./children.ts";
import { UNWRITABLE, withDirectory } from "./store_fixture.ts";

async function answers(children: readonly Child[]): Promise<string[]> {
  return (await Promise.all(children.map((child) => child.line()))).map((line) => line ?? "(gone)");
}

/** Children that wait for commands about one directory; killed at the end. */
async function withChildren(
  count: number,
  work: (path: string, children: readonly Child[]) => Promise<void>,
): Promise<void> {
  await withDirectory(async (directory) => {
    const path = join(directory, "data");
    const children = Array.from({ length: count }, () => startChild("data_dir_child.ts", [path]));
    try {
      assertEquals(new Set(await answers(children)), new Set(["ready"]));
      await work(path, children);
    } finally {
      await Promise.all(children.map((child) => child.kill()));
    }
  });
}

test("data directory: it is made, for its owner only, and can be taken again once closed", () =>
  withDirectory((directory) => {
    const path = join(directory, "a", "b");
    const first = openDataDir(path);
    assertEquals(first.path, path);
    if (process.platform !== "win32") assertEquals(statSync(path).mode & 0o777, 0o700);
    first.close();
    first.close();
    const second = openDataDir(path);
    first.close();
    assert(assertThrows(() => openDataDir(path), LocalError).code === "store-locked", "an old handle let others in");
    second[Symbol.dispose]();
    openDataDir(path).close();
  }));

test("data directory: a second taker is told who holds it", () =>
  withDirectory((directory) => {
    const first = openDataDir(directory);
    const error = assertThrows(() => openDataDir(directory), LocalError);
    assertEquals(error.code, "store-locked");
    assertEquals(
      error.message,
      `Cannot use ${directory}: in use by process ${process.pid} (p2p node); stop it or choose another --data-dir`,
    );
    first.close();
  }));

test("data directory: of processes that want it at once exactly one gets it", () =>
  withChildren(4, async (path, children) => {
    for (let round = 0; round < 12; round++) {
      for (const child of children) child.send("take");
      const results = await answers(children);
      const winners = children.filter((_, i) => results[i] === "won");
      assertEquals(winners.length, 1, `round ${round}: ${results.join("; ")}`);
      for (const result of results) {
        assertMatch(result, /^won$|^store-locked Cannot use .*: in use by (another )?process/);
      }

      const late = assertThrows(() => openDataDir(path), LocalError);
      assertStringIncludes(late.message, `in use by process ${winners[0]!.pid} (p2p node)`);

      for (const child of children) child.send("release");
      assertEquals(new Set(await answers(children)), new Set(["released"]));
    }
  }));

test("data directory: what a killed process held is free at once, whatever it left behind", () =>
  withChildren(1, async (path, [child]) => {
    child!.send("take");
    assertEquals(await child!.line(), "won");
    await child!.kill();
    assertEquals(readFileSync(join(path, "lock.pid"), "utf8"), `${child!.pid}\n`);
    // As if the id had been given to another process since: it says nothing about the lock.
    writeFileSync(join(path, "lock.pid"), `${process.ppid}\n`);
    const next = openDataDir(path);
    assertEquals(readFileSync(join(path, "lock.pid"), "utf8"), `${process.pid}\n`);
    next.close();
    assertEquals(readdirSync(path), ["lock.db"]);
  }));

test("data directory: a holder that has not written its id, or wrote nonsense, is another process", () =>
  withDirectory((directory) => {
    const first = openDataDir(directory);
    for (const text of ["", "12", "-1\n", "2147483647\n", "99999999999\n", "x\n"]) {
      writeFileSync(join(directory, "lock.pid"), text);
      assertThrows(() => openDataDir(directory), LocalError, "in use by another process; stop it");
    }
    first.close();
  }));

test("data directory: a path that cannot be one is refused", () =>
  withDirectory((directory) => {
    const file = join(directory, "file");
    writeFileSync(file, "");
    const unwritable = UNWRITABLE.flatMap((parent) => [join(parent, "data"), join(parent, "more", "data")]);
    for (const path of [file, join(file, "below"), ...unwritable]) {
      const error = assertThrows(() => openDataDir(path), LocalError, `Cannot use ${path} as the data directory: `);
      assertEquals(error.code, "bad-file");
    }
    const { message } = assertThrows(() => openDataDir(file), LocalError);
    assertEquals(message, `Cannot use ${file} as the data directory: it is not a directory`);
  }));

test(
  "data directory: one that its user cannot write to is refused",
  { skip: process.getuid?.() === 0 },
  () =>
    withDirectory((directory) => {
      chmodSync(directory, 0o500);
      const error = assertThrows(() => openDataDir(directory), LocalError, `Cannot use ${directory}: `);
      assertEquals(error.code, "bad-file");
    }),
);
