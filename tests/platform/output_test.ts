import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { type AfterRefusal, fileOutput } from "../../src/platform/output.ts";

test("output to a file: a log goes on once there is room, and says how many lines were lost", () => {
  const disk = fillableDisk(10);
  const log = disk.open("resume");
  log.describeLoss(({ lines, why }) => `lost ${lines}: ${why}\n`);
  for (const line of ["one\n", "two three\n", "four\nfive\n"]) log.write(line);
  disk.freeBytes = 100;
  log.write("six\n");
  log.write("seven\n");
  assertEquals(disk.text, "one\ntwo th\nlost 3: no space left on device\nsix\nseven\n");
});

test("output to a file: what tells of the loss may be lost, and the count is not", () => {
  const disk = fillableDisk(0);
  const log = disk.open("resume");
  log.describeLoss(({ lines }) => `lost ${lines}\n`);
  log.write("one\n");
  disk.freeBytes = 3;
  log.write("two\n");
  disk.freeBytes = 100;
  log.write("three\n");
  assertEquals(disk.text, "los\nlost 2\nthree\n");
});

test("output to a file: a result ends where it was cut, and says why once", () => {
  const disk = fillableDisk(5);
  const result = disk.open("end");
  const reasons: string[] = [];
  result.onRefused((why) => reasons.push(why));
  for (const line of ["one\n", "two\n", "three\n"]) result.write(line);
  disk.freeBytes = 100;
  result.write("four\n");
  assertEquals(disk.text, "one\nt");
  assertEquals(reasons, ["no space left on device"]);
});

test("output to a file: who listens too late hears of it too", () => {
  const result = fillableDisk(0).open("end");
  result.write("one\n");
  const reasons: string[] = [];
  result.onRefused((why) => reasons.push(why));
  assertEquals(reasons, ["no space left on device"]);
});

/** A file that takes so many bytes, three at a time, until there is more room. */
function fillableDisk(freeBytes: number) {
  const decoder = new TextDecoder();
  const disk = {
    freeBytes,
    text: "",
    open: (afterRefusal: AfterRefusal) => fileOutput(take, afterRefusal),
  };
  function take(bytes: Uint8Array): number {
    if (disk.freeBytes === 0) throw Object.assign(new Error("full"), { code: "ENOSPC" });
    const taken = bytes.subarray(0, Math.min(disk.freeBytes, 3));
    disk.text += decoder.decode(taken);
    disk.freeBytes -= taken.length;
    return taken.length;
  }
  return disk;
}
