import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { lineAt, scanSource } from "../../scripts/source_scan.ts";

const HIDDEN: Readonly<Record<string, string>> = {
  "a line comment": "f(); // secret",
  "a block comment": "f(/* secret\nsecret */);",
  "a string": `f("secret", 'it\\'s secret');`,
  "a template": "f(`secret`);",
  "the text around a substitution": "f(`secret ${a} secret ${`secret ${b}`} secret`);",
  "a regular expression": "const r = /secret[/]secret/g;",
  "a regular expression after a word": "return /se\\/cret secret/;",
};

for (const [name, text] of Object.entries(HIDDEN)) {
  test(`scanSource: hides ${name}`, () => {
    const { code } = scanSource(text);
    assertEquals([code.includes("secret"), code.length, code.split("\n").length], [
      false,
      text.length,
      text.split("\n").length,
    ]);
  });
}

const KEPT: Readonly<Record<string, string>> = {
  "code in a substitution": "f(`a ${secret} b`);",
  "code in an object in a substitution": "f(`a ${g({ a: {} })} b ${secret}`);",
  "code after a division": "const a = b / c; secret(d / e);",
  "code after a quote in a regular expression": `x = y.replace(/"/g, ""); secret();`,
  "code after two slashes in a string": `f("a//b"); secret();`,
  "code after a brace in a template": "f(`}`); { secret(); }",
};

for (const [name, text] of Object.entries(KEPT)) {
  test(`scanSource: keeps ${name}`, () => {
    assertEquals(scanSource(text).code.indexOf("secret"), text.indexOf("secret"));
  });
}

test("scanSource: finds every kind of import, and none in comments", () => {
  const text = [
    `import "./bare.ts";`,
    `import { a, type B } from './named.ts';`,
    `import type {\n  C,\n} from "./type.ts";`,
    `import * as d from "./star.ts";`,
    `export { e } from "./again.ts";`,
    `export const f = await import("./late.ts");`,
    `type G = import("./inline.ts").G;`,
    `// import "./comment.ts";`,
    `export const from = "./not.ts";`,
  ].join("\n");
  const { imports } = scanSource(text);
  assertEquals(imports.map(({ specifier }) => specifier), [
    "./bare.ts",
    "./named.ts",
    "./type.ts",
    "./star.ts",
    "./again.ts",
    "./late.ts",
    "./inline.ts",
  ]);
  assertEquals(lineAt(text, imports[3]?.offset ?? 0), 6);
});
