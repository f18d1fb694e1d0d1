import { assertEquals } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";

interface Row {
  readonly name: string;
  readonly connections: number;
  readonly perSecond: number;
  readonly complaints: readonly string[];
}

siteTest("bench stress: nothing that was said is lost, and nobody", async () => {
  const words = ["bench", "stress", "--peers", "20", "--duration", "1s", "--json"];
  const { stdout } = await run(compiled(), words);
  const { rows } = JSON.parse(stdout) as { rows: Row[] };
  assertEquals(rows.map(({ connections }) => connections), [50, 100, 20, 200]);
  // How much memory a process takes is the system's business too, and a loaded one's more than ours.
  const complaints = rows.flatMap(({ complaints }) => complaints).filter((text) =>
    !/memory grew|KiB for each/.test(text)
  );
  assertEquals(complaints, []);
});
