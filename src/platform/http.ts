import { chmodSync, lstatSync, unlinkSync } from "node:fs";
import {
  createServer,
  type IncomingMessage,
  request as httpRequest,
  type Server,
  type ServerResponse,
} from "node:http";
import process from "node:process";
import { MAX_CONTROL_CONNECTIONS } from "../protocol/control_params.ts";
import { LocalError } from "../protocol/errors.ts";
import { askError, listenError, noAnswer } from "./system_errors.ts";
import type { Endpoint } from "./types.ts";
import { removeStaleSocket } from "./unix_path.ts";

/** One request in full. */
export interface HttpRequest {
  readonly method: string;
  /** Path and query as they came. */
  readonly target: string;
  readonly host: string | undefined;
  readonly origin: string | undefined;
  readonly authorization: string | undefined;
  readonly lastEventId: string | undefined;
  readonly accept: string | undefined;
  readonly body: string;
  /** Whether it came over a unix socket. */
  readonly isLocalSocket: boolean;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The way to the reader of an answer that has no end. */
export interface HttpWriter {
  /** False: no more until `drained`. */
  write(bytes: Uint8Array): boolean;
  /** Cuts the connection. */
  cut(): void;
}

/** What such an answer is told of its reader; `closed` once, last. */
export interface HttpSource {
  drained(): void;
  closed(): void;
}

/** An answer that has no end: bytes follow as they happen. */
export interface HttpStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  open(writer: HttpWriter): HttpSource;
}

export type HttpAnswer = HttpResponse | HttpStream;

export interface HttpServer {
  /** The address in use, with the real port. */
  readonly local: Endpoint;
  /** Ends all connections and removes the unix socket. Idempotent. */
  close(): Promise<void>;
}

/** Only the owner may talk to the control socket. */
const SOCKET_MODE = 0o600;
const SOCKET_UMASK = 0o177;
/** sun_path of Linux is 108 bytes with the closing zero, that of macOS 104. */
const MAX_SOCKET_PATH_BYTES = 103;
/** A browser sends a few kilobytes; a script some hundred bytes. */
const MAX_HEADER_BYTES = 16_384;
const REQUEST_TIMEOUT_MS = 10_000;
const INTERNAL_ERROR = 500;
const TOO_LARGE = 413;
/** An action's fields, several times over. */
const MAX_BODY_BYTES = 65_536;
/** The longest answer is a block in hex: 4 MB twice, and a little. */
const MAX_ANSWER_BYTES = 16_777_216;

/**
 * Serves HTTP on a TCP address or a unix socket. The socket of a process that died is replaced, that of a living one is
 * not. Rejects with LocalError if the address cannot be had.
 */
