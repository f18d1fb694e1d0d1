import { request } from "node:http";
import { test } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import { serveControl } from "../../src/cli/serve_control.ts";
import { createEnv } from "../../src/platform/env.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import { ask } from "../support/http.ts";
import { dialScripted } from "../support/scripted_peer.ts";
import { simulateNode } from "../support/simulated_node.ts";
import { parseEventStream } from "../support/server_events.ts";
import { within } from "../support/wait.ts";

const DASHBOARDS = 100;
const TIMEOUT = { timeout: 30_000 };

/** Reads a stream of events until `pattern` was seen, and leaves. Resolves twice: connected, and with what it read. */
function follow(
  port: number,
  pattern: RegExp,
  headers: Readonly<Record<string, string>> = {},
): { readonly connected: Promise<void>; readonly seen: Promise<string> } {
  const connected = Promise.withResolvers<void>();
  const seen = Promise.withResolvers<string>();
  const options = { host: "127.0.0.1", port, path: "/v1/events?channels=control", agent: false, headers };
  const asked = request(options, (response) => {
    let text = "";
    response.setEncoding("utf8");
    response.on("data", (chunk: string) => {
      text += chunk;
      connected.resolve();
      if (!pattern.test(text)) return;
      seen.resolve(text);
      asked.destroy();
    });
    response.on("error", () => {});
  });
  asked.on("error", (error) => connected.reject(error));
  asked.end();
  return { connected: connected.promise, seen: seen.promise };
}

/** Serves the control API of a simulated node at a real port while `act` runs. */
async function served(act: (port: number, network: MemoryNetwork) => Promise<void>): Promise<void> {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "a");
  await node.start();
  const env = createEnv();
  const server = await serveControl({ host: "127.0.0.1", port: 0 }, node, env, { runtime: "test", token: undefined });
  const { port } = server.local as { port: number };
  try {
    await act(port, network);
  } finally {
    await server.close();
  }
}

test("control: who was cut asks by Last-Event-ID for what it missed", TIMEOUT, () =>
  served(async (port, network) => {
    const first = follow(port, /peer:connected/);
    await within("it is there", first.connected);
    await dialScripted(network, "b", "a");
    const { lastEventId } = parseEventStream(await within("it sees the peer", first.seen));
    await dialScripted(network, "c", "a");
    const again = follow(port, /peer:connected/, { "last-event-id": lastEventId! });
    const text = await within("it sees the other one", again.seen);
    assertEquals([text.match(/peer:connected/g)!.length, /"id":2/.test(text), /event: /.test(text)], [1, true, false]);
  }));

test(
  "control: a hundred dashboards follow at once, and the API answers beside them",
  TIMEOUT,
  () =>
    served(async (port, network) => {
      const readers = Array.from({ length: DASHBOARDS }, () => follow(port, /peer:connected/));
      await within("all connect", Promise.all(readers.map(({ connected }) => connected)));
      await dialScripted(network, "b", "a");
      await within("all see the peer", Promise.all(readers.map(({ seen }) => seen)));
      const { status, body } = await ask({ host: "127.0.0.1", port, path: "/v1/peers" });
      assertEquals(status, 200);
      assertMatch(body, /\/scripted\//);
    }),
);
