import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { LANE_POLICIES } from "../../src/protocol/lanes.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { MAX_APP_PAYLOAD_BYTES } from "../../src/protocol/wire_limits.ts";
import { dialApp, runFor, startNodes } from "../support/app_world.ts";
import type { ScriptedPeer } from "../support/scripted_peer.ts";

const TOPIC = "chat";
/** Says who spoke. */
const QUIET = 1;
const LOUD = 2;
/** What loud ones say in a row before the quiet one says a word. */
const ROW = 64;
const ROWS_AT_ONCE = 4;
const TIMEOUT = { timeout: 60_000 };
let lastId = 0n;

function publish(speaker: number, sizeBytes: number): Message {
  return { type: "publish", topic: TOPIC, id: ++lastId, payload: new Uint8Array(sizeBytes).fill(speaker, 0, 1) };
}

function heardOf(peer: ScriptedPeer, speaker: number): number {
  return peer.of("publish").filter(({ payload }) => payload[0] === speaker).length;
}

/** A node with a topic, and a subscriber that reads nothing for now. */
async function scene(loudOnes: number) {
  const { network, nodes: [node] } = await startNodes([[]]);
  node!.topic(TOPIC);
  const reader = await dialApp(network, "reader");
  const quiet = await dialApp(network, "quiet");
  const loud: ScriptedPeer[] = [];
  for (let i = 0; i < loudOnes; i++) loud.push(await dialApp(network, `loud${i}`));
  reader.send({ type: "subscribe", topics: [TOPIC] });
  await runFor(network);
  reader.connection.pause();
  return { network, node: node!, reader, quiet, loud };
}

test(
  "topics: a program's burst to a slow reader is queued but for a rest, which others find free",
  TIMEOUT,
  async () => {
    const { network, node, reader, quiet } = await scene(0);
    const topic = node.topic(TOPIC);
    const payload = new Uint8Array(3_000).fill(LOUD, 0, 1);
    const burst = 3_100;
    let queued = 0;
    for (let i = 0; i < burst; i++) queued += topic.publish(payload).peers;
    assertEquals([queued, topic.publish(new Uint8Array(MAX_APP_PAYLOAD_BYTES)).peers], [burst, 0]);
    for (let i = 0; i < ROW; i++) quiet.send(publish(QUIET, payload.length));
    await runFor(network, 5_000);
    reader.connection.resume();
    await runFor(network, 60_000);
    assertEquals([heardOf(reader, QUIET), heardOf(reader, LOUD)], [ROW, burst]);
  },
);

test(
  "topics: a program that floods a slow reader crowds out nothing that it passes on, and is told",
  TIMEOUT,
  async () => {
    const { network, node, reader, quiet } = await scene(0);
    const topic = node.topic(TOPIC);
    const payload = new Uint8Array(65_536).fill(LOUD, 0, 1);
    const rows = Math.ceil(1.3 * LANE_POLICIES.data.maxBytes / payload.length / ROW);
    let queued = 0;
    for (let row = 0; row < rows; row++) {
      for (let i = 0; i < ROW; i++) queued += topic.publish(payload).peers;
      quiet.send(publish(QUIET, payload.length));
      await runFor(network, 20);
    }
    await runFor(network, 5_000);
    reader.connection.resume();
    await runFor(network, 60_000);
    assertEquals([heardOf(reader, QUIET), heardOf(reader, LOUD)], [rows, queued]);
    assertEquals(node.applications().topics[0]!.withheld, rows * ROW - queued);
    assert(queued > ROW && queued < rows * ROW, `${queued} queued`);
    assertEquals(topic.publish(payload).peers, 1, "once there is room again");
  },
);

for (
  const { what, sizeBytes, loudOnes } of [
    { what: "large", sizeBytes: 65_536, loudOnes: 1 },
    { what: "large", sizeBytes: 65_536, loudOnes: 3 },
    { what: "small", sizeBytes: 8, loudOnes: 1 },
  ]
) {
  test(
    `topics: ${loudOnes} that flood with ${what} messages make nobody else's drop`,
    TIMEOUT,
    async () => {
      const { maxBytes, maxFrames } = LANE_POLICIES.data;
      // More than the reader's lane holds, all in all.
      const rows = Math.ceil(1.3 * Math.min(maxFrames, maxBytes / sizeBytes) / ROW);
      const { network, node, reader, quiet, loud } = await scene(loudOnes);
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < ROW; i++) loud[i % loudOnes]!.send(publish(LOUD, sizeBytes));
        quiet.send(publish(QUIET, sizeBytes));
        if (row % ROWS_AT_ONCE === 0) await runFor(network, 20);
      }
      await runFor(network, 5_000);
      const { withheld } = node.applications().topics[0]!;
      reader.connection.resume();
      await runFor(network, 60_000);
      assertEquals(heardOf(reader, QUIET), rows);
      const heard = heardOf(reader, LOUD);
      assert(withheld > 0 && heard > rows, `${heard} heard, ${withheld} withheld`);
      assertEquals(node.peers().length, 2 + loudOnes);
      // Once there is room again, nobody is held to what he did.
      loud[0]!.send(publish(LOUD, sizeBytes));
      await runFor(network, 5_000);
      assertEquals(heardOf(reader, LOUD), heard + 1);
    },
  );
}
