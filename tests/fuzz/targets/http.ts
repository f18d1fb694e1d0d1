import { connect } from "node:net";
import { assert, assertEquals } from "@std/assert";
import { act } from "../../../src/control/actions.ts";
import { toControlRequest } from "../../../src/control/request.ts";
import { answer } from "../../../src/control/routes.ts";
import { type HttpServer, serveHttp } from "../../../src/platform/http.ts";
import { createMemoryNetwork } from "../../../src/platform/memory.ts";
import { concatBytes } from "../../../src/util/bytes.ts";
import { controlSubject } from "../../support/control.ts";
import { simulateNode } from "../../support/simulated_node.ts";
import { type FuzzTarget, textOf, texts } from "../target.ts";

const SERVER_ERROR = 500;
/** What these say is their own: the state of the node, or that somebody else cannot be reached. */
const USUAL = new Set([502, 503]);
/** How long a server may say nothing to bytes that are no whole request. Only those cost the fuzzer so much time. */
const SILENCE_MS = 15;
/** How long an honest request may take on a busy machine. */
const PATIENCE_MS = 10_000;
const HONEST = request("GET /livez HTTP/1.1", "Host: 127.0.0.1", "Connection: close");
/** What `open` made. */
const servers = new Set<HttpServer>();
const STATUS_LINE = /^HTTP\/1\.1 (\d{3}) /;

function request(...lines: readonly string[]): string {
  return [...lines, "", ""].join("\r\n");
}

function post(path: string, body: string): string {
  const head = [`POST ${path} HTTP/1.1`, "Host: localhost", "Authorization: Bearer token"];
  return request(...head, `Content-Length: ${body.length}`) + body;
}

/** Bytes on the control API's socket: what parses requests, and what our server does with those that it lets through. */
export const HTTP: FuzzTarget = {
  name: "http",
  corpus() {
    const ban = '{"address":"192.0.2.0/24","seconds":60}';
    return texts(
      HONEST,
      request("GET /v1/node HTTP/1.1", "Host: 127.0.0.1:9464", "Accept: text/html"),
      request("GET /v1/events?channels=control HTTP/1.1", "Host: localhost", "Last-Event-ID: 5"),
      request("HEAD /v1/peers HTTP/1.1", "Host: [::1]:1", "Origin: http://localhost", "Connection: keep-alive"),
      request("OPTIONS * HTTP/1.1", "Host: localhost"),
      request("CONNECT localhost:1 HTTP/1.1", "Host: localhost"),
      request("GET /v1/node HTTP/1.1", "Host: localhost", "Connection: Upgrade", "Upgrade: websocket"),
      request("GET / HTTP/1.0"),
      post("/v1/bans", ban),
      request("POST /v1/bans HTTP/1.1", "Host: localhost", "Expect: 100-continue", `Content-Length: ${ban.length}`) +
        ban,
      request(
        "POST /v1/bans HTTP/1.1",
        "Host: localhost",
        "Authorization: Bearer token",
        "Transfer-Encoding: chunked",
      ) +
        `${ban.length.toString(16)}\r\n${ban}\r\n0\r\n\r\n`,
      request("DELETE /v1/bans/192.0.2.0%2F24 HTTP/1.1", "Host: localhost", "Authorization: Bearer token"),
      HONEST.replace("close", "keep-alive") + post("/v1/bans", ban) + HONEST,
    );
  },
  async open() {
    const network = createMemoryNetwork({ seed: 1 });
    const subject = { ...controlSubject(simulateNode(network, "node").node), token: "token" };
    const bugs: unknown[] = [];
    const server = await serveHttp({ host: "127.0.0.1", port: 0 }, (asked) => {
      const toAnswer = toControlRequest(asked);
      return act(subject, toAnswer) ?? answer(subject, toAnswer);
    }, (error) => bugs.push(error));
    servers.add(server);
    const { local } = server;
    assert("port" in local);
    return async (input) => {
      const heard = await say(local.port, input, SILENCE_MS);
      assertEquals(bugs, []);
      const status = STATUS_LINE.exec(heard)?.[1];
      assert(heard === "" || status !== undefined, `no answer of HTTP: ${heard.slice(0, 80)}`);
      assert(status === undefined || Number(status) < SERVER_ERROR || USUAL.has(Number(status)), `status ${status}`);
      assertEquals(STATUS_LINE.exec(await say(local.port, texts(HONEST)[0]!, PATIENCE_MS))?.[1], "200");
      return status ?? "silence";
    };
  },
  close() {
    for (const server of servers) server.close();
    servers.clear();
  },
};

/** What a server says to these bytes until it closes, or says no more. */
function say(port: number, bytes: Uint8Array, silenceMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    const socket = connect({ host: "127.0.0.1", port });
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(textOf(concatBytes(chunks)));
    };
    let timer = setTimeout(end, PATIENCE_MS);
    const listen = () => {
      clearTimeout(timer);
      timer = setTimeout(end, silenceMs);
    };
    socket.on("connect", () => {
      listen();
      socket.write(bytes);
    });
    socket.on("data", (chunk: Uint8Array) => {
      chunks.push(chunk);
      // The beginning says what came of it; the rest may have no end.
      if (silenceMs < PATIENCE_MS) end();
    });
    socket.on("close", end);
    // Who says nonsense is cut off; who cannot connect is not.
    socket.on("error", (error) => socket.bytesWritten > 0 ? end() : reject(error));
  });
}
