import { assertEquals, assertStringIncludes } from "@std/assert";
import { compiled, fromSource } from "../support/binary.ts";
import { type Command, run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";

/** The trace hashes of one run. */
async function traces(command: Command, ...words: readonly string[]): Promise<string[]> {
  const { code, stdout, stderr } = await run(command, ["bench", "sim", "--json", ...words]);
  assertEquals([code, stderr], [0, ""]);
  return [...stdout.matchAll(/"traceHash":\s*"([0-9a-f]{16})"/g)].map(([, hash]) => hash!);
}

siteTest("bench sim: the same seeds are the same story on every runtime", async () => {
  const stories: string[][] = [];
  for (const command of [compiled(), fromSource("bun"), fromSource("deno"), fromSource("node")]) {
    stories.push(await traces(command, "--scenario", "scuffle", "--seeds", "1-2"));
  }
  assertEquals([stories[0]!.length, new Set(stories[0]).size], [2, 2]);
  for (const story of stories) assertEquals(story, stories[0]);
});

siteTest("bench sim: what makes no sense is refused", async () => {
  for (
    const [words, complaint] of [
      [["--scenario", "scuffle", "--faults", "9"], "scuffle plans 3"],
      [["--scenario", "spread", "--faults", "0"], "scenario spread plans none"],
      [["--seeds", "5-1"], "must be a range"],
      [["--seed", "1", "--seeds", "1-2"], "--seed"],
      [["--scenario", "skuffle"], "scuffle"],
    ] as const
  ) {
    const { code, stderr } = await run(compiled(), ["bench", "sim", ...words]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, complaint);
  }
});
