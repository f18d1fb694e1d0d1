import { test } from "node:test";
import { existsSync, mkdtempSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { fetchHttp, type HttpRequest, type HttpResponse, type HttpWriter, serveHttp } from "../../src/platform/http.ts";
import type { Endpoint } from "../../src/platform/types.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { poll, within } from "../support/wait.ts";

const TIMEOUT_MS = 5_000;
const LOOPBACK: Endpoint = { host: "127.0.0.1", port: 0 };
const echo = (request: HttpRequest): HttpResponse => ({ status: 200, headers: {}, body: JSON.stringify(request) });

interface DenoPermissions {
  querySync(permission: { readonly name: "net" }): { readonly state: string };
}

/** Deno grants unix sockets by their exact paths only: under the permissions of deno.json there are none. */
const UNIX = { skip: mayUseUnixSockets() ? false : "deno.json grants no unix sockets" };

function mayUseUnixSockets(): boolean {
  const permissions: DenoPermissions | undefined = Reflect.get(globalThis, "Deno")?.permissions;
  return permissions === undefined || permissions.querySync({ name: "net" }).state === "granted";
}

function throwOn(error: unknown): never {
  throw error;
}

async function inFolder(act: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "p2p-http-"));
  try {
    await act(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function listenOn(path: string): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}

async function refusal(endpoint: Endpoint): Promise<LocalError> {
  return await assertRejects(() => serveHttp(endpoint, echo, throwOn), LocalError);
}

test("http: answers over TCP, on the port that the system chose", async () => {
  const server = await serveHttp(LOOPBACK, echo, throwOn);
  const { port } = server.local as { port: number };
  const { status, body } = await fetchHttp(server.local, "/a?b=1", TIMEOUT_MS);
  assertEquals(status, 200);
  assertEquals(JSON.parse(body), {
    method: "GET",
    target: "/a?b=1",
    host: `127.0.0.1:${port}`,
    body: "",
    isLocalSocket: false,
  });
  await server.close();
  const error = await assertRejects(() => fetchHttp(server.local, "/", TIMEOUT_MS), LocalError);
  assertEquals(error.code, "unreachable");
});

test(
  "http: answers over a unix socket that is the owner's alone, and removes it at the end",
  UNIX,
  () =>
    inFolder(async (folder) => {
      const path = join(folder, "control.sock");
      const server = await serveHttp({ path }, echo, throwOn);
      assertEquals(statSync(path).mode & 0o777, 0o600);
      assertEquals(JSON.parse((await fetchHttp({ path }, "/", TIMEOUT_MS)).body).isLocalSocket, true);
      await server.close();
      await server.close();
      assertEquals(existsSync(path), false);
    }),
);

test("http: replaces the socket of a process that died", UNIX, () =>
  inFolder(async (folder) => {
    const path = join(folder, "control.sock");
    const dead = await listenOn(join(folder, "first"));
    renameSync(join(folder, "first"), path);
    await new Promise((resolve) => dead.close(resolve));
    assertEquals(existsSync(path), true);
    const server = await serveHttp({ path }, echo, throwOn);
    assertEquals((await fetchHttp({ path }, "/", TIMEOUT_MS)).status, 200);
    await server.close();
  }));

test("http: leaves the socket of a living process alone", UNIX, () =>
  inFolder(async (folder) => {
    const path = join(folder, "control.sock");
    const owner = await listenOn(path);
    assertEquals((await refusal({ path })).code, "address-in-use");
    assertEquals(existsSync(path), true);
    await new Promise((resolve) => owner.close(resolve));
  }));

test("http: does not remove a file that is no socket", () =>
  inFolder(async (folder) => {
    const path = join(folder, "precious");
    writeFileSync(path, "data");
    assertStringIncludes((await refusal({ path })).message, "it is a file");
    assertEquals(existsSync(path), true);
  }));

test("http: says what is wrong with an address", async () => {
  const server = await serveHttp(LOOPBACK, echo, throwOn);
  assertEquals((await refusal(server.local)).code, "address-in-use");
  await server.close();
  assertStringIncludes((await refusal({ path: `/tmp/${"x".repeat(120)}` })).message, "at most 103 bytes");
});

test("http: says that a socket's folder is not there", UNIX, () =>
  inFolder(async (folder) => {
    assertEquals((await refusal({ path: join(folder, "nowhere", "control.sock") })).code, "bad-argument");
  }));

test("http: a bug in a route is told to the owner, not to the caller", async () => {
  const bugs: unknown[] = [];
  const server = await serveHttp(LOOPBACK, () => throwOn(new TypeError("secret")), (error) => bugs.push(error));
  assertEquals(await fetchHttp(server.local, "/", TIMEOUT_MS), { status: 500, body: '{"error":"internal error"}\n' });
  assertEquals(bugs.map(String), ["TypeError: secret"]);
  await server.close();
});

test("http: what is no HTTP gets 400, and the server lives", async () => {
  const server = await serveHttp(LOOPBACK, echo, throwOn);
  const { host, port } = server.local as { host: string; port: number };
  const answer = await new Promise<string>((resolve, reject) => {
    let text = "";
    const socket = connect(port, host, () => socket.write("\x00\x01\x02 nonsense\r\n\r\n"));
    socket.on("data", (chunk) => text += chunk.toString());
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
  assertStringIncludes(answer, "400");
  assertEquals((await fetchHttp(server.local, "/", TIMEOUT_MS)).status, 200);
  await server.close();
});

test("http: HEAD has the headers and no body", async () => {
  const server = await serveHttp(LOOPBACK, () => ({ status: 200, headers: {}, body: "hello" }), throwOn);
  const { host, port } = server.local as { host: string; port: number };
  const response = await fetch(`http://${host}:${port}/`, { method: "HEAD" });
  assertEquals([response.headers.get("content-length"), await response.text()], ["5", ""]);
  await server.close();
});

/** A stream on the server's side. */
interface Streaming {
  readonly writer: HttpWriter;
  readonly drained: () => number;
  readonly closed: Promise<void>;
}

/** Serves one stream, to whose reader the test speaks with bare bytes. */
async function withStream(act: (streaming: Streaming, socket: Socket) => Promise<void>): Promise<void> {
  const opened = Promise.withResolvers<Streaming>();
  const closed = Promise.withResolvers<void>();
  let drained = 0;
  const open = (writer: HttpWriter) => {
    opened.resolve({ writer, closed: closed.promise, drained: () => drained });
    return { drained: () => void drained++, closed: () => closed.resolve() };
  };
  const server = await serveHttp(LOOPBACK, () => ({ status: 200, headers: { "x-kind": "stream" }, open }), throwOn);
  const { host, port } = server.local as { host: string; port: number };
  const socket = connect(port, host, () => socket.write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  socket.on("error", () => {});
  try {
    await act(await within("the stream opens", opened.promise), socket);
  } finally {
    socket.destroy();
    await server.close();
  }
}

function received(socket: Socket, text: string): Promise<void> {
  let seen = "";
  return new Promise((resolve) => {
    socket.on("data", (chunk) => {
      seen += chunk.toString();
      if (seen.includes(text)) resolve();
    });
  });
}

test("http: a stream's bytes arrive one by one, and a reader that leaves is told", () =>
  withStream(async ({ writer, closed }, socket) => {
    await within("the head", received(socket, "x-kind: stream"));
    for (const word of ["one", "two"]) {
      const arrived = received(socket, word);
      assertEquals(writer.write(new TextEncoder().encode(word)), true);
      await within(word, arrived);
    }
    socket.destroy();
    await within("the end", closed);
  }));

test("http: a stream whose reader takes nothing says so, goes on when it does, and can be cut", () =>
  withStream(async ({ writer, closed, drained }, socket) => {
    await within("the head", received(socket, "x-kind: stream"));
    socket.pause();
    const bytes = new Uint8Array(65_536).fill(0x61);
    let written = 0;
    while (writer.write(bytes)) assert(++written < 1_000, "a reader that never reads is noticed");
    const before = drained();
    socket.resume();
    await poll("drained", () => Promise.resolve(drained()), (count) => count > before);
    writer.cut();
    await within("the end", closed);
  }));
