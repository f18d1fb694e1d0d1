import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { test } from "node:test";
import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { CommandError, EXIT } from "../../../src/cli/exit.ts";
import { askControl, awaitReadiness, type Control, openControlLines } from "../../../src/cli/inspect/ask.ts";

const WAIT_MS = 300;
const NEVER = new AbortController().signal;

/** Something that takes connections and does with each what it is told. */
async function listen(accept: (socket: Socket) => void): Promise<Control & AsyncDisposable> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    accept(socket);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  return {
    endpoint: { host: "127.0.0.1", port },
    headers: {},
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

const QUESTIONS: Readonly<Record<string, (control: Control) => Promise<unknown>>> = {
  "a question": (control) => askControl(control, "/v1/node", {}, WAIT_MS),
  "readiness": (control) => awaitReadiness(control, WAIT_MS),
  "a stream": (control) => openControlLines(control, "/v1/events", NEVER, WAIT_MS),
};

for (const [name, ask] of Object.entries(QUESTIONS)) {
  test(`ask: ${name} to what takes the connection and stays silent ends with the patience`, async () => {
    await using control = await listen(() => {});
    const startMs = performance.now();
    const error = await assertRejects(() => ask(control), CommandError);
    // An answer may take 30 s where nobody says how long.
    assert(performance.now() - startMs < 10_000);
    assertEquals((error as CommandError).exitCode, EXIT.unreachable);
    // What is left of the patience: 300 ms, or a little less.
    assertMatch((error as Error).message, /no answer within [23]\d\d ms/);
    assert(!(error as Error).message.includes("dial"), (error as Error).message);
  });
}

test("ask: a connection that was made and then cut was not a failure to dial", async () => {
  await using control = await listen((socket) => socket.once("data", () => socket.resetAndDestroy()));
  const error = await assertRejects(() => askControl(control, "/v1/node"), CommandError);
  assertStringIncludes((error as Error).message, "the connection was cut");
});
