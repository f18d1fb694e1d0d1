import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertStringIncludes, assertThrows } from "@std/assert";
import { type AnyCommand, defineCommand } from "../../src/cli/command.ts";
import { COMMANDS } from "../../src/cli/commands.ts";
import { wantsColor } from "../../src/cli/context.ts";
import { CommandError, EXIT, UsageError } from "../../src/cli/exit.ts";
import { COMMON_FLAGS } from "../../src/cli/flags.ts";
import { commandHelp } from "../../src/cli/help.ts";
import { checkControl, controlEndpoint, defaultDataDir } from "../../src/cli/place.ts";
import { LocalError, RemoteFault } from "../../src/protocol/errors.ts";
import { VERSION } from "../../src/util/version.ts";
import { runWith } from "./run_program.ts";

/** A command that ends with the given error. */
function failing(error: unknown): readonly AnyCommand[] {
  return [defineCommand({
    name: "fail",
    summary: "fail",
    usage: [""],
    positionals: [],
    flags: COMMON_FLAGS,
    examples: [["p2p fail", "fail"]],
    exitCodes: [],
    run: () => Promise.reject(error),
  })];
}

test("run: the version, the help and nothing go where they belong", async () => {
  assertEquals(await runWith(["--version"]), { code: 0, stdout: `p2p ${VERSION}\ntest 1 nowhere\n`, stderr: "" });
  const help = await runWith(["--help"]);
  assertEquals([help.code, help.stderr], [0, ""]);
  const bare = await runWith([]);
  assertEquals(bare, { code: 2, stdout: "", stderr: help.stdout });
});

test("run: what went wrong decides the exit code, and takes one line", async () => {
  const cases: readonly (readonly [Error, number])[] = [
    [new UsageError("no"), EXIT.usage],
    [new CommandError(EXIT.refused, "no"), EXIT.refused],
    [new LocalError("unreachable", "no"), EXIT.unreachable],
    [new LocalError("timeout", "no"), EXIT.unreachable],
    [new LocalError("bad-argument", "no"), EXIT.usage],
    [new LocalError("store-locked", "no"), EXIT.no],
  ];
  for (const [error, code] of cases) {
    assertEquals(await runWith(["fail"], failing(error)), { code, stdout: "", stderr: "p2p: no\n" });
  }
  const fault = await runWith(["fail"], failing(new RemoteFault("malformed", "no")));
  assertEquals(fault, { code: 4, stdout: "", stderr: "p2p: malformed: no\n" });
});

test("run: an error that quotes a stranger cannot write to the terminal", async () => {
  const { stderr } = await runWith(["fail"], failing(new CommandError(EXIT.no, "a\x1b[2Jb\nc")));
  assertEquals(stderr, "p2p: a\\x1b[2Jb\\x0ac\n");
});

test("run: a bug is an internal error, whose stack shows with -v", async () => {
  const quiet = await runWith(["fail"], failing(new TypeError("oops")));
  assertEquals(quiet, { code: 5, stdout: "", stderr: "p2p: internal error: oops (-v shows where)\n" });
  const verbose = await runWith(["fail", "-v"], failing(new TypeError("oops")));
  assertEquals(verbose.code, 5);
  assertMatch(verbose.stderr, /^p2p: internal error: oops\n[^]*run_test/);
});

test("commands: each says everything about itself", () => {
  for (const command of COMMANDS) {
    const help = commandHelp(command);
    for (const name of Object.keys(command.flags)) assertStringIncludes(help, `--${name}`);
    for (const name of ["verbose", "help", "version", "config", "color"]) {
      assertEquals(command.flags[name] !== undefined, true, `${command.name} lacks --${name}`);
    }
    for (const title of ["Usage:", "Examples:", "Flags:", "Environment:", "Exit codes:"]) {
      assertStringIncludes(help, title);
    }
  }
});

