import { Deque } from "../util/deque.ts";
import type { HostSocket, MemoryHost } from "./memory_host.ts";
import { type Parcel, Pipe, type PipeEnd, type PipeWorld, type Route } from "./memory_pipe.ts";
import { type Socket, SocketConnection } from "./socket_connection.ts";
import { CUT } from "./system_errors.ts";
import type { Connection, Endpoint } from "./types.ts";
import type { Task } from "./virtual_clock.ts";

/** What a scrambled chunk is overwritten with once its reader had it. */
const SCRAMBLED_BYTE = 0xdd;

export interface SocketWorld extends PipeWorld {
  /** Hand out copies that are overwritten as soon as `data` returns. */
  readonly scrambleChunks: boolean;
}

/** Where a socket is, and the way from there to the other one. */
export interface SocketPlace {
  readonly host: MemoryHost;
  readonly local: Endpoint;
  readonly route: Route;
}

/** Two connected sockets. The listener's side is accepted when the opening reaches it. */
export function connectSockets(
  world: SocketWorld,
  dialler: SocketPlace,
  listener: SocketPlace,
  accept: (connection: Connection) => void,
): SocketConnection {
  const near = new MemorySocket(world, dialler.host, listener.local, dialler.local);
  const far = new MemorySocket(world, listener.host, dialler.local, listener.local);
  near.attach(far, dialler.route);
  far.attach(near, listener.route, accept);
  near.out.open();
  return near.connection;
}

/** One end of a connection: keeps what arrives while it is paused, and counts it against the sender's window. */
export class MemorySocket implements Socket, PipeEnd, HostSocket, Task {
  readonly connection: SocketConnection;
  readonly host: MemoryHost;
  readonly #world: SocketWorld;
  /** What arrived while nobody read. */
  #inbox: Deque<Parcel> | undefined;
  #out: Pipe | undefined;
  #in: Pipe | undefined;
  #remote: MemorySocket | undefined;
  #accept: ((connection: Connection) => void) | undefined;
  #paused = true;
  #isReading = false;
  #sawEnd = false;
  #gone = false;

  constructor(world: SocketWorld, host: MemoryHost, remote: Endpoint, local: Endpoint) {
    this.#world = world;
    this.host = host;
    this.connection = new SocketConnection(this, host, remote, local);
    host.sockets.add(this);
  }

  attach(remote: MemorySocket, route: Route, accept?: (connection: Connection) => void): void {
    this.#remote = remote;
    this.#out = new Pipe(this.#world, route, this, remote);
    remote.#in = this.#out;
    this.#accept = accept;
  }

  get out(): Pipe {
    return this.#out!;
  }

  get isKnown(): boolean {
    return this.#accept === undefined;
  }

  write(bytes: Uint8Array): boolean {
    // A process that has ended sends nothing more, whatever of it was about to run.
    if (this.#gone) return false;
    return this.out.write(bytes);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#readSoon();
  }

  finish(): void {
    this.out.finish();
  }

  destroy(): void {
    if (this.#gone) return;
    this.#leave();
    if (!this.#remote!.#gone) this.out.cut(this.#sawEnd ? "end" : "reset");
  }

  vanish(tellRemote: boolean): void {
    this.#leave();
    if (tellRemote) this.out.cut("reset");
  }

  /** What waited is read, one piece a turn. */
  run(): void {
    this.#isReading = false;
    if (this.#gone || this.#paused) return;
    const parcel = this.#inbox?.shift();
    if (!parcel) return;
    if (this.#inbox!.length === 0) this.#inbox = undefined;
    else this.#readSoon();
    this.#read(parcel);
  }

  drained(): void {
    this.connection.onDrained();
  }

  receive(parcel: Parcel): void {
    if (this.#gone) return;
    if (parcel.kind === "open") return this.#open();
    if (parcel.kind === "reset") return this.lost(new Error(CUT));
    if (!this.#paused && !this.#inbox) return this.#read(parcel);
    this.#inbox ??= new Deque();
    this.#inbox.push(parcel);
    this.#readSoon();
  }

  lost(error: Error): void {
    if (this.#gone) return;
    this.#inbox = undefined;
    this.connection.onEnded(error);
  }

  #open(): void {
    this.#accept!(this.connection);
    this.#accept = undefined;
  }

  #read({ kind, bytes }: Parcel): void {
    if (kind === "end" || !bytes) {
      this.#sawEnd = true;
      return this.connection.onEnded();
    }
    if (this.#world.scrambleChunks) this.#deliverScrambled(bytes);
    else this.connection.onData(bytes);
    this.#in!.consumed(bytes.length);
  }

  #deliverScrambled(bytes: Uint8Array): void {
    const lent = bytes.slice();
    this.connection.onData(lent);
    lent.fill(SCRAMBLED_BYTE);
  }

  #readSoon(): void {
    if (this.#isReading || this.#paused || !this.#inbox) return;
    this.#isReading = true;
    this.#world.clock.at(this.#world.clock.now, this);
  }

  #leave(): void {
    this.#gone = true;
    this.#inbox = undefined;
    this.host.sockets.delete(this);
  }
}
