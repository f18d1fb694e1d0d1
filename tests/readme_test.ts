import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assert, assertEquals } from "@std/assert";
import { parse } from "smol-toml";
import { describeNetwork } from "../src/protocol/custom_network.ts";
import { testHasher } from "./support/test_hasher.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const MAX_LINES = 20;

/** The first example of the README in a language. */
function example(language: "ts" | "toml"): string {
  const match = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(readFileSync(`${ROOT}README.md`, "utf8"));
  assert(match, "the README has an example");
  return match[1]!;
}

test("README: the library example has at most 20 lines and does what it says", { timeout: 60_000 }, async () => {
  const code = example("ts");
  assert(code.trimEnd().split("\n").length <= MAX_LINES);
  // Inside the project, so that its packages are found.
  mkdirSync(`${ROOT}dist`, { recursive: true });
  const folder = mkdtempSync(`${ROOT}dist/example-`);
  try {
    writeFileSync(`${folder}/example.ts`, code.replace('"p2p"', '"../../mod.ts"'));
    const runtimeFlags = "Deno" in globalThis ? ["run", "-A"] : [];
    const { stdout } = await promisify(execFile)(process.execPath, [...runtimeFlags, `${folder}/example.ts`]);
    assertEquals(stdout.match(/^block \d+/gm), ["block 1", "block 2", "block 3"]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("README: the network of one's own is one", () => {
  const network = describeNetwork(parse(example("toml")), testHasher);
  assertEquals([network.name, network.wire, network.difficulty], ["lab", "native", "none"]);
});
