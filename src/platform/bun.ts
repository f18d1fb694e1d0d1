import { LocalError } from "../protocol/errors.ts";
import { dialWithin } from "./dialing.ts";
import { realSchedule } from "./env.ts";
import { resolveHost } from "./resolving.ts";
import { bun, type BunRuntime, type BunSocket, type BunSocketHandlers } from "./runtimes.ts";
import { type Socket, SocketConnection, socketEndpoint } from "./socket_connection.ts";
import { checkPort, listenError } from "./system_errors.ts";
import type { Connection, DialOptions, Endpoint, Listener, ListenOptions, Transport } from "./types.ts";
import { reclaimingPath } from "./unix_path.ts";

/** Byte streams by `Bun.connect` and `Bun.listen`, whose accept backlog is fixed at 512. */
export function createTransport(): Transport {
  return { dial, listen, resolve: resolveHost, copiesAreCheap: true };
}

function dial(endpoint: Endpoint, options: DialOptions): Promise<Connection> {
  return dialWithin(realSchedule, endpoint, options, () =>
    new Promise((resolve, reject) => {
      // Bun cannot cancel an attempt: one that was given up is dropped when it settles.
      runtime().connect({ ...bunAddress(endpoint), socket: handlers(endpoint, resolve) }).catch(reject);
    }));
}

function listen(
  endpoint: Endpoint,
  accept: (connection: Connection) => void,
  options: ListenOptions = {},
): Promise<Listener> {
  return reclaimingPath(endpoint, () => {
    checkPort("listen on", endpoint);
    try {
      const listener = runtime().listen({
        ...bunAddress(endpoint),
        socket: handlers(endpoint, (connection, isOver) => {
          if (isOver) return connection.abort();
          // A microtask: Bun swallows what a handler throws.
          queueMicrotask(() => accept(connection));
        }),
        reusePort: options.reusePort ?? false,
        // Else [::] would take the IPv4 port too, and 0.0.0.0 could not be had beside it.
        ipv6Only: "host" in endpoint && endpoint.host.includes(":"),
      });
      const local = "path" in endpoint ? endpoint : { host: endpoint.host, port: listener.port };
      return { local, close: () => listener.stop() };
    } catch (error) {
      throw listenError(endpoint, error);
    }
  });
}

/**
 * The handlers of all sockets of one listener, or of one dialled socket. A socket's `data` is its BunStream. `isOver`: it
 * was reset before it was opened.
 */
function handlers(
  endpoint: Endpoint,
  opened: (connection: SocketConnection, isOver: boolean) => void,
): BunSocketHandlers<BunStream> {
  let known: Endpoint | undefined;
  return {
    binaryType: "uint8array",
    open(socket) {
      socket.pause();
      const isOver = "host" in endpoint && socket.remoteAddress === undefined;
      // Bun keeps each address that was asked for as long as the socket: that of a listener is asked for once.
      const stream = new BunStream(socket, endpoint, known);
      if (!isOver && isAt(endpoint, stream.connection.local)) known = stream.connection.local;
      socket.data = stream;
      opened(stream.connection, isOver);
    },
    data: (socket, chunk) => socket.data.connection.onData(chunk),
    drain: (socket) => socket.data.onDrain(),
    close: (socket, error) => socket.data.connection.onEnded(error),
    error: (socket, error) => socket.data.connection.onEnded(error),
    // The promise of `connect` rejects with the same error.
    connectError: () => {},
  };
}

/** One Bun socket. Bun writes a part and says how much; the rest waits here until `drain`. */
class BunStream implements Socket {
  readonly connection: SocketConnection;
  readonly #socket: BunSocket<BunStream>;
  #unsent: Uint8Array[] | undefined;
  #finishing = false;

  /** `local`: where it is at our end, if that is known. */
  constructor(socket: BunSocket<BunStream>, endpoint: Endpoint, local: Endpoint | undefined) {
    this.#socket = socket;
    if ("path" in endpoint) {
      this.connection = new SocketConnection(this, realSchedule, endpoint, endpoint);
      return;
    }
    socket.setNoDelay(true);
    const remote = socketEndpoint(socket.remoteAddress, socket.remotePort, endpoint);
    local ??= socketEndpoint(socket.localAddress, socket.localPort, endpoint);
    this.connection = new SocketConnection(this, realSchedule, remote, local);
  }

  write(bytes: Uint8Array): boolean {
    if (!this.#unsent) {
      const sent = this.#socket.write(bytes);
      // −1: the socket is closed, and `close` is about to tell.
      if (sent < 0) return false;
      if (sent === bytes.length) return true;
      bytes = bytes.subarray(sent);
    }
    (this.#unsent ??= []).push(bytes);
    return false;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  finish(): void {
    this.#finishing = true;
    if (!this.#unsent) this.#socket.shutdown();
  }

  destroy(): void {
    this.#unsent = undefined;
    this.#socket.terminate();
  }

  onDrain(): void {
    const unsent = this.#unsent ?? [];
    let done = 0;
    for (const bytes of unsent) {
      const sent = this.#socket.write(bytes);
      if (sent < 0) return;
      if (sent < bytes.length) {
        unsent[done] = bytes.subarray(sent);
        unsent.splice(0, done);
        return;
      }
      done++;
    }
    this.#unsent = undefined;
    if (this.#finishing) this.#socket.shutdown();
    else this.connection.onDrained();
  }
}

/** Whether all sockets of a listener are at this address: not where it listens on all that the machine has. */
function isAt(endpoint: Endpoint, local: Endpoint): boolean {
  return "host" in endpoint && "host" in local && endpoint.host === local.host;
}

function bunAddress(endpoint: Endpoint): { hostname: string; port: number } | { unix: string } {
  return "path" in endpoint ? { unix: endpoint.path } : { hostname: endpoint.host, port: endpoint.port };
}

function runtime(): BunRuntime {
  if (!bun) throw new LocalError("bad-argument", "Cannot use the Bun transport: this runtime is not Bun");
  return bun;
}