test("commands: a flag that takes a value in one of them and none in another is what the named one says", async () => {
  const seed = await runWith(["node", "--seed", "nowhere", "--print-config"]);
  assertEquals([seed.code, seed.stdout], [2, ""]);
  assertMatch(seed.stderr, /--seed takes no value: to join through a seed use --join HOST:PORT/);
  const config = await runWith(["--seed", "node", "--print-config"]);
  assertEquals(config.code, 0);
  assertMatch(config.stdout, /^seed += true/m);
  const sim = await runWith(["bench", "sim", "--seed", "x"]);
  assertEquals(sim.code, 2);
  assertStringIncludes(sim.stderr, "--seed: must be a whole number");
});

test("commands: the flags of the contract are there", () => {
  const contract: Readonly<Record<string, readonly string[]>> = {
    node: ["seed", "join", "connect", "network", "listen", "no-listen", "no-discover", "data-dir", "control"]
      .concat("max-inbound", "max-outbound", "workers", "channels", "dedupe", "autotune", "mine", "import", "export")
      .concat("prune", "block-relay-only", "allow-bench", "capture", "config", "print-config", "log-level", "log")
      .concat("log-format"),
    connect: ["network", "send", "expect", "count", "timeout", "json", "ndjson"],
    inspect: ["control", "live", "wait", "json", "filter", "for", "reason"],
    bench: ["size", "count", "duration", "peers", "rate", "warmup", "runtime", "compare", "json"],
  };
  for (const command of COMMANDS) {
    for (const name of contract[command.name] ?? []) assert(command.flags[name], `${command.name} --${name}`);
  }
});

test("colour: --color > NO_COLOR > FORCE_COLOR > the stream is a terminal", () => {
  const [terminal, pipe] = [{ isTerminal: true }, { isTerminal: false }];
  assertEquals(wantsColor(pipe, "always", { NO_COLOR: "1" }), true);
  assertEquals(wantsColor(terminal, "never", { FORCE_COLOR: "1" }), false);
  assertEquals(wantsColor(terminal, "auto", { NO_COLOR: "1", FORCE_COLOR: "1" }), false);
  assertEquals(wantsColor(pipe, "auto", { FORCE_COLOR: "1" }), true);
  assertEquals(wantsColor(terminal, "auto", { FORCE_COLOR: "0" }), false);
  assertEquals([wantsColor(terminal, "auto", {}), wantsColor(pipe, "auto", {})], [true, false]);
  assertEquals(wantsColor(terminal, "auto", { TERM: "dumb" }), false);
  assertEquals(wantsColor(terminal, "auto", { NO_COLOR: "" }), true);
});

test("place: the data directory by XDG, the control socket in it, and beyond this machine only with a token", () => {
  assertEquals(defaultDataDir("main", { XDG_DATA_HOME: "/x", HOME: "/h" }), "/x/p2p/main");
  assertEquals(defaultDataDir("main", { XDG_DATA_HOME: "x", HOME: "/h" }), "/h/.local/share/p2p/main");
  assertThrows(() => defaultDataDir("main", {}), UsageError, "--data-dir");
  assertEquals(controlEndpoint(undefined, "/d"), { path: "/d/p2p.sock" });
  checkControl({ path: "/d/p2p.sock" }, undefined);
  for (const host of ["127.0.0.1", "::1", "localhost"]) checkControl({ host, port: 1 }, undefined);
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.com"]) {
    assertThrows(() => checkControl({ host, port: 1 }, undefined), UsageError, "--control-token-file");
    checkControl({ host, port: 1 }, "token");
  }
});

test("run: of a word without end, a refusal quotes the beginning and the end", async () => {
  const { code, stderr } = await runWith(["n".repeat(100_000)]);
  assertEquals([code, stderr.length < 1_200], [2, true]);
  assertMatch(stderr, /^p2p: unknown command "n+ … n+": one of node, [^\n]*\n$/);
});
