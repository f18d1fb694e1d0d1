import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { type AnyCommand, defineCommand } from "../../src/cli/command.ts";
import { resolveSettings, userConfigPath } from "../../src/cli/config.ts";
import { createOutput } from "../../src/cli/context.ts";
import { UsageError } from "../../src/cli/exit.ts";
import { defaultFlag, listFlag, switchFlag, valueFlag } from "../../src/cli/flag.ts";
import { COMMON_FLAGS, NETWORK_FLAGS } from "../../src/cli/flags.ts";
import { nodeCommand } from "../../src/cli/node.ts";
import { printConfig } from "../../src/cli/print_config.ts";
import { localHost, mebibytes, text, wholeNumber } from "../../src/cli/values.ts";
import { recordStream } from "./recorded_stream.ts";
import { runWith } from "./run_program.ts";

const setting = { isSetting: true };
const command: AnyCommand = defineCommand({
  name: "run",
  summary: "go",
  usage: [""],
  positionals: [],
  flags: {
    port: defaultFlag(wholeNumber(0, 65_535), "N", 1, "a number", setting),
    dir: valueFlag(text, "DIR", "a text", setting),
    prune: valueFlag(mebibytes, "MIB", "a size", setting),
    listen: listFlag(localHost, "HOST:PORT", "a list", { ...setting, conflicts: ["no-listen"] }),
    "no-listen": switchFlag("a switch", { ...setting, conflicts: ["listen"] }),
    once: valueFlag(text, "FILE", "for the command line only"),
    ...NETWORK_FLAGS,
    ...COMMON_FLAGS,
  },
  examples: [["p2p run", "go"]],
  exitCodes: [0],
  run: () => Promise.resolve(0),
});

