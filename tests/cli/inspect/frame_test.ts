import { test } from "node:test";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { parseTranscript, vectorLines } from "../../support/test_data.ts";
import { bytesToHex } from "../../../src/util/hex.ts";
import { runWith } from "../run_program.ts";

const FRAMES = parseTranscript(vectorLines("regtest_frames.jsonl"));
const VERACK = "fabfb5da76657261636b000000000000000000005df6e0e2";
const PING = "fabfb5da70696e6700000000000000000800000055a086fddc2e530863167bc3";
/** A ping of the built-in native network. */
const NATIVE_PING = "f0d2b2f003080000efcdab8967452301";

function frameOf(command: string): string {
  return bytesToHex(FRAMES.find((line) => line.command === command)!.frame);
}

test("inspect frame: names the fields of a version, recognises the network, verifies the checksum", async () => {
  const { code, stdout, stderr } = await runWith(["inspect", "frame", frameOf("version")]);
  assertEquals([code, stderr], [0, ""]);
  assertMatch(stdout, /^version: 141 bytes, bitcoin wire, network regtest$/m);
  assertMatch(stdout, /^ +20 +4 +checksum +665496c3 +right$/m);
  assertMatch(stdout, /^ +28 +8 +services +0d04000000000000 +NETWORK, BLOOM, WITNESS, NETWORK_LIMITED$/m);
  assertMatch(stdout, /^ +105 +31 +userAgent.text +2f53\S+ +\/Satoshi:0\.21\.1\/Knots:20210629\/$/m);
});

test("inspect frame: the native wire too", async () => {
  const { code, stdout } = await runWith(["inspect", "frame", NATIVE_PING]);
  assertEquals(code, 0);
  assertMatch(stdout, /^ping: 16 bytes, native wire, network p2p$/m);
  assertMatch(stdout, /^ +8 +8 +nonce +efcdab8967452301 +81985529216486895$/m);
});

test("inspect frame: --json has every byte, and says the same", async () => {
  const { stdout } = await runWith(["inspect", "frame", frameOf("tx"), "--json"]);
  const [frame] = JSON.parse(stdout);
  assertEquals(frame.fields.map(({ hex }: { hex: string }) => hex).join(""), frameOf("tx"));
  assertEquals([frame.type, frame.network, frame.checksum, frame.problem], ["tx", "regtest", "right", null]);
  assertEquals(frame.names[0].txid.length, 64);
  assertEquals(frame.message.type, "tx");
});

test("inspect frame: hex as people paste it, in one word or in many", async () => {
  const spaced = PING.replace(/../g, "$& ").trim();
  for (const words of [[`0x${PING}`], [spaced], spaced.split(" "), [PING.toUpperCase()], [`${PING}\n`]]) {
    const { code, stdout } = await runWith(["inspect", "frame", ...words]);
    assertEquals(code, 0, words.join("|"));
    assertStringIncludes(stdout, "ping: 32 bytes");
  }
});

test("inspect frame: several frames in a row, each with its own place", async () => {
  const { code, stdout } = await runWith(["inspect", "frame", VERACK + PING]);
  assertEquals(code, 0);
  assertMatch(stdout, /^ping: 32 bytes at byte 24,/m);
});

test("inspect frame: a payload alone, where its type is told", async () => {
  const words = ["inspect", "frame", "dc2e530863167bc3", "--payload", "ping"];
  const { code, stdout } = await runWith([...words, "--network", "regtest"]);
  assertEquals(code, 0);
  assertMatch(stdout, /^ +0 +8 +nonce +dc2e530863167bc3 +\d+$/m);
  const unnamed = await runWith(words);
  assertEquals(unnamed.code, 2);
  assertStringIncludes(unnamed.stderr, "--network");
});

/** What is wrong, the exit code, and what the one line says. */
const WRONG: readonly (readonly [words: readonly string[], code: number, says: RegExp])[] = [
  [["fabfb"], 2, /5 digits, an odd number/],
  [["fabfzz"], 2, /received "z" after 4 digits/],
  [[" "], 2, /no digits/],
  [[], 2, /needs HEX/],
  [["fabf"], 1, /2 bytes are no frame/],
  [["01020304"], 1, /no known network's frames begin with 01020304.*--network FILE/],
  [[PING.slice(0, -2)], 1, /ping: truncated: the header announces 8 bytes, 7 are there/],
  [["fabfb5da70696e67"], 1, /a frame: truncated: within the header/],
  [[PING.replace("c3", "c4")], 1, /ping: bad-checksum/],
  [[PING.replace("08000000", "09000000")], 1, /ping: oversized: ping of 9 bytes, at most 8/],
  [[PING, "--network", "main"], 1, /ping: bad-magic/],
  [[VERACK + PING.slice(0, 20)], 1, /at byte 24: truncated/],
  [["00", "--payload", "pinng", "--network", "main"], 2, /ping/],
];

for (const [words, code, says] of WRONG) {
  test(`inspect frame ${words.join(" ").slice(0, 40)}: exit ${code}, and one line why`, async () => {
    const ran = await runWith(["inspect", "frame", ...words]);
    assertEquals(ran.code, code, ran.stderr);
    assertMatch(ran.stderr, says);
    assertEquals(ran.stderr.trim().split("\n").length, 1);
  });
}

test("inspect frame: a command that we do not know is carried as it is, and its text cannot act", async () => {
  const frame = "fabfb5da6e657773000000000000000004000000" + "30475e2a" + "1b5b324a";
  const { code, stdout, stderr } = await runWith(["inspect", "frame", frame]);
  assertEquals([code, stderr], [0, ""]);
  assertStringIncludes(stdout, "news, which this version does not know");
  assertStringIncludes(stdout, "\\x1b[2J");
  assertEquals(stdout.includes("\x1b"), false);
});
