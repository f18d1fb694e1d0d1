import { existsSync, readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { COMMANDS } from "../src/cli/commands.ts";

const ROOT = new URL("../", import.meta.url);
const PAGES = ["README.md", "CHANGELOG.md", "src/protocol/SPEC.md", ...pagesOf("docs/")];
/** Flags of scripts and of other programs that our pages name. */
const OTHERS = [
  "all",
  "fast",
  "unix-socket",
  "now",
  "test",
  "cpu-prof",
  "runs",
  "seconds",
  "check",
  "unstable-net",
  "trickleinterval",
  "kills",
  "parallel",
  "sources",
  "minutes",
  "input",
];

function pagesOf(folder: string): string[] {
  return readdirSync(fileURLToPath(new URL(folder, ROOT))).filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}${name}`);
}

function read(page: string): string {
  return readFileSync(fileURLToPath(new URL(page, ROOT)), "utf8");
}

/** What a link to a heading names it by, as GitHub makes it. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-")
  );
}

test("documents: every link leads to a page, and to a heading of it", () => {
  let count = 0;
  for (const page of PAGES) {
    for (const [, target] of read(page).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target!)) continue;
      const [path, anchor] = target!.split("#") as [string, string?];
      const found = path === "" ? new URL(page, ROOT) : new URL(path, new URL(page, ROOT));
      assert(existsSync(fileURLToPath(found)), `${page}: ${target}`);
      if (anchor !== undefined) {
        assert(anchors(readFileSync(fileURLToPath(found), "utf8")).includes(anchor), `${page}: ${target}`);
      }
      count++;
    }
  }
  assert(count > 30, `${count} links`);
});

test("documents: every flag that a page names is one", () => {
  const known = new Set([...COMMANDS.flatMap(({ flags }) => Object.keys(flags)), ...OTHERS]);
  for (const page of PAGES) {
    const named = [...read(page).matchAll(/(?<![\w-])--([a-z][a-z-]+)/g)].map(([, name]) => name!);
    assertEquals(named.filter((name) => !known.has(name) && !known.has(name.replace(/^no-/, ""))), [], page);
  }
});

test("documents: the first page names every other one", () => {
  const first = read("README.md");
  const unnamed = pagesOf("docs/").filter((page) => !first.includes(page));
  assertEquals(unnamed, []);
});
