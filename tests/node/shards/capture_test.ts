import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { assertEquals, assertGreater, assertLess } from "@std/assert";
import { CaptureReader } from "../../../src/capture/capture_reader.ts";
import { readPcapng } from "../../../src/capture/pcapng_reader.ts";
import { type Capture, openCapture } from "../../../src/node/capture.ts";
import { RecordSender } from "../../../src/node/shards/record_sender.ts";
import { decodeNote, RECORD, type ToMain } from "../../../src/node/shards/records.ts";
import { ShardCapture } from "../../../src/node/shards/shard_capture.ts";
import { createEnv } from "../../../src/platform/env.ts";
import { createMemoryNetwork } from "../../../src/platform/memory.ts";
import type { Connection } from "../../../src/platform/types.ts";
import { SHARD_CAPTURE_BYTES } from "../../../src/protocol/capture_params.ts";
import { REGTEST } from "../../../src/protocol/networks.ts";
import { silentLogger } from "../../../src/util/env.ts";
import { bitcoinCodec } from "../../../src/wire/bitcoin.ts";
import { nameFrame } from "../../../src/wire/frame_trace.ts";
import { ManualEnv } from "../../support/manual_env.ts";
import { memorySource } from "../../support/memory_source.ts";
import { Miner } from "../../support/mining.ts";
import { link, reachHeight, RealNodes } from "../../support/real_nodes.ts";
import { testHasher } from "../../support/test_hasher.ts";

const BLOCKS = 50;
const PEERS = 4;
/** Of a frame: many fill what may wait. */
const LARGE_BYTES = 1_000_000;
const LARGE_FRAMES = 20;

async function captured(act: (capture: Capture) => Promise<void>): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "p2p-"));
  try {
    const path = join(folder, "workers.pcapng");
    const env = createEnv({ logger: () => silentLogger });
    const size = { maxFileBytes: Infinity, maxFiles: 1 };
    const capture = await openCapture({ path, ...size, network: REGTEST, env, application: "/test/" });
    await act(capture);
    await capture.close();
    const reader = new CaptureReader([REGTEST]);
    const packets = [...readPcapng(memorySource(new Uint8Array(readFileSync(path))))];
    const frames = packets.flatMap((packet) =>
      reader.take(packet).map(({ direction, frame }) => `${direction} ${nameFrame("bitcoin", frame)}`)
    );
    assertEquals(capture.counts, { frames: frames.length, dropped: 0 });
    return frames;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("shards: what goes over their connections is in the capture, each frame once", async () => {
  const frames = await captured(async (capture) => {
    await using nodes = new RealNodes();
    const source = await nodes.start({ workers: 2 }, { capture: capture.records });
    for (const { raw } of new Miner().mineMany(BLOCKS)) source.submitBlock(raw);
    for (let peer = 0; peer < PEERS; peer++) {
      const other = await nodes.start();
      await link(other, source);
      await reachHeight(other, BLOCKS);
    }
  });
  const count = (frame: string) => frames.filter((each) => each === frame).length;
  assertEquals([count("in version"), count("out verack"), count("out block")], [PEERS, PEERS, PEERS * BLOCKS]);
  assertEquals(frames.slice(0, 2), ["in version", "out version"]);
});

test("shards: what the main thread is too slow for is left out of the capture and counted, and never waited for", async () => {
  const env = new ManualEnv();
  let isFull = true;
  let taken = 0;
  const notes: ToMain[] = [];
  const sender = new RecordSender({
    env,
    sink: {
      maxFrameBytes: Infinity,
      offer(record) {
        if (isFull) return false;
        if (record[0] === RECORD.captured) taken++;
        else notes.push(decodeNote<ToMain>(record));
        return true;
      },
      commit() {},
      close() {},
      wake() {},
    },
  });
  const capture = new ShardCapture({ env, network: REGTEST, sender });
  const network = createMemoryNetwork({ seed: 1, link: { latencyMs: 1 } });
  const place = { host: "b", port: 1 };
  let heardBytes = 0;
  await network.transport("b").listen(
    place,
    (connection) => connection.start({ data: (chunk) => void (heardBytes += chunk.length), drained() {}, closed() {} }),
  );
  let dialled: Connection | undefined;
  void capture.tap(network.transport("a")).dial(place, { timeoutMs: 100 }).then((connection) => dialled = connection);
  await network.run(() => dialled !== undefined);
  dialled!.start({ data() {}, drained() {}, closed() {} });
  const codec = bitcoinCodec(REGTEST.magic, testHasher);
  const frame = codec.encode({ type: "app", payload: new Uint8Array(LARGE_BYTES) });
  for (let sent = 0; sent < LARGE_FRAMES; sent++) dialled!.write(frame);
  await network.run(() => heardBytes === LARGE_FRAMES * frame.length);
  assertLess(sender.waitingBytes, SHARD_CAPTURE_BYTES + 1);
  capture.tellDropped();
  capture.tellDropped();
  isFull = false;
  sender.proceed();
  assertGreater(taken, 1);
  assertEquals(notes, [{ is: "uncaptured", frames: LARGE_FRAMES - taken }]);
});
