import { assertEquals, assertThrows } from "@std/assert";
import { parse } from "smol-toml";
import { test } from "node:test";
import { describeNetwork } from "../../src/protocol/custom_network.ts";
import { encodeBlockHeader } from "../../src/protocol/block_header.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { MAIN } from "../../src/protocol/networks.ts";
import { hash256 } from "../../src/util/hash.ts";
import { testHasher } from "../support/test_hasher.ts";

const LAB = {
  name: "lab",
  magic: 0xd1b2c3a4,
  port: 28_333,
  genesis: { time: 1_700_000_000, message: "made for a test" },
};

test("custom network: the least that a file may say", () => {
  const toml =
    `name = "lab"\nmagic = 0xd1b2_c3a4\nport = 28333\n[genesis]\ntime = 1_700_000_000\nmessage = "made for a test"\n`;
  const params = describeNetwork(parse(toml), testHasher);
  assertEquals(params, describeNetwork(LAB, testHasher));
  assertEquals([params.wire, params.difficulty, params.powLimitBits], ["native", "none", 0x207fffff]);
  assertEquals(params.genesisHash, hash256(testHasher, encodeBlockHeader(params.genesis)));
  assertEquals(params.genesisBlock!.subarray(0, 80), encodeBlockHeader(params.genesis));
});

test("custom network: everything that a file may say", () => {
  const params = describeNetwork({
    ...LAB,
    magic: "0xD1b2c3a4",
    wire: "bitcoin",
    genesis: {
      time: MAIN.genesis.time,
      version: 1,
      bits: "1d00ffff",
      nonce: MAIN.genesis.nonce,
      "merkle-root": MAIN.genesis.merkleRoot.toUpperCase(),
    },
    difficulty: "main",
    "pow-limit-bits": 0x1d00ffff,
    "spacing-seconds": 600,
    "retarget-interval": 2_016,
    "bip34-height": 227_931,
    "bip65-height": 388_381,
    "bip66-height": 363_725,
    "segwit-height": 481_824,
    "minimum-chain-work": "0xdee8e2a309ad8a9820433c68",
    "dns-seeds": [...MAIN.dnsSeeds],
    "fixed-seeds": ["192.0.2.1:8333", "[2001:db8::1]:8333", "seed.example:1"],
  }, testHasher);
  const fixedSeeds = ["192.0.2.1:8333", "[2001:db8::1]:8333", "seed.example:1"];
  assertEquals(params, {
    ...MAIN,
    name: "lab",
    magic: 0xd1b2c3a4,
    defaultPort: 28_333,
    genesisBlock: undefined,
    fixedSeeds,
  });
});

const REFUSALS: readonly (readonly [what: string, description: unknown, message: string])[] = [
  ["no table", "lab", `the description must be a table: received "lab"`],
  [
    "a missing key",
    { ...LAB, magic: undefined },
    "magic must be a whole number up to 0xffffffff, or 8 hex digits as text: received nothing",
  ],
  ["no name", {}, "name must be 1 to 32 of a-z, 0-9, - and _, the first a letter or digit: received nothing"],
  ["a mistyped key", { nmae: "lab" }, "there is no key nmae (did you mean name?)"],
  ["a built-in name", { ...LAB, name: "main" }, `name must be a name that no built-in network has: received "main"`],
  [
    "a path as name",
    { ...LAB, name: "../x" },
    `name must be 1 to 32 of a-z, 0-9, - and _, the first a letter or digit: received "../x"`,
  ],
  ["a port out of range", { ...LAB, port: 65_536 }, "port must be a whole number from 1 to 65535: received 65536"],
  ["a port as text", { ...LAB, port: "1" }, `port must be a whole number from 1 to 65535: received "1"`],
  ["a wire that is none", { ...LAB, wire: "json" }, `wire must be one of native, bitcoin: received "json"`],
  [
    "a magic that is too long",
    { ...LAB, magic: "f9beb4d900" },
    `magic must be a whole number up to 0xffffffff, or 8 hex digits as text: received "f9beb4d900"`,
  ],
  [
    "neither message nor root",
    { ...LAB, genesis: { time: 1 } },
    "genesis must be one of message and merkle-root: received none",
  ],
  [
    "both",
    { ...LAB, genesis: { ...LAB.genesis, "merkle-root": "0".repeat(64) } },
    "genesis must be one of message and merkle-root: received both",
  ],
  [
    "a long message",
    { ...LAB, genesis: { time: 1, message: "é".repeat(46) } },
    `genesis.message must be at most 91 bytes of text: received "${"é".repeat(46)}"`,
  ],
  [
    "a fraction",
    { ...LAB, genesis: { ...LAB.genesis, time: 1.5 } },
    "genesis.time must be a whole number from 0 to 4294967295: received 1.5",
  ],
  [
    "impossible bits",
    { ...LAB, "pow-limit-bits": 0x04923456 },
    "pow-limit-bits must be bits of a target above 0: received 76690518",
  ],
  [
    "a genesis block that is too easy",
    { ...LAB, difficulty: "main", genesis: { ...LAB.genesis, bits: 0x207fffff } },
    "genesis.bits must be no easier than pow-limit-bits: received 0x207fffff",
  ],
  [
    "a seed without a port",
    { ...LAB, "fixed-seeds": ["seed.example"] },
    `fixed-seeds[0] must be HOST:PORT: received "seed.example"`,
  ],
  [
    "a key in the wrong place",
    { ...LAB, genesis: { ...LAB.genesis, magic: 1 } },
    "there is no key genesis.magic: one of time, version, bits, nonce, merkle-root, message",
  ],
];

for (const [what, description, message] of REFUSALS) {
  test(`custom network: refused: ${what}`, () => {
    const error = assertThrows(() => describeNetwork(description, testHasher), LocalError);
    assertEquals([error.code, error.message], ["bad-config", `Cannot define a network: ${message}`]);
  });
}
