import { test } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { readServerEvents, type ServerEvent } from "../../../src/cli/inspect/server_events.ts";
import { compiled } from "../../support/binary.ts";
import { Program, run } from "../../support/program.ts";
import { RawPeer } from "../../support/raw_peer.ts";
import { siteTest } from "../../support/site.ts";

async function read(text: string): Promise<ServerEvent[]> {
  async function* lines() {
    yield* text.split("\n");
  }
  const events: ServerEvent[] = [];
  for await (const event of readServerEvents(lines())) events.push(event);
  return events;
}

test("server events: names, data of several lines, comments and heartbeats", async () => {
  const text =
    "retry: 5\n: hello\n\nid: 1\ndata: {}\n\nevent: lag\r\ndata: a\r\ndata:b\r\n\r\n: alive\n\ndata: cut off";
  assertEquals(await read(text), [{ name: "message", data: "{}" }, { name: "lag", data: "a\nb" }]);
});

siteTest("inspect events: one line an event, or one JSON, of the channels asked for", async (site) => {
  const node = await site.node({ args: ["--mine", "0.2"] });
  const events = ["inspect", "events", "--control", node.control];
  const json = await run(compiled(), [...events, "--channels", "sync", "--count", "3", "--json"]);
  assertEquals([json.code, json.stderr], [0, ""]);
  const values = json.stdout.trimEnd().split("\n").map((line) => JSON.parse(line));
  assertEquals(values.map(({ channel }) => channel), ["sync", "sync", "sync"]);
  const people = await run(compiled(), [...events, "--types", "block:connected", "--count", "1"]);
  assertMatch(people.stdout, /^\d\d:\d\d:\d\d\.\d{3} {2}sync {7}block:connected {2}hash=[0-9a-f]{64} height=\d+\n$/);
  const wrong = await run(compiled(), [...events, "--channels", "news"]);
  assertEquals([wrong.code, wrong.stdout], [2, ""]);
  assertMatch(wrong.stderr, /channels are control, sync, inventory, data: received news/);
});

siteTest("inspect events: what peers say is escaped, and the end of the node is told", async (site) => {
  const node = await site.node();
  const follower = new Program(compiled(), ["inspect", "events", "--channels", "control", "--control", node.control]);
  site.onEnd(() => follower.cleanUp());
  // The follower is there once the node tells it something: who came before is not told.
  let peer: RawPeer | undefined;
  for (let attempt = 0; follower.stdout === "" && attempt < 50; attempt++) {
    peer?.close();
    peer = await RawPeer.dial(node.port);
    await peer.shakeHands({ userAgent: "/evil\x1b[2J:1/" });
    await follower.line(/peer:/, 200).catch(() => {});
  }
  site.onEnd(() => peer?.close());
  const [line] = await follower.line(/^.*peer:connected.*$/m);
  assertMatch(line, /peer=\d+ direction=inbound address=127\.0\.0\.1:\d+ userAgent=\/evil\\x1b\[2J:1\//);
  await node.stop();
  assertEquals((await follower.exited).code, 3);
  assertMatch(follower.stderr, /^p2p: the node at \S+ ended the events\n$/);
});

siteTest("inspect events: SIGINT ends it with 130", async (site) => {
  const node = await site.node({ args: ["--mine", "0.1"] });
  const follower = new Program(compiled(), ["inspect", "events", "--control", node.control]);
  site.onEnd(() => follower.cleanUp());
  await follower.line(/block:connected/);
  assertEquals((await follower.end("SIGINT")).code, 130);
});
