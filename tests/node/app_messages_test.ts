import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { MAX_APP_PAYLOAD_BYTES } from "../../src/protocol/wire_limits.ts";
import { PING_INTERVAL_MS } from "../../src/protocol/connection_params.ts";
import { runFor, startNodes, WIRES } from "../support/app_world.ts";

for (const [wire, params] of WIRES) {
  test(`app messages, ${wire} wire: a full outbox refuses, and the program hears once when it takes more`, async () => {
    const { network, nodes: [a, b] } = await startNodes([[], ["a"]], params);
    const [peer] = b!.peers();
    const writable: number[] = [];
    b!.on("peer:writable", (event) => void writable.push(event.peer));
    const received: number[] = [];
    a!.on("app:message", ({ payload }) => void received.push(payload[0]!));

    const payload = (i: number) => new Uint8Array(MAX_APP_PAYLOAD_BYTES).fill(i);
    let sent = 0;
    while (b!.send(peer!.id, payload(sent))) sent++;
    assertEquals(b!.send(peer!.id, payload(sent)), false);
    await runFor(network);
    assertEquals(writable, [peer!.id]);

    assertEquals(b!.send(peer!.id, payload(sent)), true);
    await runFor(network);
    assertEquals(received, Array.from({ length: sent + 1 }, (_, i) => i));
    assertEquals(writable.length, 1);
  });
}

test("peers: a ping and its answer are events", async () => {
  const { network, nodes: [, b] } = await startNodes([[], ["a"]]);
  const [peer] = b!.peers();
  const events: string[] = [];
  b!.on("peer:ping", ({ peer }) => void events.push(`ping ${peer}`));
  b!.on("peer:pong", ({ peer, roundTripMs }) => void events.push(`pong ${peer} ${roundTripMs >= 0}`));
  await runFor(network, PING_INTERVAL_MS);
  assertEquals(events, [`ping ${peer!.id}`, `pong ${peer!.id} true`]);
});
