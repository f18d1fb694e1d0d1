import { test } from "node:test";
import { readFileSync } from "node:fs";
import { assertEquals } from "@std/assert";
import { VERSION } from "../../src/util/version.ts";

test("version: the one of package.json and deno.json", () => {
  for (const file of ["package.json", "deno.json"]) {
    const { version } = JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));
    assertEquals(version, VERSION, file);
  }
});
