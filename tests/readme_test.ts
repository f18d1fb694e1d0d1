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
const PATIENCE_MS = 45_000;

/** The first example of a page in a language. */
function example(language: "ts" | "toml", page = "README.md"): string {
  const match = new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, "s").exec(readFileSync(`${ROOT}${page}`, "utf8"));
  assert(match, `${page} has an example`);
  return match[1]!;
}

/** What a program prints that stands on a page. */
async function outputOf(code: string): Promise<string> {
  // Inside the project, so that its packages are found.
  mkdirSync(`${ROOT}dist`, { recursive: true });
  const folder = mkdtempSync(`${ROOT}dist/example-`);
  try {
    writeFileSync(`${folder}/example.ts`, code.replace('"p2p"', '"../../mod.ts"'));
    const runtimeFlags = "Deno" in globalThis ? ["run", "-A"] : [];
    const args = [...runtimeFlags, `${folder}/example.ts`];
    return (await promisify(execFile)(process.execPath, args, { timeout: PATIENCE_MS })).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test("README: the library example has at most 20 lines and does what it says", { timeout: 60_000 }, async () => {
  const code = example("ts");
  assert(code.trimEnd().split("\n").length <= MAX_LINES);
  assertEquals((await outputOf(code)).match(/^block \d+/gm), ["block 1", "block 2", "block 3"]);
});

test("applications: the example does what the page says", { timeout: 60_000 }, async () => {
  const output = await outputOf(example("ts", "docs/applications.md"));
  assertEquals(output.match(/^(answer|topic|bytes) .*/gm), [
    "answer HELLO",
    "topic good morning",
    "bytes just for you",
  ]);
});

test("README: the network of one's own is one", () => {
  const network = describeNetwork(parse(example("toml")), testHasher);
  assertEquals([network.name, network.wire, network.difficulty], ["lab", "native", "none"]);
});
