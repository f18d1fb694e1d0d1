import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { tapTransport } from "../../src/platform/tapped_transport.ts";
import type { Connection } from "../../src/platform/types.ts";

const PLACE = { host: "b", port: 1 };

test("tapped transport: hears both directions at either end, and changes nothing", async () => {
  const network = createMemoryNetwork({ seed: 1, link: { latencyMs: 1 }, scrambleChunks: true });
  const heard: Record<string, string> = {};
  const listen = (who: string) => (connection: Connection) => {
    assertEquals("port" in connection.remote, true);
    const note = (way: string) => (bytes: Uint8Array) => {
      heard[`${who} ${way}`] = (heard[`${who} ${way}`] ?? "") + new TextDecoder().decode(bytes);
    };
    return { received: note("received"), sent: note("sent") };
  };
  const got: Record<string, string> = { a: "", b: "" };
  let closed = 0;
  const sink = (who: string) => ({
    data: (chunk: Uint8Array) => void (got[who] += new TextDecoder().decode(chunk)),
    drained() {},
    closed: () => void closed++,
  });
  await tapTransport(network.transport("b"), listen("b")).listen(PLACE, (connection) => {
    connection.start(sink("b"));
    connection.write(new TextEncoder().encode("and good bye"));
  });
  const dialling = tapTransport(network.transport("a"), listen("a")).dial(PLACE, { timeoutMs: 100 });
  let dialled: Connection | undefined;
  dialling.then((connection) => {
    dialled = connection;
    connection.start(sink("a"));
    connection.write(new TextEncoder().encode("hello"));
  });
  await network.run(() => got["a"] === "and good bye" && got["b"] === "hello");
  dialled?.close();
  await network.run(() => closed === 2);
  assertEquals(dialled?.remote, PLACE);
  assertEquals(got, { a: "and good bye", b: "hello" });
  assertEquals(heard, {
    "a sent": "hello",
    "b received": "hello",
    "b sent": "and good bye",
    "a received": "and good bye",
  });
});
