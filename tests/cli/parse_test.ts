import { test } from "node:test";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { type AnyCommand, defineCommand } from "../../src/cli/command.ts";
import { UsageError } from "../../src/cli/exit.ts";
import { countFlag, listFlag, switchFlag, valueFlag } from "../../src/cli/flag.ts";
import { COMMON_FLAGS } from "../../src/cli/flags.ts";
import { parse } from "../../src/cli/parse.ts";
import { localHost, text, wholeNumber } from "../../src/cli/values.ts";

const run: AnyCommand = defineCommand({
  name: "run",
  summary: "go",
  usage: ["[WHERE] [FLAG …]"],
  positionals: [{ name: "WHERE", isRequired: false }],
  flags: {
    hash: valueFlag(text, "HASH", "a text"),
    port: valueFlag(wholeNumber(0, 9), "N", "a number"),
    listen: listFlag(localHost, "HOST:PORT", "a list", { conflicts: ["no-listen"] }),
    "no-listen": switchFlag("not at all", { conflicts: ["listen"] }),
    "max-in": valueFlag(wholeNumber(0, 9), "N", "two words"),
    seed: switchFlag("a switch", { valueHint: "use --hash HASH" }),
    json: switchFlag("another"),
    ...COMMON_FLAGS,
  },
  examples: [["p2p run", "go"]],
  exitCodes: [0],
  run: () => Promise.resolve(0),
});
const look: AnyCommand = defineCommand({
  ...run,
  name: "look",
  positionals: [],
  flags: { deep: switchFlag("far"), level: countFlag("more", { short: "l" }), ...COMMON_FLAGS },
  run: () => Promise.resolve(0),
});
const COMMANDS = [run, look];

/** What `run` was given: words, then flags by name. */
type Given = [words: readonly string[], flags: Record<string, readonly string[]>];

function given(...argv: readonly string[]): Given {
  const invocation = parse(argv, COMMANDS);
  if (invocation.kind !== "run") throw new Error(`a run was wanted: ${invocation.kind}`);
  return [invocation.words, Object.fromEntries(invocation.given)];
}

function refusal(...argv: readonly string[]): string {
  return assertThrows(() => parse(argv, COMMANDS), UsageError).message;
}

test("parse: values stay as they were typed, apart from or joined by =", () => {
  const texts = ["0001", "10.1", "1e3", "0xdeadbeef", "0x10", "true", "false", "Infinity", " 7 ", "a=b", "=", ":x"];
  for (const value of texts) {
    assertEquals(given("run", "--hash", value), [[], { hash: [value] }]);
    assertEquals(given("run", `--hash=${value}`), [[], { hash: [value] }]);
  }
});

test("parse: words stay as they were typed", () => {
  for (const word of ["0001", "10.1", "0xdead", "1e3", "-", "", "a=b"]) assertEquals(given("run", word), [[word], {}]);
  assertEquals(given("run", "--", "--hash"), [["--hash"], {}]);
});

test("parse: values may be negative numbers or empty, and --x=--y gives what --x --y does not", () => {
  assertEquals(given("run", "--port", "-5"), [[], { port: ["-5"] }]);
  assertEquals(given("run", "--port=-5"), [[], { port: ["-5"] }]);
  assertEquals(given("run", "--port", "-.5"), [[], { port: ["-.5"] }]);
  assertEquals(given("run", "--hash="), [[], { hash: [""] }]);
  assertEquals(given("run", "--hash=--json"), [[], { hash: ["--json"] }]);
  assertMatch(refusal("run", "--hash", "--json"), /--hash needs a value/);
  assertMatch(refusal("run", "--hash"), /--hash needs a value: --hash HASH/);
});

test("parse: flags may stand before the command, after words, and in between", () => {
  const expected: Given = [["here"], { hash: ["1"], json: ["true"] }];
  assertEquals(given("run", "here", "--hash", "1", "--json"), expected);
  assertEquals(given("--json", "--hash", "1", "run", "here"), expected);
  assertEquals(given("--hash=1", "run", "--json", "here"), expected);
});

