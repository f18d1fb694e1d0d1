import { rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { LocalError } from "../protocol/errors.ts";
import { type Logger, silentLogger } from "../util/env.ts";
import { dialWithin } from "./dialing.ts";
import { createTransport as createNodeTransport } from "./nodejs.ts";
import { realSchedule } from "./env.ts";
import { resolveHost } from "./resolving.ts";
import { deno, type DenoConn, type DenoListener, type DenoRuntime } from "./runtimes.ts";
import { type Socket, SocketConnection } from "./socket_connection.ts";
import { checkPort, errorCode, listenError } from "./system_errors.ts";
import type { Connection, DialOptions, Endpoint, Listener, ListenOptions, Transport } from "./types.ts";
import { reclaimingPath } from "./unix_path.ts";

/** Linux cuts it to net.core.somaxconn, 4,096 by default. A storm that overflows it costs each caller a second. */
const ACCEPT_BACKLOG = 4096;
/** 100 ms. A failed accept (too many open files) would fail again at once; connections wait in the backlog. */
const ACCEPT_RETRY_MS = 100;
/** What accepting says where the caller has reset the connection meanwhile: nobody is there, and the next one is. */
const RESETS: readonly string[] = ["ENOTCONN", "ECONNABORTED", "ECONNRESET"];
/** 4 KiB and 64 KiB. A quiet connection holds the small one; one that fills it borrows a large one while it streams. */
const SMALL_BUFFER_SIZE = 4096;
const LARGE_BUFFER_SIZE = 65_536;
/** 4 MiB of large buffers wait for their next user; the rest goes to the garbage collector. */
const MAX_SPARE_BUFFERS = 64;

/** Byte streams by `Deno.connect` and `Deno.listen`. `logger` hears of connections that could not be accepted. */
export function createTransport(logger: Logger = silentLogger): Transport {
  const nodeTransport = createNodeTransport(logger);

  function listen(
    endpoint: Endpoint,
    accept: (connection: Connection) => void,
    options: ListenOptions = {},
  ): Promise<Listener> {
    // Deno.listen would end the process for want of --unstable-net; Deno's node:net does without.
    if (options.reusePort) return nodeTransport.listen(endpoint, accept, options);
    return reclaimingPath(endpoint, () => openListener(endpoint, accept, logger));
  }

  return { dial, listen, resolve: resolveHost };
}

function dial(endpoint: Endpoint, options: DialOptions): Promise<Connection> {
  return dialWithin(realSchedule, endpoint, options, async (signal) => {
    const conn = await runtime().connect({ ...denoAddress(endpoint), signal });
    return new DenoStream(conn, endpoint).connection;
  });
}

function openListener(endpoint: Endpoint, accept: (connection: Connection) => void, logger: Logger): Listener {
  checkPort("listen on", endpoint);
  const listener = openDenoListener(endpoint);
  let open = true;

  async function acceptAll(): Promise<void> {
    while (open) {
      const conn = await acceptOne();
      // A microtask, so that an error thrown by `accept` goes where uncaught errors go, and accepting goes on.
      if (conn) queueMicrotask(() => accept(new DenoStream(conn, endpoint).connection));
    }
  }

  async function acceptOne(): Promise<DenoConn | undefined> {
    try {
      return await listener.accept();
    } catch (error) {
      if (!open || RESETS.includes(errorCode(error) ?? "")) return undefined;
      logger.warn("Cannot accept a connection", { error });
      await sleep(ACCEPT_RETRY_MS);
    }
  }

  function close(): void {
    if (!open) return;
    open = false;
    listener.close();
    if ("path" in endpoint) rmSync(endpoint.path, { force: true });
  }

  acceptAll();
  const local = "path" in endpoint || listener.addr.transport === "unix"
    ? endpoint
    : { host: endpoint.host, port: listener.addr.port };
  return { local, close };
}

function openDenoListener(endpoint: Endpoint): DenoListener {
  try {
    return runtime().listen({ ...denoAddress(endpoint), tcpBacklog: ACCEPT_BACKLOG });
  } catch (error) {
    throw listenError(endpoint, error);
  }
}

/** Large read buffers that no connection is using; shared, since only connections that stream need one. */
const spareBuffers: Uint8Array<ArrayBuffer>[] = [];

/** One Deno connection: a loop that reads and pushes, and a loop that writes. Reads and writes are partial. */
class DenoStream implements Socket {
  readonly connection: SocketConnection;
  readonly #conn: DenoConn;
  readonly #smallBuffer = new Uint8Array(SMALL_BUFFER_SIZE);
  #buffer: Uint8Array<ArrayBuffer> = this.#smallBuffer;
  #unsent: Uint8Array[] = [];
  #paused = true;
  #reading = false;
  #writing = false;
  #finishing = false;
  #destroyed = false;

  constructor(conn: DenoConn, endpoint: Endpoint) {
    this.#conn = conn;
    conn.setNoDelay?.(true);
    this.connection = new SocketConnection(
      this,
      realSchedule,
      plainEndpoint(conn.remoteAddr, endpoint),
      plainEndpoint(conn.localAddr, endpoint),
    );
  }

  /** One write is under way at a time: meanwhile the caller holds its bytes, and can send them as one. */
  write(bytes: Uint8Array): boolean {
    this.#unsent.push(bytes);
    if (!this.#writing) this.#writeAll();
    return false;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    if (!this.#reading && !this.#destroyed) this.#readAll();
  }

  finish(): void {
    this.#finishing = true;
    if (!this.#writing) this.#writeAll();
  }

  destroy(): void {
    if (this.#destroyed) return;
    this.#destroyed = true;
    this.#unsent = [];
    this.#conn.close();
  }

  async #readAll(): Promise<void> {
    this.#reading = true;
    try {
      while (!this.#paused && !this.#destroyed) {
        const sizeBytes = await this.#conn.read(this.#buffer);
        if (sizeBytes === null) return this.connection.onEnded();
        this.connection.onData(this.#buffer.subarray(0, sizeBytes));
        this.#fitBuffer(sizeBytes);
      }
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#reading = false;
      this.#fitBuffer(0);
    }
  }

  /** A read holds its buffer while it waits, so the size must follow what the last read brought. */
  #fitBuffer(sizeBytes: number): void {
    if (this.#buffer === this.#smallBuffer) {
      if (sizeBytes === SMALL_BUFFER_SIZE) this.#buffer = spareBuffers.pop() ?? new Uint8Array(LARGE_BUFFER_SIZE);
    } else if (sizeBytes < SMALL_BUFFER_SIZE) {
      if (spareBuffers.length < MAX_SPARE_BUFFERS) spareBuffers.push(this.#buffer);
      this.#buffer = this.#smallBuffer;
    }
  }

  async #writeAll(): Promise<void> {
    this.#writing = true;
    try {
      for (let bytes = this.#unsent.shift(); bytes; bytes = this.#unsent.shift()) {
        while (bytes.length > 0 && !this.#destroyed) bytes = bytes.subarray(await this.#conn.write(bytes));
      }
      if (this.#finishing && !this.#destroyed) await this.#conn.closeWrite();
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#writing = false;
    }
    if (!this.#destroyed) this.connection.onDrained();
  }

  #onError(error: unknown): void {
    // What was under way when we closed the connection is interrupted: that is no news.
    if (this.#destroyed) return;
    this.connection.onEnded(error instanceof Error ? error : new Error(String(error)));
  }
}

function plainEndpoint(address: DenoConn["remoteAddr"], endpoint: Endpoint): Endpoint {
  return address.transport === "unix" ? endpoint : { host: address.hostname, port: address.port };
}

function denoAddress(endpoint: Endpoint): DenoListener["addr"] {
  return "path" in endpoint
    ? { transport: "unix", path: endpoint.path }
    : { transport: "tcp", hostname: endpoint.host, port: endpoint.port };
}

function runtime(): DenoRuntime {
  if (!deno) throw new LocalError("bad-argument", "Cannot use the Deno transport: this runtime is not Deno");
  return deno;
}
