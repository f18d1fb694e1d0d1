import { test } from "node:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { CaptureReader } from "../../src/capture/capture_reader.ts";
import { readPcapng } from "../../src/capture/pcapng_reader.ts";
import { openCapture } from "../../src/node/capture.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { bytesToHex } from "../../src/util/hex.ts";
import { nameFrame } from "../../src/wire/frame_trace.ts";
import { makeBranch, REGTEST_GENESIS } from "../support/made_chain.ts";
import { memorySource } from "../support/memory_source.ts";
import { feed, simulateNode } from "../support/simulated_node.ts";

const BLOCKS = 20;
const CHAIN = [REGTEST_GENESIS, ...makeBranch({ count: BLOCKS })];

/** A node of a simulated network syncs from another one and is overheard; what is in the file. */
async function captureSync(folder: string, seed: number): Promise<Uint8Array> {
  const network = createMemoryNetwork({ seed, link: { latencyMs: 5 }, scrambleChunks: true });
  const path = join(folder, "simulated.pcapng");
  const env = network.env("b");
  const capture = await openCapture({
    path,
    maxFileBytes: Infinity,
    maxFiles: 1,
    network: REGTEST,
    env,
    application: "/test/",
  });
  const { node: source } = simulateNode(network, "a");
  feed(source, CHAIN);
  await source.start();
  const { node } = simulateNode(network, "b", { connect: ["a"], transport: capture.tap(network.transport("b")) });
  await node.start();
  await network.run(() => node.chain().height === BLOCKS);
  await capture.close();
  return new Uint8Array(readFileSync(path));
}

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "p2p-"));
  try {
    await act(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("capture: what a simulated node heard and said, the same bytes from the same seed", async () => {
  await inFolder(async (folder) => {
    const [first, again, other] = [
      await captureSync(folder, 1),
      await captureSync(folder, 1),
      await captureSync(folder, 2),
    ];
    assertEquals(bytesToHex(first), bytesToHex(again));
    assertNotEquals(bytesToHex(first), bytesToHex(other));
    const reader = new CaptureReader([REGTEST]);
    const found = [...readPcapng(memorySource(first))].flatMap((packet) =>
      reader.take(packet).map(({ direction, frame }) => `${direction} ${nameFrame("bitcoin", frame)}`)
    );
    assertEquals(found.slice(0, 2), ["out version", "in version"]);
    assertEquals(found.filter((each) => each === "in block").length, BLOCKS);
    assert(found.includes("in headers") && found.includes("out getdata"));
  });
});
