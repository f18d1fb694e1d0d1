import { connect, createServer, type Server, Socket as NetSocket } from "node:net";
import process from "node:process";
import { type Logger, silentLogger } from "../util/env.ts";
import { dialWithin } from "./dialing.ts";
import { realSchedule } from "./env.ts";
import { resolveHost } from "./resolving.ts";
import { type Socket, SocketConnection, socketEndpoint } from "./socket_connection.ts";
import { checkPort, listenError } from "./system_errors.ts";
import type { Connection, DialOptions, Endpoint, Listener, ListenOptions, Transport } from "./types.ts";
import { reclaimingPath } from "./unix_path.ts";

/** 64 KiB: what libuv reads at once. */
const READ_BUFFER_SIZE = 65_536;
/** Linux cuts it to net.core.somaxconn, 4,096 by default. A storm that overflows it costs each caller a second. */
const ACCEPT_BACKLOG = 4096;
/**
 * Node reads into the buffer and calls back in one go, so that all dialled sockets can share one. Bun and Deno also
 * have `onread`, but promise nothing of the kind.
 */
const SHARES_READ_BUFFER = !process.versions["bun"] && !process.versions["deno"];

/** Byte streams by `node:net`, which Bun and Deno have too. `logger` hears of connections that could not be accepted. */
export function createTransport(logger: Logger = silentLogger): Transport {
  const readBuffer = new Uint8Array(READ_BUFFER_SIZE);

  function dial(endpoint: Endpoint, options: DialOptions): Promise<Connection> {
    return dialWithin(realSchedule, endpoint, options, (signal) => attempt(endpoint, readBuffer, signal));
  }

  function listen(
    endpoint: Endpoint,
    accept: (connection: Connection) => void,
    options: ListenOptions = {},
  ): Promise<Listener> {
    return reclaimingPath(endpoint, async () => {
      checkPort("listen on", endpoint);
      const server = createServer({ pauseOnConnect: true, noDelay: true });
      await opened(server, endpoint, options);
      server.on("connection", (socket) => {
        if ("host" in endpoint && socket.remoteAddress === undefined) return void socket.destroy();
        accept(acceptedConnection(socket, endpoint));
      });
      server.on("error", (error) => logger.warn("Cannot accept a connection", { error }));
      const address = server.address();
      const local = "path" in endpoint || address === null || typeof address === "string"
        ? endpoint
        : { host: endpoint.host, port: address.port };
      return { local, close: () => server.close() };
    });
  }

  return { dial, listen, resolve: resolveHost };
}

function attempt(endpoint: Endpoint, readBuffer: Uint8Array, signal: AbortSignal): Promise<SocketConnection> {
  return new Promise((resolve, reject) => {
    const stream: { current?: NodeStream } = {};
    const onread = {
      buffer: readBuffer,
      callback(sizeBytes: number): boolean {
        stream.current!.connection.onData(readBuffer.subarray(0, sizeBytes));
        return true;
      },
    };
    const socket = connect({
      ...("path" in endpoint ? { path: endpoint.path } : { host: endpoint.host, port: endpoint.port, noDelay: true }),
      ...(SHARES_READ_BUFFER ? { onread } : {}),
    });
    // Reading would start with the connection; the sink comes later.
    socket.pause();
    const giveUp = () => socket.destroy();
    signal.addEventListener("abort", giveUp);
    socket.once("error", reject);
    socket.once("connect", () => {
      signal.removeEventListener("abort", giveUp);
      socket.off("error", reject);
      stream.current = new NodeStream(socket, endpoint);
      resolve(stream.current.connection);
    });
  });
}

/** The public API has no `onread` for accepted sockets: they get a fresh chunk each time. */
function acceptedConnection(socket: NetSocket, endpoint: Endpoint): SocketConnection {
  return new NodeStream(socket, endpoint).connection;
}

function opened(server: Server, endpoint: Endpoint, options: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error) => reject(listenError(endpoint, error)));
    const done = () => {
      server.removeAllListeners("error");
      resolve();
    };
    if ("path" in endpoint) return server.listen({ path: endpoint.path, backlog: ACCEPT_BACKLOG }, done);
    server.listen({
      host: endpoint.host,
      port: endpoint.port,
      backlog: ACCEPT_BACKLOG,
      reusePort: options.reusePort ?? false,
      // Else [::] would take the IPv4 port too, and 0.0.0.0 could not be had beside it.
      ipv6Only: endpoint.host.includes(":"),
    }, done);
  });
}

/** One socket of node:net, which keeps what the kernel refused. */
class NodeStream implements Socket {
  readonly connection: SocketConnection;
  readonly #socket: NetSocket;
  #error: Error | undefined;

  constructor(socket: NetSocket, endpoint: Endpoint) {
    this.#socket = socket;
    const remote = socketEndpoint(socket.remoteAddress, socket.remotePort, endpoint);
    const local = socketEndpoint(socket.localAddress, socket.localPort, endpoint);
    this.connection = new SocketConnection(this, realSchedule, remote, local);
    // A Buffer's slice() is a view: chunks must be plain arrays, of which slice() is a copy.
    socket.on("data", (chunk: Uint8Array) => {
      this.connection.onData(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength));
    });
    socket.on("drain", () => this.connection.onDrained());
    socket.on("end", () => socket.destroy());
    socket.on("error", (error) => this.#error = error);
    socket.on("close", () => this.connection.onEnded(this.#error));
    socket.pause();
  }

  write(bytes: Uint8Array): boolean {
    return this.#socket.write(bytes);
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  finish(): void {
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
