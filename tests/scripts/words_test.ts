import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assertEquals } from "@std/assert";
import { run } from "../support/program.ts";

const TORTURE = fileURLToPath(new URL("../../scripts/torture.ts", import.meta.url));
const ARGS = "Deno" in globalThis ? ["run", "-A", "--node-modules-dir=manual", TORTURE] : [TORTURE];

test("scripts: words that make no sense are refused in a line, with the usage", { timeout: 60_000 }, async () => {
  const cases: readonly (readonly [words: readonly string[], complaint: RegExp])[] = [
    [["--kils", "5"], /--kils/],
    [["--kills"], /--kills/],
    [["--kills", "many"], /^--kills, --seed and --parallel take whole numbers above 0$/],
    [["--sources", "/nowhere"], /^--sources takes a copy of src: there is no cli\/main.ts in \/nowhere$/],
  ];
  for (const [words, complaint] of cases) {
    const { code, stdout, stderr } = await run({ file: process.execPath, args: ARGS }, words);
    const [what = "", usage = "", ...rest] = stderr.split("\n");
    assertEquals([code, stdout, rest], [2, "", [""]], stderr);
    assertEquals([complaint.test(what), usage.startsWith("usage: node scripts/torture.ts")], [true, true], stderr);
  }
});
