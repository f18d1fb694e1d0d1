import { test } from "node:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { assertEquals } from "@std/assert";
import { checkLayers, formatViolation } from "../../scripts/check_layers.ts";

type Tree = Readonly<Record<string, string>>;

const PACKAGE = JSON.stringify({ dependencies: { cac: "^7", "@scope/lib": "^1", "cbor-x": "^1" } });

/** What is planted, and the `path:line: [rule]` of everything that must be reported. */
const PLANTED: Readonly<Record<string, readonly [tree: Tree, reports: readonly string[]]>> = {
  "an import upwards": [{ "src/peer/a.ts": `\nimport "../net/b.ts";` }, ["src/peer/a.ts:2: [upwards]"]],
  "an import among brothers": [{ "src/wire/a.ts": `import "../chain/b.ts";` }, ["src/wire/a.ts:1: [brothers]"]],
  "a type import upwards": [{ "src/util/a.ts": `import type { B } from "../bus/b.ts";` }, [
    "src/util/a.ts:1: [upwards]",
  ]],
  "an inline type import upwards": [
    { "src/util/a.ts": `export type B = import("../bus/b.ts").B;` },
    ["src/util/a.ts:1: [upwards]"],
  ],
  "chain in peer and net": [
    { "src/peer/a.ts": `import "../chain/b.ts";`, "src/net/a.ts": `export { b } from "../chain/b.ts";` },
    ["src/net/a.ts:1: [strangers]", "src/peer/a.ts:1: [strangers]"],
  ],
  "one service in another": [
    { "src/services/a.ts": `import "./b.ts";\nimport "./service.ts";` },
    ["src/services/a.ts:1: [services]"],
  ],
  "an adapter outside node and cli": [
    { "src/services/a.ts": `import "../platform/deno.ts";`, "src/control/a.ts": `import "../platform/bun.ts";` },
    ["src/control/a.ts:1: [adapter]", "src/services/a.ts:1: [adapter]"],
  ],
  "an import out of src": [{ "src/cli/a.ts": `import "../../mod.ts";` }, ["src/cli/a.ts:1: [outside]"]],
  "an import without .ts": [
    { "src/cli/a.ts": `import "./b";`, "tests/a.ts": `import "./b.js";` },
    ["src/cli/a.ts:1: [extension]", "tests/a.ts:1: [extension]"],
  ],
  "a built-in outside platform": [
    { "src/cli/a.ts": `import { readFileSync } from "node:fs";`, "src/wire/a.ts": `import "bun:sqlite";` },
    ["src/cli/a.ts:1: [runtime]", "src/wire/a.ts:1: [runtime]"],
  ],
  "a built-in without its prefix": [{ "src/platform/a.ts": `import "fs";` }, ["src/platform/a.ts:1: [runtime]"]],
  "a package that is not a dependency": [
    { "src/cli/a.ts": `import "fast-check";\nimport "@scope/other/sub";` },
    ["src/cli/a.ts:1: [package]", "src/cli/a.ts:2: [package]"],
  ],
  "the evaluating entry of cbor-x": [{ "src/wire/a.ts": `import "cbor-x";` }, ["src/wire/a.ts:1: [package]"]],
  "a runtime's name": [
    { "src/node/a.ts": "Deno.exit();\nx = globalThis.Bun;\nprocess?.exit();\nBuffer.from(y);\n(g as { Deno?: X }).d;" },
    [1, 2, 3, 4, 5].map((line) => `src/node/a.ts:${line}: [runtime]`),
  ],
  "time and chance": [
    { "src/node/a.ts": "Date.now();\nnew Date();\nsetTimeout(f, 1);\nMath.random();\nawait f(queueMicrotask);" },
    [1, 2, 3, 4, 5].map((line) => `src/node/a.ts:${line}: [time-and-chance]`),
  ],
  "random bytes": [{ "src/net/a.ts": "crypto.getRandomValues(a);" }, ["src/net/a.ts:1: [time-and-chance]"]],
  "an engine's mathematics": [
    { "src/net/a.ts": "Math.log(2);\nMath.sqrt(2);\nMath.atan2(1, 2);" },
    ["src/net/a.ts:1: [engine-math]", "src/net/a.ts:3: [engine-math]"],
  ],
  "a print": [{ "src/net/a.ts": "console.log(1);" }, ["src/net/a.ts:1: [console]"]],
  "a default export": [
    { "src/util/a.ts": "export default 1;", "src/util/b.ts": "const b = 1;\nexport { b as default };" },
    ["src/util/a.ts:1: [default-export]", "src/util/b.ts:2: [default-export]"],
  ],
  "a barrel": [{ "src/util/a.ts": `export * from "./b.ts";` }, ["src/util/a.ts:1: [barrel]"]],
  "a file in no layer": [
    { "src/main.ts": "", "src/helpers/a.ts": "" },
    ["src/helpers/a.ts:1: [place]", "src/main.ts:1: [place]"],
  ],
  "a file name in another case": [{ "src/util/byteReader.ts": "" }, ["src/util/byteReader.ts:1: [name]"]],
  "a cycle, once": [
    { "src/util/b.ts": `import "./c.ts";`, "src/util/c.ts": `import "./a.ts";`, "src/util/a.ts": `import "./b.ts";` },
    ["src/util/a.ts:1: [cycle]"],
  ],
};

for (const [name, [tree, reports]] of Object.entries(PLANTED)) {
  test(`checkLayers: reports ${name}`, () => {
    assertEquals(check(tree).map((line) => line.replace(/\].*/, "]")).sort(), reports);
  });
}

test("checkLayers: accepts what the rules allow", () => {
  const reports = check({
    "mod.ts": `export * from "./src/node/node.ts";\nexport * from "./src/platform/deno.ts";`,
    "src/util/env.ts": "export interface Env { readonly process: () => void; after(ms: number): void }",
    "src/platform/types.ts": `import type { Env } from "../util/env.ts";`,
    "src/platform/deno.ts": `import "./types.ts";\nimport "node:fs";\nDeno.exit(Date.now());`,
    "src/wire/codec.ts":
      `import "cbor-x/index-no-eval";\n// Deno and Date.now()\nqueue.process("Buffer", new Date(0));`,
    "src/peer/peer.ts": `import "../platform/types.ts";\nimport "../wire/codec.ts";`,
    "src/services/service.ts": "",
    "src/services/sync.ts": `import "./sync/window.ts";\nimport "./service.ts";`,
    "src/services/sync/window.ts": `import "../service.ts";\nimport "../../chain/tree.ts";`,
    "src/node/node.ts": `import "../platform/deno.ts";\nimport "@scope/lib/sub";\nsocket.setTimeout(1);`,
    "src/cli/main.ts": `import "cac";\nimport "../platform/deno.ts";\nconsole.log(Date.now());`,
    "tests/a_test.ts": `import "node:test";\nimport "fast-check";\nimport "../src/platform/deno.ts";\nBuffer.from("");`,
  });
  assertEquals(reports, []);
});

test("checkLayers: says what is wrong in one line", () => {
  assertEquals(check({ "src/peer/a.ts": `import "../net/b.ts";` }), [
    "src/peer/a.ts:1: [upwards] peer (3) must not import net (4): src/net/b.ts",
  ]);
});

function check(tree: Tree): string[] {
  const root = mkdtempSync(join(tmpdir(), "p2p-layers-"));
  try {
    for (const [path, text] of Object.entries({ "package.json": PACKAGE, ...tree })) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return checkLayers(root).map(formatViolation);
  } finally {
    rmSync(root, { recursive: true });
  }
}
