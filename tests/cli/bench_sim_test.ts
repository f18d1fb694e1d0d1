import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { compiled, fromSource } from "../support/binary.ts";
import { plantMistake } from "../support/mutants.ts";
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

siteTest(
  "bench sim: a failure is told with the least that it takes, and the command that does it again",
  async (site) => {
    const folder = plantMistake({
      name: "a message that arrives counts as two",
      file: "peer/local_peer.ts",
      from: "(this.messagesIn[message.type] ?? 0) + 1;",
      to: "(this.messagesIn[message.type] ?? 0) + 2;",
    });
    site.onEnd(() => rmSync(dirname(folder), { recursive: true }));
    const broken = { ...fromSource("bun"), args: [join(folder, "cli/main.ts")] };
    const all = await run(broken, ["bench", "sim", "--scenario", "scuffle", "--seeds", "1-2"]);
    assertEquals([all.code, all.stdout], [1, "2 seeds, 2 broken\n"], all.stderr);
    const [, failure, replay] = /^seed 2: (.*)\n {2}replay: p2p (.*)$/m.exec(all.stderr)!;
    assertStringIncludes(failure!, "counts-agree is broken");
    // It takes no fault, and nobody but the two ends.
    assertEquals(replay, "bench sim --scenario scuffle --nodes 2 --seed 2 --faults none");
    const again = await run(broken, replay!.split(" "));
    assertEquals(again.code, 1);
    assertStringIncludes(again.stderr, "counts-agree is broken");
    assertEquals((await run(compiled(), replay!.split(" "))).code, 0);
  },
);

siteTest("bench sim: what makes no sense is refused", async () => {
  for (
    const [words, complaint] of [
      [["--scenario", "scuffle", "--faults", "9"], "scuffle plans 3"],
      [["--scenario", "spread", "--faults", "0"], "scenario spread plans none"],
      [["--seeds", "5-1"], "--seeds: must be a range with its lower end first (1-5)"],
      [["--seed", "1", "--seeds", "1-2"], "--seed"],
      [["--scenario", "skuffle"], "scuffle"],
    ] as const
  ) {
    const { code, stderr } = await run(compiled(), ["bench", "sim", ...words]);
    assertEquals(code, 2);
    assertStringIncludes(stderr, complaint);
  }
});