export async function serveHttp(
  endpoint: Endpoint,
  answer: (request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>,
  onBug: (error: unknown) => void,
): Promise<HttpServer> {
  const isLocalSocket = "path" in endpoint;
  const server = createServer(
    { maxHeaderSize: MAX_HEADER_BYTES, requestTimeout: REQUEST_TIMEOUT_MS, headersTimeout: REQUEST_TIMEOUT_MS },
    (request, response) => respond(request, response),
  );
  server.maxConnections = MAX_CONTROL_CONNECTIONS;
  if (isLocalSocket) await listenOnPath(server, endpoint.path);
  else await listen(server, endpoint);
  return { local: localOf(server, endpoint), close: closeOnce(server, endpoint) };

  function respond(request: IncomingMessage, response: ServerResponse): void {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    request.on("data", (chunk: Uint8Array) => {
      sizeBytes += chunk.length;
      if (sizeBytes <= MAX_BODY_BYTES) chunks.push(chunk);
    });
    request.on("end", () => {
      if (sizeBytes > MAX_BODY_BYTES) return send(request, response, refuse(TOO_LARGE, "the body is too long"));
      const { host, origin, authorization, accept } = request.headers;
      const asked = {
        method: request.method ?? "GET",
        target: request.url ?? "/",
        host,
        origin,
        authorization,
        lastEventId: request.headers["last-event-id"]?.toString(),
        accept,
      };
      answerSafely({ ...asked, body: join(chunks), isLocalSocket }).then((answered) =>
        send(request, response, answered)
      );
    });
  }

  async function answerSafely(request: HttpRequest): Promise<HttpAnswer> {
    try {
      return await answer(request);
    } catch (error) {
      onBug(error);
      return refuse(INTERNAL_ERROR, "internal error");
    }
  }
}

function send(request: IncomingMessage, response: ServerResponse, answered: HttpAnswer): void {
  if ("open" in answered) return stream(request, response, answered);
  const { status, headers, body } = answered;
  const bytes = new TextEncoder().encode(body);
  response.writeHead(status, { ...headers, ...SAFETY_HEADERS, "content-length": String(bytes.length) });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function stream(request: IncomingMessage, response: ServerResponse, { status, headers, open }: HttpStream): void {
  response.writeHead(status, { ...headers, ...SAFETY_HEADERS });
  // Who went before the answer began is told by no event.
  if (request.method === "HEAD" || response.destroyed) return void response.end();
  response.flushHeaders();
  const source = open({ write: (bytes) => response.write(bytes), cut: () => void response.destroy() });
  response.on("drain", () => source.drained());
  response.on("close", () => source.closed());
  // A reader that vanishes is an error of its connection, and `close` follows.
  response.on("error", () => {});
}

function refuse(status: number, error: string): HttpResponse {
  return { status, headers: { "content-type": "application/json" }, body: JSON.stringify({ error }) + "\n" };
}

/** Nothing here is to be kept, guessed at or framed by a browser. */
const SAFETY_HEADERS = { "cache-control": "no-store", "x-content-type-options": "nosniff", "x-frame-options": "DENY" };

/** How something is asked of a control server. */
export interface HttpQuestion {
  /** GET by default. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** Asks a control server one question. Rejects with LocalError where nothing answers. */
export function fetchHttp(
  endpoint: Endpoint,
  target: string,
  timeoutMs: number,
  { method = "GET", headers = {}, body = "" }: HttpQuestion = {},
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const place = "path" in endpoint
      ? { socketPath: endpoint.path, headers: { ...headers, host: "localhost" } }
      : { host: endpoint.host, port: endpoint.port, headers };
    const request = httpRequest({ ...place, path: target, method, agent: false }, (response) => {
      const chunks: Uint8Array[] = [];
      let size = 0;
      response.on("data", (chunk: Uint8Array) => {
        size += chunk.length;
        if (size > MAX_ANSWER_BYTES) {
          return request.destroy(new Error(`an answer of more than ${MAX_ANSWER_BYTES} bytes`));
        }
        chunks.push(chunk);
      });
      response.on("end", () => finish(() => resolve({ status: response.statusCode ?? 0, body: join(chunks) })));
      response.on("error", fail);
    });
    // The runtimes differ in what their own timeout option covers; this one covers everything.
    const timer = setTimeout(() => request.destroy(noAnswer(endpoint, timeoutMs)), timeoutMs);
    request.on("error", fail);
    request.end(body);

    function finish(settle: () => void): void {
      clearTimeout(timer);
      settle();
    }

    function fail(error: Error): void {
      finish(() => reject(askError(endpoint, error)));
    }
  });
}

function join(chunks: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("") + decoder.decode();
}

async function listenOnPath(server: Server, path: string): Promise<void> {
  if (new TextEncoder().encode(path).length > MAX_SOCKET_PATH_BYTES) {
    const why = `a unix socket's path has at most ${MAX_SOCKET_PATH_BYTES} bytes; choose a shorter one with --control`;
    throw new LocalError("bad-argument", `Cannot listen on ${path}: ${why}`);
  }
  await removeStaleSocket(path);
  // The socket is created within this call: with the mask nobody else can connect before chmod.
  const before = process.umask(SOCKET_UMASK);
  const listening = listen(server, { path });
  process.umask(before);
  await listening;
  chmodSync(path, SOCKET_MODE);
}

function listen(server: Server, endpoint: Endpoint): Promise<void> {
  const where = "path" in endpoint ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port };
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(listenError(endpoint, error)));
    server.listen(where, () => resolve());
  });
}

function localOf(server: Server, endpoint: Endpoint): Endpoint {
  const address = server.address();
  if ("path" in endpoint || address === null || typeof address === "string") return endpoint;
  return { host: endpoint.host, port: address.port };
}

function closeOnce(server: Server, endpoint: Endpoint): () => Promise<void> {
  let closed: Promise<void> | undefined;
  return () =>
    closed ??= new Promise((resolve) => {
      server.close(() => {
        if ("path" in endpoint && lstatSync(endpoint.path, { throwIfNoEntry: false })) unlinkSync(endpoint.path);
        resolve();
      });
      server.closeAllConnections();
    });
}