interface World {
  readonly flags?: Readonly<Record<string, readonly string[]>>;
  readonly environment?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

const OWN = "/home/u/.config/p2p/config.toml";

function resolve({ flags = {}, environment = {}, files = {} }: World) {
  return resolveSettings(command, [command], new Map(Object.entries(flags)), {
    environment: { HOME: "/home/u", ...environment },
    readText: (path) => Promise.resolve(files[path]),
    networks: ["p2p", "main", "regtest"],
    networkName: (choice) => Promise.resolve(choice === "mine.toml" ? "mine" : choice),
  });
}

async function decided(name: string, world: World): Promise<[value: unknown, source: string]> {
  const { value, source } = (await resolve(world)).get(name)!;
  return [value, source];
}

async function refusal(world: World): Promise<string> {
  return (await assertRejects(() => resolve(world), UsageError)).message;
}

test("config: flags > environment > --config > the user's file > defaults", async () => {
  const all = {
    flags: { port: ["5"], config: ["a.toml"] },
    environment: { P2P_PORT: "4" },
    files: { "a.toml": "port = 3\n", [OWN]: "# mine\nport = 2\n" },
  };
  assertEquals(await decided("port", all), [5, "--port"]);
  const noFlag = { ...all, flags: { config: ["a.toml"] } };
  assertEquals(await decided("port", noFlag), [4, "P2P_PORT"]);
  assertEquals(await decided("port", { ...noFlag, environment: {} }), [3, "a.toml:1"]);
  assertEquals(await decided("port", { files: all.files }), [2, `${OWN}:2`]);
  assertEquals(await decided("port", {}), [1, "default"]);
});

test("config: the environment may name the file, and an empty variable counts as none", async () => {
  const files = { "a.toml": "port = 3", [OWN]: "port = 2" };
  assertEquals(await decided("port", { environment: { P2P_CONFIG: "a.toml" }, files }), [3, "a.toml:1"]);
  assertEquals(await decided("port", { environment: { P2P_CONFIG: "", P2P_PORT: "" }, files }), [2, `${OWN}:1`]);
});

test("config: a section holds for its network only, and before the rest of its file", async () => {
  const files = { [OWN]: "port = 2\n[regtest]\nport = 3\n[mine]\nport = 4\n" };
  assertEquals(await decided("port", { files }), [2, `${OWN}:1`]);
  assertEquals(await decided("port", { files, flags: { network: ["regtest"] } }), [3, `${OWN}:3`]);
  assertEquals(await decided("port", { files, environment: { P2P_NETWORK: "regtest" } }), [3, `${OWN}:3`]);
  assertEquals(await decided("port", { files, flags: { network: ["mine.toml"] } }), [4, `${OWN}:5`]);
  const chosen = { [OWN]: 'network = "regtest"\n[regtest]\nport = 3\n' };
  assertEquals(await decided("port", { files: chosen }), [3, `${OWN}:3`]);
});

test("config: a list is a list in each place", async () => {
  const expected = [{ host: "a", port: 1 }, { host: "b", port: undefined }];
  assertEquals((await decided("listen", { flags: { listen: ["a:1", "b"] } }))[0], expected);
  assertEquals((await decided("listen", { environment: { P2P_LISTEN: "a:1, b" } }))[0], expected);
  assertEquals((await decided("listen", { files: { [OWN]: 'listen = ["a:1", "b"]' } }))[0], expected);
  assertEquals((await decided("listen", { files: { [OWN]: 'listen = "a:1"' } }))[0], expected.slice(0, 1));
});

test("config: of two that contradict each other the one nearer to the user stands", async () => {
  const files = { [OWN]: 'listen = ["a:1"]' };
  const world = { flags: { "no-listen": ["true"] }, files };
  assertEquals(await decided("listen", world), [[], "default"]);
  assertEquals(await decided("no-listen", world), [true, "--no-listen"]);
  const reverse = { flags: { listen: ["b:2"] }, environment: { P2P_NO_LISTEN: "true" } };
  assertEquals(await decided("no-listen", reverse), [false, "default"]);
  assertEquals(
    await refusal({ files: { [OWN]: 'listen = "a:1"\nno-listen = true' } }),
    "listen and no-listen contradict each other",
  );
});

test("flags: one that does nothing without another, or beside it, is refused where it was typed", async () => {
  const cases: readonly (readonly [argv: readonly string[], why: string])[] = [
    [["node", "--capture-files", "2"], "--capture-files does nothing without --capture"],
    [["connect", "127.0.0.1:1", "--capture-size", "1MiB"], "--capture-size does nothing without --capture"],
    [["node", "--handler-threads", "2"], "--handler-threads does nothing without --on"],
    [["node", "--control-token-file", "x"], "--control-token-file does nothing without --control"],
    [["inspect", "--control-token-file", "x"], "--control-token-file does nothing without --control"],
    [
      ["node", "--channels", "single", "--channel-capacity", "data=9"],
      "--channel-capacity does nothing beside --channels single",
    ],
    [["node", "--no-listen", "--max-inbound", "1"], "--max-inbound does nothing beside --no-listen"],
    [["node", "--no-listen", "--max-per-group", "1"], "--max-per-group does nothing beside --no-listen"],
    [["node", "--no-listen", "--max-per-address", "1"], "--max-per-address does nothing beside --no-listen"],
    [["node", "--seed", "--max-outbound", "1"], "--max-outbound does nothing beside --seed"],
  ];
  for (const [argv, why] of cases) {
    const { code, stderr } = await runWith(argv);
    assertEquals([code, stderr], [2, `p2p: ${why}\n`]);
  }
  const used = ["node", "--print-config", "--capture", "a.pcapng", "--capture-files", "2"];
  assertEquals((await runWith(used)).code, 0);
  const separate = ["node", "--print-config", "--channels", "segmented", "--channel-capacity", "data=9"];
  assertEquals((await runWith(separate)).code, 0);
  const tuned = ["node", "--print-config", "--channels", "single", "--channel-capacity", "data=9", "--autotune"];
  assertEquals((await runWith(tuned)).code, 0);
});

test("config: a setting that has nothing to do in this run does no harm", async () => {
  const environment = { P2P_CAPTURE_FILES: "2" };
  const given = new Map([["print-config", ["true"]]]);
  const around = {
    environment,
    readText: () => Promise.resolve(undefined),
    networks: [],
    networkName: (choice: string) => Promise.resolve(choice),
  };
  const found = await resolveSettings(nodeCommand, [nodeCommand], given, around);
  assertEquals(found.get("capture-files")!.value, 2);
});

test("config: what is wrong is named with its place", async () => {
  const cases: readonly (readonly [World, string])[] = [
    [{ files: { [OWN]: "\nprot = 1" } }, `${OWN}:2: unknown key "prot" (did you mean port?)`],
    [{ files: { [OWN]: "[regtest]\nx = 1\n[main]\nprot = 1" } }, `${OWN}:2: unknown key "x"`],
    [{ files: { [OWN]: "[regtets]\nport = 1" } }, `${OWN}:1: no network regtets (did you mean regtest?)`],
    [{ files: { [OWN]: '[main]\nnetwork = "main"' } }, `${OWN}:2: network cannot be set in a network's section`],
    [{ files: { [OWN]: "port = true" } }, `${OWN}:1: port must be a text or a number`],
    [{ files: { [OWN]: "no-listen = 1" } }, `${OWN}:1: no-listen must be true or false`],
    [{ files: { [OWN]: "port = 70000" } }, `${OWN}:1: port: must be a whole number from 0 to 65535: received "70000"`],
    [{ files: { [OWN]: 'once = "x"' } }, `${OWN}:1: unknown key "once"`],
    [{ files: { [OWN]: "port = \n" } }, `${OWN}:1: invalid value`],
    [{ environment: { P2P_PORT: "x" } }, `P2P_PORT: must be a whole number from 0 to 65535: received "x"`],
    [{ flags: { port: ["-5"] } }, `--port: must be a whole number from 0 to 65535: received "-5"`],
    [{ flags: { config: ["b.toml"] } }, "--config: no such file: b.toml"],
  ];
  for (const [world, expected] of cases) assertEquals(await refusal(world), expected);
});

test("config: the user's file lies where XDG says, if that is an absolute path", () => {
  assertEquals(userConfigPath({ XDG_CONFIG_HOME: "/x", HOME: "/h" }), "/x/p2p/config.toml");
  assertEquals(userConfigPath({ XDG_CONFIG_HOME: "x", HOME: "/h" }), "/h/.config/p2p/config.toml");
  assertEquals(userConfigPath({}), undefined);
});

test("--print-config: what it prints is a configuration file that means the same", async () => {
  const first = await resolve({
    flags: { port: ["5"], dir: ['a "b" \\ c'], listen: ["a:1", "b"], prune: ["2GiB"] },
    environment: { P2P_LOG: "peer=debug,sync=warn" },
  });
  const lines = print(first, false);
  assertEquals(lines.includes("port = 5  # --port\n"), true, lines);
  assertEquals(lines.includes('network = "p2p"  # default\n'), true, lines);
  const second = await resolve({ files: { [OWN]: lines } });
  for (const [name, { flag, value }] of first) if (flag.isSetting) assertEquals(second.get(name)!.value, value, name);
  assertEquals(JSON.parse(print(first, true)).port, { value: 5, source: "--port" });
});

function print(resolved: Awaited<ReturnType<typeof resolve>>, asJson: boolean): string {
  const stream = recordStream();
  printConfig(resolved, asJson, createOutput(stream, "never", {}));
  return stream.text;
}
