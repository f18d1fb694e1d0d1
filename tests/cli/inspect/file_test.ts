import { test } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encodeFileHead } from "../../../src/capture/pcapng.ts";
import { Recorder } from "../../../src/capture/recorder.ts";
import { createBlockFileWriter } from "../../../src/platform/block_file.ts";
import { REGTEST } from "../../../src/protocol/networks.ts";
import { concatBytes } from "../../../src/util/bytes.ts";
import { hexToBytes } from "../../../src/util/hex.ts";
import { ManualEnv } from "../../support/manual_env.ts";
import { parseTranscript, vectorLines } from "../../support/test_data.ts";
import { runWith } from "../run_program.ts";

const LINES = vectorLines("regtest_frames.jsonl");
const FRAMES = parseTranscript(LINES);
const BLOCK = hexToBytes(vectorLines("regtest_block_163.hex").join(""));

/** A folder with one file of this content, for `p2p inspect` to read. */
async function inspect(name: string, content: Uint8Array | string, words: readonly string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), "p2p-"));
  try {
    const path = join(folder, name);
    writeFileSync(path, content);
    return await runWith(["inspect", path, ...words]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The real frames, as a node would have captured them. */
function capture(): Uint8Array {
  const blocks = [encodeFileHead("/p2p/", "regtest", 252)];
  const recorder = new Recorder({ env: new ManualEnv(), network: REGTEST, append: (block) => blocks.push(block) > 0 });
  const tap = recorder.open({ remote: { host: "192.0.2.1", port: 1 }, local: { host: "192.0.2.2", port: 2 } });
  FRAMES.forEach(({ frame }, i) => i % 2 === 0 ? tap.received(frame) : tap.sent(frame));
  return concatBytes(blocks);
}

function messages(stdout: string): { type: string; from: string }[] {
  return stdout.trim().split("\n").map((line) => JSON.parse(line)).filter(({ summary }) => typeof summary !== "object");
}

function countOf(command: string): number {
  return FRAMES.filter((line) => line.command === command).length;
}

test("inspect FILE: every message of a capture, and the totals", async () => {
  const { code, stdout, stderr } = await inspect("net.pcapng", capture());
  assertEquals([code, stderr], [0, ""]);
  const [first] = stdout.split("\n");
  assertMatch(
    first!,
    /^ +1 {2}\d{4}-\d\d-\d\d \S+ +192\.0\.2\.1:1 → 192\.0\.2\.2:2 +version +141 B {2}\/Satoshi:0\.21\.1/,
  );
  assertMatch(stdout, new RegExp(`^version +${countOf("version")} `, "m"));
  assertMatch(stdout, new RegExp(`^all +${FRAMES.length} `, "m"));
});

test("inspect FILE: --json is a line a message, and the totals as the last", async () => {
  const { stdout } = await inspect("net.pcapng", capture(), ["--json"]);
  assertEquals(messages(stdout).map(({ type }) => type), FRAMES.map(({ command }) => command));
  const { summary } = JSON.parse(stdout.trim().split("\n").at(-1)!);
  assertEquals(summary.count, FRAMES.length);
  assertEquals(summary.bytes, FRAMES.reduce((sum, { frame }) => sum + frame.length, 0));
});

test("inspect FILE: --filter by types and conditions, --count ends early", async () => {
  const types = async (...words: string[]) => {
    const { code, stdout, stderr } = await inspect("net.pcapng", capture(), [...words, "--json"]);
    assertEquals(code, 0, stderr);
    return messages(stdout).map(({ type }) => type);
  };
  const isWanted = ({ command }: { command: string }) => command === "ping" || command === "headers";
  const wanted = FRAMES.filter(isWanted).map(({ command }) => command);
  assertEquals(await types("--filter", "ping,headers"), wanted);
  assertEquals(await types("--filter", "ping", "--filter", "headers"), wanted);
  const large = FRAMES.filter(({ frame }) => frame.length > 1_024).map(({ command }) => command);
  assertEquals(await types("--filter", "size>1KiB"), large);
  assertEquals((await types("--filter", "direction=out")).length, Math.floor(FRAMES.length / 2));
  assertEquals((await types("--filter", "from~192.0.2.1:", "--filter", "direction=out")).length, 0);
  assertEquals((await types("--filter", "peer~192.0.2.1:")).length, FRAMES.length);
  assertEquals(await types("--count", "2"), FRAMES.slice(0, 2).map(({ command }) => command));
});

test("inspect FILE: --fields shows what is in a message, as inspect frame does", async () => {
  const { code, stdout } = await inspect("net.pcapng", capture(), ["--filter", "number=1", "--fields"]);
  assertEquals(code, 0);
  const frame = await runWith(["inspect", "frame", JSON.parse(LINES[0]!).hex]);
  assertStringIncludes(stdout, frame.stdout.replace(/^(?=.)/gm, "    "));
  assertEquals(stdout.match(/ checksum /g)?.length, 1);
});

test("inspect FILE: a filter that makes no sense is refused before anything is shown", async () => {
  for (
    const [filter, says] of [["versoin", /did you mean version/], ["sizee>1", /no column/], [
      "size>big",
      /number/,
    ]] as const
  ) {
    const { code, stdout, stderr } = await inspect("net.pcapng", capture(), ["--filter", filter]);
    assertEquals([code, stdout], [2, ""]);
    assertMatch(stderr, says);
  }
});

test("inspect FILE: a capture that was cut shows what is there, then one line, exit 1", async () => {
  const whole = capture();
  const { code, stdout, stderr } = await inspect("net.pcapng", whole.subarray(0, whole.length - 5));
  assertEquals(code, 1);
  assertMatch(stdout, new RegExp(`^all +${FRAMES.length - 1} `, "m"));
  assertMatch(
    stderr,
    /^p2p: Cannot read \S+net\.pcapng: at byte \d+: the file ends after \d+ of the \d+ bytes of a block\n$/,
  );
});

test("inspect FILE: transcripts, with their own time and both ends", async () => {
  const lines = FRAMES.map(({ command }, i) => {
    const { hex } = JSON.parse(LINES[i]!);
    return JSON.stringify({ t: 1.5 + i, dir: i % 2 === 0 ? ">" : "<", command, hex });
  });
  const { code, stdout } = await inspect("talk.jsonl", `${lines.join("\n")}\n`);
  assertEquals(code, 0);
  assertMatch(stdout, /^ +1 {2}1\.500 +dialler → listener +version /m);
  assertMatch(stdout, /^ +2 {2}2\.500 +listener → dialler /m);
  const cut = await inspect("talk.jsonl", lines.join("\n").slice(0, -9));
  assertEquals(cut.code, 1);
  assertMatch(cut.stdout, new RegExp(`^all +${FRAMES.length - 1} `, "m"));
  assertStringIncludes(cut.stderr, `line ${FRAMES.length}: the file ends within it`);
});

test("inspect FILE: a line that is none of a transcript is named", async () => {
  for (const [line, says] of [["{}", /hex/], ['{"hex":"zz"}', /neither JSON nor hex/], ['{"hex":1}', /hex/]] as const) {
    const { code, stderr } = await inspect("talk.jsonl", `${LINES[0]}\n${line}\n${LINES[0]}\n`);
    assertEquals(code, 1);
    assertMatch(stderr, /line 2/);
    assertMatch(stderr, says);
  }
});

test("inspect FILE: block files, by network", async () => {
  const folder = mkdtempSync(join(tmpdir(), "p2p-"));
  try {
    const path = join(folder, "blk00000.dat");
    using writer = createBlockFileWriter(path, REGTEST.magic);
    for (let i = 0; i < 3; i++) writer.write(BLOCK);
    writer.finish();
    const { code, stdout } = await runWith(["inspect", path]);
    assertEquals(code, 0);
    assertMatch(stdout, /^ +0 {2}\d{4}-\d\d-\d\d \S+ +block +\S+ \S+ {2}[0-9a-f]{64} \d+ transactions?$/m);
    assertMatch(stdout, /^block +3 /m);
    const other = await runWith(["inspect", path, "--network", "main"]);
    assertEquals(other.code, 1);
    assertStringIncludes(other.stderr, "magic f9beb4d9 wanted");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("inspect FILE: what is no such file is told in a line", async () => {
  const cases: readonly (readonly [content: Uint8Array | string, says: RegExp])[] = [
    ["", /is empty/],
    ["hello", /neither a capture .* nor a transcript .* nor a block file/],
    [Uint8Array.of(1), /neither/],
  ];
  for (const [content, says] of cases) {
    const { code, stdout, stderr } = await inspect("some.file", content);
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, says);
  }
  const missing = await runWith(["inspect", "./no/such.pcapng"]);
  assertEquals([missing.code, missing.stderr], [1, "p2p: Cannot read ./no/such.pcapng: no such file or directory\n"]);
});

test("inspect FILE: a frame that a node would refuse is shown with what is wrong, and counted", async () => {
  const { hex } = JSON.parse(LINES[0]!) as { hex: string };
  const lines = [`${hex}00`, hex.slice(0, -2), `${hex.slice(0, -2)}02`, `00${hex}`, hex];
  const { code, stdout } = await inspect("talk.jsonl", lines.map((each) => JSON.stringify({ hex: each })).join("\n"));
  assertEquals(code, 0);
  const says = [/1 bytes follow it/, /truncated: 140 bytes/, /bad-checksum/, /no network that is known/, /Satoshi/];
  stdout.split("\n").slice(0, says.length).forEach((line, i) => assertMatch(line, says[i]!));
  assertStringIncludes(stdout, "4 of them with a problem");
});

test("inspect FILE: a user agent cannot act on the terminal", async () => {
  const hex = JSON.parse(LINES[0]!).hex.replace(/2f5361746f7368693a/, "1b5d303b6f776e6564");
  const { stdout } = await inspect("talk.jsonl", `${JSON.stringify({ hex })}\n`);
  assertEquals(stdout.includes("\x1b"), false);
});
