import { test } from "node:test";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { changesBetween } from "../../src/platform/screen.ts";
import { ON_TERMINAL, Pty } from "../support/pty.ts";

const ENTER = "\x1b[?1049h";
const LEAVE = "\x1b[?1049l";
const SHOW_CURSOR = "\x1b[?25h";
const CHILD = fileURLToPath(new URL("screen_child.ts", import.meta.url));

/** What a terminal sends, and what the key is called. */
const KEYS = [["x", "x"], ["\x1b[A", "up"], ["\x1b[6~", "pagedown"], ["\r", "return"], ["\x03", "ctrl-c"]] as const;

function open(): Pty {
  const args = process.versions.deno ? ["run", "-A", "--no-check"] : [];
  return new Pty({ file: process.execPath, args }, [CHILD], { columns: 61, rows: 17 });
}

test("screen: only what changed is written, and nothing is cleared after it", () => {
  assertEquals(changesBetween([], ["a"]), "\x1b[1;1H\x1b[Ka\x1b[0m");
  assertEquals(changesBetween(["a", "b", "c"], ["a", "x"]), "\x1b[2;1H\x1b[Kx\x1b[0m\x1b[3;1H\x1b[K\x1b[0m");
  assertEquals(changesBetween(["a"], ["a"]), "");
});

test("screen: takes the terminal, knows its size, and names keys", ON_TERMINAL, async () => {
  const pty = open();
  await pty.shows(/61x17/);
  assertStringIncludes(pty.output, ENTER);
  for (const [keys, name] of KEYS) {
    const from = pty.output.length;
    pty.type(keys);
    assertEquals((await pty.shows(/key <(.+?)>/, from))[1], name);
  }
  pty.type("q");
  assertEquals(await pty.ended(), 0);
  assert(pty.output.lastIndexOf(LEAVE) > pty.output.lastIndexOf(ENTER));
});

const ENDINGS = [
  ["e", "an exit", 7, ""],
  ["t", "an error", 5, "thrown in the middle"],
  ["r", "a rejection", 5, "rejected in the middle"],
] as const;

for (const [key, what, code, says] of ENDINGS) {
  test(`screen: ${what} in the middle gives the terminal back first`, ON_TERMINAL, async () => {
    const pty = open();
    await pty.shows(/started/);
    pty.type(key);
    assertEquals(await pty.ended(), code);
    const back = pty.output.lastIndexOf(LEAVE);
    assert(back > pty.output.lastIndexOf(ENTER));
    assertStringIncludes(pty.output.slice(0, back), SHOW_CURSOR);
    assertStringIncludes(pty.output.slice(back), says);
  });
}

test("screen: a hangup gives it back", ON_TERMINAL, async () => {
  const pty = open();
  await pty.shows(/started/);
  process.kill(pty.pid, "SIGHUP");
  assertEquals(await pty.ended(), 129);
  assertStringIncludes(pty.output, LEAVE);
});

test("screen: Ctrl-Z gives it back, and takes it again when the program goes on", ON_TERMINAL, async () => {
  const pty = open();
  await pty.shows(/started/);
  const from = pty.output.length;
  // No shell can continue a program of script(1), so nothing stops it either.
  pty.type("\x1a");
  await pty.shows(/resized/, from);
  const again = pty.output.slice(from);
  assert(again.indexOf(LEAVE) >= 0 && again.indexOf(LEAVE) < again.indexOf(ENTER));
  pty.type("q");
  assertEquals(await pty.ended(), 0);
});
