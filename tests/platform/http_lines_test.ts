import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { type HttpServer, type HttpWriter, serveHttp } from "../../src/platform/http.ts";
import { openHttpLines } from "../../src/platform/http_lines.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { within } from "../support/wait.ts";

const NEVER = new AbortController().signal;

function throwOn(error: unknown): never {
  throw error;
}

/** A server that streams what the test writes. */
async function serve(): Promise<{ readonly server: HttpServer; readonly writer: Promise<HttpWriter> }> {
  const opened = Promise.withResolvers<HttpWriter>();
  const open = (writer: HttpWriter) => {
    opened.resolve(writer);
    return { drained() {}, closed() {} };
  };
  const server = await serveHttp({ host: "127.0.0.1", port: 0 }, () => ({ status: 200, headers: {}, open }), throwOn);
  return { server, writer: opened.promise };
}

function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

test("http lines: each arrives once it is whole, also when a letter is cut in two", async () => {
  const { server, writer } = await serve();
  const { status, lines } = await openHttpLines(server.local, "/", {}, NEVER);
  const stream = await writer;
  const iterator = lines[Symbol.asyncIterator]();
  const text = bytes("erste\nzwöi\n\nrest");
  const cut = text.indexOf(0xc3) + 1;
  stream.write(text.slice(0, cut));
  assertEquals([status, (await within("a line", iterator.next())).value], [200, "erste"]);
  stream.write(text.slice(cut));
  assertEquals((await within("a line", iterator.next())).value, "zwöi");
  assertEquals((await within("a line", iterator.next())).value, "");
  await iterator.return?.();
  await server.close();
});

test("http lines: the signal ends them quietly, a server that is gone does not", async () => {
  const { server, writer } = await serve();
  const ending = new AbortController();
  const { lines } = await openHttpLines(server.local, "/", {}, ending.signal);
  (await writer).write(bytes("one\n"));
  const seen: string[] = [];
  for await (const line of lines) {
    seen.push(line);
    ending.abort();
  }
  assertEquals(seen, ["one"]);
  const broken = await openHttpLines(server.local, "/", {}, NEVER);
  const reading = Array.fromAsync(broken.lines);
  const failure = assertRejects(() => within("the end", reading), LocalError, "broke off");
  await server.close();
  await failure;
  await assertRejects(() => openHttpLines(server.local, "/", {}, NEVER), LocalError, "refused");
});

test("http lines: one that does not end is an error, not a memory", async () => {
  const { server, writer } = await serve();
  const { lines } = await openHttpLines(server.local, "/", {}, NEVER);
  const stream = await writer;
  const failure = assertRejects(() => Array.fromAsync(lines), LocalError, "a line of more than");
  for (let i = 0; i < 40; i++) stream.write(new Uint8Array(65_536).fill(0x61));
  await within("the refusal", failure);
  await server.close();
});