test("parse: a switch does not swallow the word behind it, nor a command", () => {
  assertEquals(given("run", "--json", "here"), [["here"], { json: ["true"] }]);
  assertEquals(given("run", "--json", "false"), [["false"], { json: ["true"] }]);
  assertEquals(given("--seed", "run"), [[], { seed: ["true"] }]);
});

test("parse: a list collects, a scalar refuses a second value", () => {
  assertEquals(given("run", "--listen", "a:1", "--listen=b:2"), [[], { listen: ["a:1", "b:2"] }]);
  assertEquals(refusal("run", "--port", "1", "--port", "2"), "--port is given twice");
  assertEquals(given("run", "--json", "--json")[1], { json: ["true", "true"] });
});

test("parse: --no-x is a flag of its own", () => {
  assertEquals(given("run", "--no-listen"), [[], { "no-listen": ["true"] }]);
  assertMatch(refusal("run", "--no-listen", "--listen", "a:1"), /contradict/);
  assertMatch(refusal("run", "--no-json"), /unknown flag "--no-json"/);
  assertMatch(refusal("run", "--no-listen=true"), /takes no value/);
});

test("parse: letters may be clustered and repeated", () => {
  assertEquals(given("run", "-vvq", "-v")[1], { verbose: ["true", "true", "true"], quiet: ["true"] });
  assertMatch(refusal("run", "-vz"), /unknown flag "-vz"/);
  assertMatch(refusal("run", "-seed"), /unknown flag "-seed" \(did you mean --seed\?\)/);
});

test("parse: a value for a switch is refused with its hint", () => {
  assertMatch(refusal("run", "--seed=a:1"), /--seed takes no value: use --hash HASH: received "a:1"/);
  assertMatch(refusal("look", "--deep", "a:1"), /unexpected word "a:1": p2p look takes flags only/);
  assertMatch(refusal("run", "x", "--seed", "a:1"), /--seed takes no value: use --hash HASH: received "a:1"/);
});

test("parse: unknown commands and flags are named, with the nearest that exists", () => {
  assertMatch(refusal("rum"), /unknown command "rum" \(did you mean run\?\)/);
  assertMatch(refusal("frobnicate"), /unknown command "frobnicate": one of run, look/);
  assertMatch(refusal("run", "--hahs", "1"), /unknown flag "--hahs" \(did you mean --hash\?\)/);
  assertMatch(refusal("--hahs", "1", "run"), /unknown flag "--hahs"/);
  assertMatch(refusal("rum", "--hahs"), /unknown command "rum"/);
  assertMatch(refusal("look", "--hash", "1"), /--hash is not a flag of p2p look/);
  assertMatch(refusal("run", "--__proto__=1"), /unknown flag/);
  assertMatch(refusal("run", "--hash.x", "1"), /unknown flag/);
});

test("parse: a value that may be left out takes the next word only if that is one", () => {
  assertEquals(given("run", "--color", "never")[1], { color: ["never"] });
  assertEquals(given("run", "--color", "here"), [["here"], { color: ["always"] }]);
  assertEquals(given("run", "--color")[1], { color: ["always"] });
  assertEquals(given("--color", "run")[1], { color: ["always"] });
});

test("parse: help and version come before everything but mistakes", () => {
  assertEquals(parse(["run", "--help"], COMMANDS), { kind: "help", command: run });
  assertEquals(parse(["-h", "look"], COMMANDS), { kind: "help", command: look });
  assertEquals(parse(["--help"], COMMANDS), { kind: "help", command: undefined });
  for (const argv of [["-V"], ["--version"], ["run", "-V"], ["run", "--version"]]) {
    assertEquals(parse(argv, COMMANDS), { kind: "version" });
  }
  assertEquals(parse(["-v"], COMMANDS), { kind: "nothing" });
  assertEquals(parse([], COMMANDS), { kind: "nothing" });
});
