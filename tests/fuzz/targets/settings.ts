import { assert } from "@std/assert";
import { COMMANDS } from "../../../src/cli/commands.ts";
import { resolveSettings, settingsOf } from "../../../src/cli/config.ts";
import { exitCodeOf, UsageError } from "../../../src/cli/exit.ts";
import { environmentName } from "../../../src/cli/flag.ts";
import { parse } from "../../../src/cli/parse.ts";
import { describeError } from "../../../src/cli/run.ts";
import { parse as parseToml, TomlError } from "smol-toml";
import { describeNetwork } from "../../../src/protocol/custom_network.ts";
import { LocalError } from "../../../src/protocol/errors.ts";
import { testHasher } from "../../support/test_hasher.ts";
import { type FuzzTarget, textOf, texts } from "../target.ts";

const node = COMMANDS[0]!;
const NETWORKS = ["p2p", "main", "regtest"];
/** What is received is quoted up to a bound; the rest are our words. */
const MAX_LINE = 1_100;

function around(environment: Record<string, string>, file?: string) {
  return {
    environment: { HOME: "/home/u", ...environment },
    readText: (path: string) => Promise.resolve(path.endsWith("/config.toml") ? file : undefined),
    networks: NETWORKS,
    networkName: (choice: string) => Promise.resolve(choice),
  };
}

async function resolved(environment: Record<string, string>, file?: string): Promise<string> {
  try {
    const settings = await resolveSettings(node, COMMANDS, new Map(), around(environment, file));
    return [...settings].filter(([, { source }]) => source !== "default").map(([name]) => name).slice(0, 3).join(" ");
  } catch (error) {
    return refusal(error);
  }
}

function refusal(error: unknown): string {
  if (!(error instanceof UsageError) && !(error instanceof LocalError)) throw error;
  assert(exitCodeOf(error) !== undefined);
  const line = describeError(error, false);
  assert(/^p2p: [^\n]+\n$/.test(line) && !line.startsWith("p2p: internal"), line);
  // Each character that could do harm takes up to nine.
  assert(line.length < MAX_LINE * 9, `a refusal of ${line.length} characters`);
  return error.message.replaceAll(/\d+/g, "0").replaceAll(/"[^]*"/g, "").replaceAll(/[^ -~]/g, "").slice(0, 60);
}

/** The user's configuration file. */
export const CONFIG: FuzzTarget = {
  name: "config",
  corpus: () =>
    texts(
      'network = "regtest"\nlisten = ["127.0.0.1:18444", "[::1]:1"]\nmax-inbound = 20\nlog-level = "debug"\n',
      'dedupe = "count"\nprune = 550\nmine = 2.5\n[main]\nmax-outbound = 8\njoin = "seed:8333"\n[regtest]\nmine = "1s"\n',
      'no-discover = true\nchannels = "single"\nchannel-capacity = ["data=9"]\nautotune = false # why\n',
      'balance = ["blocks=adaptive"]\nregion = "eu"\ncapability = ["a", "b"]\nworkers = 2\npermit = ["relay@127.0.0.1"]\n',
    ),
  open: () => (input) => resolved({}, textOf(input)),
};

/** Variables of the environment: NAME=VALUE, a line each. */
export const ENVIRONMENT: FuzzTarget = {
  name: "environment",
  corpus() {
    const names = Object.keys(settingsOf(COMMANDS)).map(environmentName);
    const values = ["1", "10s", "64KiB", "127.0.0.1:1,[::1]:2", "debug", "regtest", "true", "x=y", "1.5"];
    return texts(...names.map((name, i) => `${name}=${values[i % values.length]}`));
  },
  open: () => (input) => {
    const pairs = textOf(input).split("\n").map((line) => [line.split("=")[0]!, line.slice(line.indexOf("=") + 1)]);
    return resolved(Object.fromEntries(pairs));
  },
};

/** Words of a command line, a line each. */
export const COMMAND_LINE: FuzzTarget = {
  name: "command-line",
  corpus: () =>
    texts(
      "node\n--network\nregtest\n--listen\n127.0.0.1:18444\n--mine\n10",
      "inspect\npeers\n--json\n--filter\nping>5",
      "connect\n127.0.0.1:8333\n--send\nping\n--timeout=10s",
      "bench\nthroughput\n--size\n256\n--duration\n5s",
      "-h",
      "node\n--seed\n-vv\n--no-discover\n--log=peer=debug,sync=warn",
    ),
  open: () => (input) => {
    try {
      const invocation = parse(textOf(input).split("\n"), COMMANDS);
      return invocation.kind;
    } catch (error) {
      return refusal(error);
    }
  },
};

/** The file of a network of one's own. */
export const NETWORK_FILE: FuzzTarget = {
  name: "network-file",
  corpus: () =>
    texts(
      'name = "lab"\nmagic = 0xd1b2_c3a4\nport = 28333\n[genesis]\ntime = 1_700_000_000\nmessage = "made for a test"\n',
      'name = "lab"\nmagic = 7\nport = 1\nwire = "bitcoin"\ndifficulty = "main"\nspacing-seconds = 60\n' +
        'retarget-interval = 20\npow-limit-bits = 0x207fffff\nminimum-chain-work = "00ff"\nsegwit-height = 9\n' +
        `dns-seeds = ["a.example"]\nfixed-seeds = ["192.0.2.1:1"]\n[genesis]\ntime = 5\nbits = 1\nnonce = 2\n` +
        `version = 1\nmerkle-root = "${"ab".repeat(32)}"\n`,
    ),
  open: () => (input) => {
    try {
      const network = describeNetwork(parseToml(textOf(input)), testHasher);
      assert(network.magic > 0 && network.defaultPort > 0 && network.genesisHash.length === 64);
      return `${network.wire} ${network.difficulty}`;
    } catch (error) {
      if (error instanceof TomlError) return "no TOML";
      return refusal(error);
    }
  },
};
