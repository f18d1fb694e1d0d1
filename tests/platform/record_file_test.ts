import { test } from "node:test";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { openRecordFile, type RecordFileOptions } from "../../src/platform/record_file.ts";
import { LocalError } from "../../src/protocol/errors.ts";

const HEAD = text("head ");

function text(content: string): Uint8Array {
  return new TextEncoder().encode(content);
}

/** A folder that lives as long as the test. */
async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "p2p-"));
  try {
    await act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function options(folder: string, others: Partial<RecordFileOptions> = {}): RecordFileOptions {
  const path = join(folder, "net.pcapng");
  return { path, head: HEAD, maxFileBytes: 1_000, maxFiles: 3, maxWaitingBytes: 1_000, ...others };
}

function read(folder: string, name: string): string {
  return readFileSync(join(folder, name), "utf8");
}

test("record file: has the head, every record in order, and the last words", async () => {
  await inFolder(async (folder) => {
    const file = await openRecordFile(options(folder));
    for (let i = 0; i < 10; i++) assertEquals(file.append(text(`${i} `)), true);
    await file.close(text("end"));
    assertEquals(read(folder, "net.pcapng"), "head 0 1 2 3 4 5 6 7 8 9 end");
    assertEquals(file.append(text("late")), false);
    await file.close();
  });
});

test("record file: a full file is put aside, each begins with the head, the oldest leaves", async () => {
  await inFolder(async (folder) => {
    const file = await openRecordFile(options(folder, { maxFileBytes: 10 }));
    for (const record of ["aaaaa", "bbbbb", "ccccc", "ddddd", "eeeee"]) file.append(text(record));
    await file.close();
    assertEquals(readdirSync(folder).sort(), ["net.1.pcapng", "net.2.pcapng", "net.pcapng"]);
    const contents = ["net.2.pcapng", "net.1.pcapng", "net.pcapng"].map((name) => read(folder, name));
    assertEquals(contents, ["head ccccc", "head ddddd", "head eeeee"]);
  });
});

test("record file: a record larger than a file has one for itself", async () => {
  await inFolder(async (folder) => {
    const file = await openRecordFile(options(folder, { maxFileBytes: 10, maxFiles: 9 }));
    for (const record of ["a", "b".repeat(50), "c"]) file.append(text(record));
    await file.close();
    assertEquals(read(folder, "net.1.pcapng"), `head ${"b".repeat(50)}`);
    assertEquals(read(folder, "net.pcapng"), "head c");
  });
});

test("record file: what an earlier run left is put aside, and not written over", async () => {
  await inFolder(async (folder) => {
    writeFileSync(join(folder, "net.pcapng"), "earlier");
    await (await openRecordFile(options(folder))).close();
    assertEquals(read(folder, "net.1.pcapng"), "earlier");
    await (await openRecordFile(options(folder, { maxFiles: 1 }))).close();
    assertEquals(read(folder, "net.1.pcapng"), "earlier");
  });
});

test("record file: who appends faster than the disk writes is told so, and the file goes on afterwards", async () => {
  await inFolder(async (folder) => {
    const file = await openRecordFile(options(folder, { maxWaitingBytes: 25 }));
    const kept = Array.from({ length: 10 }, (_, i) => file.append(text(`${i}${i}${i}${i}`)));
    assertEquals(kept, [true, true, true, true, true, false, false, false, false, false]);
    await file.close(text("end"));
    assertEquals(read(folder, "net.pcapng"), "head 00001111222233334444end");
  });
});

/** Linux has a disk that is always full. Deno's permissions of the tests do not reach there. */
const FULL_DISK = process.versions["deno"] === undefined && existsSync("/dev/full");

test("record file: a full disk ends the file and nothing else", { skip: !FULL_DISK }, async () => {
  const file = await openRecordFile(options("", { path: "/dev/full" }));
  file.append(text("a"));
  const failure = await file.failed;
  assertEquals(failure.code, "store-full");
  assertStringIncludes(failure.message, "no space left");
  assertEquals([file.append(text("b")), file.lost], [false, 1]);
  await file.close(text("end"));
});

test("record file: a place that cannot be written to is refused at once", async () => {
  await inFolder(async (folder) => {
    const error = await assertRejects(() => openRecordFile(options(join(folder, "missing"))), LocalError);
    assertStringIncludes(error.message, "missing/net.pcapng: no such file");
  });
});
