import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { openNode } from "../../src/node/open_node.ts";
import type { OpenNodeOptions } from "../../src/node/open_options.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { simulateNode } from "../support/simulated_node.ts";

/** What programs without types hand over. */
function open(options: unknown): string {
  const error = assertThrows(() => openNode(options as OpenNodeOptions), LocalError);
  assertEquals(error.code, "bad-argument");
  return error.message;
}

test("options: a value that makes no sense is refused with what it may be and what was received", () => {
  const slips: readonly (readonly [options: object, why: string])[] = [
    [{ maxInbound: -1 }, "maxInbound must be a whole number from 0 to 100000: received -1"],
    [{ maxInbound: "5" }, 'maxInbound must be a whole number from 0 to 100000: received "5"'],
    [{ maxOutbound: 1.5 }, "maxOutbound must be a whole number from 0 to 100000: received 1.5"],
    [{ pruneBytes: -5 }, "pruneBytes must be a whole number from 1 on: received -5"],
    [{ dedupe: "maybe" }, 'dedupe must be one of off, count, drop: received "maybe"'],
    [{ channels: "singel" }, 'one of segmented, single (did you mean single?): received "singel"'],
    [{ mineSeconds: 0 }, "mineSeconds must be a number above 0: received 0"],
    [{ mineSeconds: NaN }, "mineSeconds must be a number above 0: received NaN"],
    [{ workers: 65 }, "workers must be a whole number from 1 to 64: received 65"],
    [{ channelCapacities: { data: 0 } }, "channelCapacities.data must be a whole number from 1 to"],
    [{ channelCapacities: { date: 1 } }, "there is no option channelCapacities.date (did you mean data?)"],
    [{ pace: {} }, "pace.inboundTrickleMs must be a number from 0 on: received nothing"],
    [{ balancing: { rules: [{ strategy: "adaptive" }] } }, "balancing.rules[0].class must be a text"],
    [
      { balancing: { rules: [{ class: "*", strategy: "fastest" }] } },
      "balancing.rules[0].strategy must be one of round",
    ],
    [{ listen: "127.0.0.1:0" }, 'listen must be a list: received "127.0.0.1:0"'],
    [{ listen: [8333] }, "listen[0] must be a text that is not empty: received 8333"],
    [{ join: ["a:99999"] }, 'join: a port is a number from 0 to 65535: received "a:99999"'],
    [{ connect: ["127.0.0.1:0"] }, 'connect: port 0 cannot be dialled: received "127.0.0.1:0"'],
    [{ region: "x".repeat(33) }, "region must be a text of at most 32 bytes of UTF-8"],
    [{ capabilities: Array(17).fill("x") }, "capabilities must be a list of at most 16: received 17"],
    [{ userAgent: "x".repeat(257) }, "userAgent must be a text of at most 256 bytes"],
    [{ network: "main", mineSeconds: 1 }, "Cannot mine on main: its blocks take real work"],
    [{ connect: ["127.0.0.1:1"], discoverLocal: true }, "discoverLocal dials whom it finds, and discover is off"],
    [{ network: "manin" }, "network is none of"],
  ];
  for (const [options, why] of slips) assertStringIncludes(open(options), why);
  assertEquals(open(null), "Cannot open a node: options must be an object: received null");
});

test("options: a name that there is not is refused, with the one that was meant or all there are", () => {
  assertStringIncludes(open({ maxinbound: 1 }), "there is no option maxinbound (did you mean maxInbound?)");
  assertStringIncludes(open({ colour: 1 }), "there is no option colour: one of discover, discoverLocal, pruneBytes,");
});

test("options: capacities of channels that never come to be are refused", async () => {
  const refused = open({ channels: "single", channelCapacities: { sync: undefined, data: 9 } });
  assertStringIncludes(refused, 'channelCapacities do nothing beside channels "single" without autotune');
  assertStringIncludes(refused, "received one for data");
  const channelCapacities = { data: 9 };
  // What tunes a node may separate its channels.
  for (const options of [{ channels: "single", autotune: true, channelCapacities }, { channelCapacities }] as const) {
    await openNode({ ...options, connect: [] }).stop();
  }
  await openNode({ channels: "single", channelCapacities: {} }).stop();
});

test("options: none of them takes what is of another kind", () => {
  const all: Record<keyof OpenNodeOptions, true> = {
    network: true,
    listen: true,
    connect: true,
    join: true,
    discover: true,
    discoverLocal: true,
    dataDir: true,
    maxInbound: true,
    maxOutbound: true,
    userAgent: true,
    pruneBytes: true,
    dedupe: true,
    channels: true,
    channelCapacities: true,
    autotune: true,
    blockRelayOnly: true,
    pace: true,
    balancing: true,
    region: true,
    capabilities: true,
    workers: true,
    notifyWorkers: true,
    mineSeconds: true,
  };
  for (const name of Object.keys(all)) {
    for (const value of [null, NaN, () => 1, Symbol("x"), 1n]) {
      assertStringIncludes(open({ [name]: value }), `${name} must`);
    }
  }
});

test("options: a node of one's own parts is checked by the same table, and by its own rows", () => {
  const network = createMemoryNetwork({ seed: 1 });
  const refuse = (changes: object) => {
    return assertThrows(() => simulateNode(network, "a", changes as { maxInbound: number }), LocalError).message;
  };
  assertStringIncludes(refuse({ maxInbound: -1 }), "Cannot create a node: maxInbound must be");
  assertStringIncludes(refuse({ maxInbound: undefined }), "maxInbound must be");
  assertStringIncludes(refuse({ maxPerGroup: 0 }), "maxPerGroup must be a whole number from 1");
  assertStringIncludes(refuse({ cadences: { metricsMs: 0 } }), "cadences.metricsMs must be a number above 0");
  assertStringIncludes(refuse({ listen: ["a:1"] }), "listen[0] must be { host, port } or { path }");
  assertStringIncludes(
    refuse({ join: [{ host: "a", port: "1" }] }),
    "join[0] must be { host, port }: received an object",
  );
  assertStringIncludes(refuse({ permits: [{ subnet: {} }] }), "permits[0].permissions must be a set: received nothing");
  assertStringIncludes(refuse({ seeds: true }), "there is no option seeds (did you mean seed?)");
});

test("options: a node that is refused late leaves its directory to the next", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "p2p-options-"));
  try {
    const balancing = { rules: [{ class: "*", strategy: "adaptive", retries: 99 }] } as const;
    assertStringIncludes(open({ network: "regtest", dataDir, balancing }), "retries is no whole number from 0 to 10");
    const node = openNode({ network: "regtest", dataDir });
    assertEquals(readdirSync(dataDir).includes("chain.db"), true);
    await node.stop();
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
