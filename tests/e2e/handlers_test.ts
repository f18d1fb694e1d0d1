import { readFileSync } from "node:fs";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { Program, run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";
import { poll } from "../support/wait.ts";

/** Writes a line for each event. */
function handlerOf(out: string): string {
  return `
    import { appendFileSync } from "node:fs";
    type Item = { readonly type: string; readonly event: { readonly height: number } };
    export function handle({ type, event }: Item): void {
      appendFileSync(${JSON.stringify(out)}, type + " " + event.height + "\\n");
    }
  `;
}

siteTest("handlers: a file of one's own hears of blocks in a thread of the executable", async (site) => {
  const out = site.file("heard.txt", "");
  const handler = site.file("handler.ts", handlerOf(out));
  await site.node({ args: ["--mine", "0.2", "--on", `block:connected+chain:tip=${handler}`] });
  const heard = await poll(
    "events in the handler's file",
    () => Promise.resolve(readFileSync(out, "utf8").split("\n")),
    (lines) => lines.includes("chain:tip 2"),
  );
  assertEquals(heard.slice(0, 4), ["block:connected 1", "chain:tip 1", "block:connected 2", "chain:tip 2"]);
});

siteTest("handlers: a node whose handler never finishes loading ends at once where it is asked to", async (site) => {
  const began = site.file("began.txt", "");
  const endings = ["while (true);", "await new Promise(() => {});"];
  for (const [index, ending] of endings.entries()) {
    const body = `import { appendFileSync } from "node:fs"; appendFileSync(${JSON.stringify(began)}, "+"); ${ending}`;
    const handler = site.file(`endless${index}.ts`, `${body} export function handle() {}`);
    const args = ["node", "--no-listen", "--no-discover", "--network", "regtest", "--data-dir", site.directory()];
    const program = new Program(compiled(), [...args, "--on", `chain:tip=${handler}`]);
    site.onEnd(() => program.cleanUp());
    await poll("its module", () => Promise.resolve(readFileSync(began, "utf8").length), (count) => count > index);
    // Throws where it is not over after a few seconds.
    assertEquals(await program.end("SIGINT"), { code: 130, signal: null }, program.tail());
  }
});

siteTest("handlers: an event that is none, or a file that cannot be run, ends the node in words", async (site) => {
  const cases: readonly (readonly [on: string, complaint: RegExp])[] = [
    ["chain:top=./x.ts", /--on.*no event chain:top.*chain:tip/],
    ["chain:tip", /--on.*must read EVENT\+…=FILE/],
    ["chain:tip=./no_such_file.ts", /no_such_file\.ts/],
    [`chain:tip=${site.file("empty.ts", "export const x = 1;")}`, /does not export a function named handle/],
  ];
  for (const [on, complaint] of cases) {
    const args = ["node", "--no-listen", "--no-discover", "--network", "regtest", "--data-dir", site.directory()];
    const { code, stderr } = await run(compiled(), [...args, "--on", on]);
    assertMatch(stderr, complaint);
    assertEquals(code, 2, stderr);
    assert(!stderr.includes("    at ") && !stderr.includes("notify_worker"), stderr);
  }
});
