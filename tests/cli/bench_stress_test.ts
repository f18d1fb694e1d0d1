import { assertEquals } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";

const TRIES = 3;

interface Row {
  readonly name: string;
  readonly connections: number;
  readonly perSecond: number;
  readonly complaints: readonly string[];
  readonly isMemoryJudged?: boolean;
}

/** The rows of a run in short, and its exit code. */
async function stress(duration: string): Promise<{ code: number | null; rows: Row[] }> {
  const { code, stdout } = await run(compiled(), [
    "bench",
    "stress",
    "--peers",
    "20",
    "--duration",
    duration,
    "--json",
  ]);
  return { code, rows: (JSON.parse(stdout) as { rows: Row[] }).rows };
}

siteTest("bench stress: nothing that was said is lost, and nobody", async () => {
  const { code, rows } = await stress("1s");
  assertEquals(rows.map(({ connections }) => connections), [50, 100, 20, 200]);
  assertEquals(rows.flatMap(({ complaints }) => complaints), []);
  // So few connections say nothing of what one takes.
  assertEquals(rows.map(({ isMemoryJudged }) => isMemoryJudged), [false, false, undefined, false]);
  assertEquals(code, 0);
});

siteTest("bench stress: a talk in which nobody had the time to speak proves nothing", async () => {
  let { code, rows } = await stress("1ms");
  // On a busy machine the first beat may come before the word that all is over.
  for (let tries = 1; tries < TRIES && rows[2]!.perSecond > 0; tries++) ({ code, rows } = await stress("1ms"));
  assertEquals(rows.map(({ complaints }) => complaints), [[], [], ["nothing was said: a beat takes 250 ms"], []]);
  assertEquals(code, 1);
});
