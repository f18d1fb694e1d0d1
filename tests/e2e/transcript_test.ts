import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { END_TO_END, type TestOptions } from "../support/binary.ts";
import { frame, RawPeer } from "../support/raw_peer.ts";
import { type Site, siteTest } from "../support/site.ts";
import { readTestData, testChain } from "../support/test_chain.ts";
import { within } from "../support/wait.ts";

/** One message of a recorded conversation: from the one that dialled (`>`) or to it. */
interface Line {
  readonly dir: ">" | "<";
  readonly command: string;
  readonly frame: Buffer;
}

const IBD = "transcript-ibd.jsonl";
const RELAY = "transcript-relay.jsonl";

/** What the recorded listener said that depends on nothing but the chain. */
const ANSWERS: ReadonlySet<string> = new Set(["headers", "block"]);

siteTest("transcript: a real node's initial download gets the answers that it got then", async (site) => {
  const lines = readTranscript(IBD);
  const expected = lines.filter(({ dir, command }) => dir === "<" && ANSWERS.has(command)).map((line) => line.frame);
  const peer = await replay(site, lines);
  const answers: Buffer[] = [];
  const { promise: done, resolve } = Promise.withResolvers<void>();
  peer.listen(({ command, payload }) => {
    if (ANSWERS.has(command)) answers.push(frame(command, payload));
    // The recording ends before the last answers.
    if (answers.length === expected.length) resolve();
  });
  await within(`${expected.length} answers`, done);
  for (const [i, frame] of expected.entries()) assert(frame.equals(answers[i]!), `answer ${i} differs`);
}, needs(IBD));

siteTest("transcript: a real node's relay of transactions and compact blocks is borne", async (site) => {
  const peer = await replay(site, readTranscript(RELAY));
  await peer.ping();
  assertEquals(peer.heard.slice(0, 1), ["version"]);
}, needs(RELAY));

function needs(name: string): TestOptions {
  const skip = END_TO_END.skip || (readTestData(name) ? false : `the shared test data with ${name} is not there`);
  return { ...END_TO_END, skip };
}

/** A node with the chain of the recording, and a peer that says what the recorded dialler said. */
async function replay(site: Site, lines: readonly Line[]): Promise<RawPeer> {
  const node = await site.node({ args: ["--import", site.file("main.blk", testChain().mainFile)] });
  const peer = await RawPeer.dial(node.port);
  site.onEnd(() => peer.close());
  for (const { dir, frame } of lines) {
    if (dir === ">") peer.sendBytes(frame);
  }
  return peer;
}

function readTranscript(name: string): Line[] {
  const text = readTestData(name)?.toString() ?? "";
  return text.split("\n").filter((line) => line !== "").map((line) => {
    const { dir, command, hex } = JSON.parse(line) as { dir: ">" | "<"; command: string; hex: string };
    return { dir, command, frame: Buffer.from(hex, "hex") };
  });
}
