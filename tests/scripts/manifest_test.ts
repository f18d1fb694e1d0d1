import { test } from "node:test";
import { existsSync, readFileSync } from "node:fs";
import { assert, assertEquals, assertFalse, assertStringIncludes } from "@std/assert";

const ROOT = new URL("../../", import.meta.url);

function read(path: string): string {
  return readFileSync(new URL(path, ROOT), "utf8");
}

const manifest = JSON.parse(read("package.json"));

test("manifests: package.json, its lock and deno.json name one version", () => {
  const versions = ["package-lock.json", "deno.json"].map((path) => JSON.parse(read(path)).version);
  assertEquals(versions, [manifest.version, manifest.version]);
});

test("manifests: nothing shadows the benchmarks that a bare `bun bench` runs", () => {
  assert(existsSync(new URL("bench/index.ts", ROOT)));
  assertFalse("bench" in manifest.scripts);
});

test("manifests: the lock names no registry", () => {
  const lock = JSON.parse(read("package-lock.json")) as { packages: Record<string, { resolved?: string }> };
  const resolved = Object.values(lock.packages).map((entry) => entry.resolved).filter((url) => url !== undefined);
  assertEquals(resolved.filter((url) => /^\w+:/.test(url)), []);
});

test("manifests: the change log knows the version or has something unreleased", () => {
  assertStringIncludes(read("CHANGELOG.md"), "## [Unreleased]");
});
