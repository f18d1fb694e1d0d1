import type { Env, Timer } from "../util/env.ts";
import { lossError } from "./system_errors.ts";
import type { Connection, ConnectionSink, Endpoint } from "./types.ts";

/**
 * 10 s. How long a closing connection may take to send its rest and to see the remote's end. A remote that neither
 * reads nor answers would otherwise keep the socket and its buffers for ever.
 */
export const CLOSE_TIMEOUT_MS = 10_000;

/** Where a connection's delayed work goes: real time, or a simulation's. */
export type Schedule = Pick<Env, "soon" | "after">;

/** The little that differs between runtimes: one socket, created paused. Its events come back as calls of `on…`. */
export interface Socket {
  /** Takes all of `bytes`; false: a part waits, and `onDrained` follows. */
  write(bytes: Uint8Array): boolean;
  pause(): void;
  resume(): void;
  /** Ends our direction once everything written has gone. The remote's end follows as `onEnded`. */
  finish(): void;
  /** Frees the socket at once. May be called twice. */
  destroy(): void;
}

/** Of a socket that was reset before it was looked at, the system no longer knows who was at its other end. */
export function socketEndpoint(host: string | undefined, port: number | undefined, otherwise: Endpoint): Endpoint {
  return host === undefined || port === undefined ? otherwise : { host, port };
}

/**
 * The contract of `Connection` over one runtime's socket: nothing before `start`, nothing after `closed`, no call
 * inside another, bytes before the end, and an end in every case.
 */
export class SocketConnection implements Connection {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  readonly #socket: Socket;
  readonly #schedule: Schedule;
  #sink: ConnectionSink | undefined;
  /** Copies of what arrived while nobody wanted it: at most what the kernel had buffered when the socket was paused. */
  #held: Uint8Array[] | undefined;
  #paused = false;
  #blocked = false;
  #drainDue = false;
  #settleDue = false;
  /** Our side wants no more: set by close and abort. */
  #closing = false;
  /** The socket is gone. */
  #ended = false;
  #closedSent = false;
  #error: Error | undefined;
  #closeTimer: Timer | undefined;

  constructor(socket: Socket, schedule: Schedule, remote: Endpoint, local: Endpoint) {
    this.#socket = socket;
    this.#schedule = schedule;
    this.remote = remote;
    this.local = local;
  }

  start(sink: ConnectionSink): void {
    if (this.#sink) throw new Error("Connection.start was called twice");
    this.#sink = sink;
    this.#settleSoon();
  }

  write(bytes: Uint8Array): boolean {
    // False, so that whoever writes until refused does not write for ever; `drained` never follows, `closed` does.
    if (this.#closing || this.#ended) return false;
    if (bytes.length > 0 && !this.#socket.write(bytes)) this.#blocked = true;
    return !this.#blocked;
  }

  pause(): void {
    if (this.#paused || this.#closing) return;
    this.#paused = true;
    if (!this.#ended) this.#socket.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#settleSoon();
  }

  close(): void {
    if (this.#closing) return;
    this.#beginClosing();
    if (this.#ended) return this.#settleSoon();
    this.#socket.finish();
    // Reading on keeps unread bytes from turning our end into a reset, which would destroy what we sent last.
    this.#socket.resume();
    const giveUp = () => this.#end(new Error("the remote did not end the connection in time"));
    this.#closeTimer = this.#schedule.after(CLOSE_TIMEOUT_MS, giveUp);
  }

  abort(): void {
    this.#beginClosing();
    this.#end(undefined);
    this.#settleSoon();
  }

  onData(chunk: Uint8Array): void {
    if (this.#closing || this.#ended) return;
    if (this.#sink === undefined || this.#paused || this.#held) {
      (this.#held ??= []).push(chunk.slice());
      return this.#socket.pause();
    }
    try {
      this.#sink.data(chunk);
    } catch (error) {
      this.#fail(error);
    }
  }

  onDrained(): void {
    if (!this.#blocked) return;
    this.#blocked = false;
    this.#drainDue = true;
    this.#deliverDrained();
  }

  /** The socket is over, in both directions. */
  onEnded(error?: Error): void {
    this.#end(error && lossError(error));
  }

  #beginClosing(): void {
    this.#closing = true;
    this.#paused = false;
    this.#held = undefined;
  }

  #end(error: Error | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#closeTimer?.cancel();
    this.#socket.destroy();
    this.#settleSoon();
  }

  /** Always a little later: what follows from a call of ours must not reach the sink inside that call. */
  #settleSoon(): void {
    if (this.#settleDue || !this.#sink) return;
    this.#settleDue = true;
    this.#schedule.soon(() => this.#settle());
  }

  /** Hands over what waited, then lets the socket run on or reports its end. */
  #settle(): void {
    this.#settleDue = false;
    this.#deliverDrained();
    this.#deliverHeld();
    if (this.#held || this.#closedSent) return;
    if (this.#ended) return this.#deliverClosed();
    if (!this.#paused) this.#socket.resume();
  }

  #deliverDrained(): void {
    if (!this.#drainDue || !this.#sink || this.#closing || this.#ended) return;
    this.#drainDue = false;
    try {
      this.#sink.drained();
    } catch (error) {
      this.#fail(error);
    }
  }

  #deliverHeld(): void {
    while (this.#held && !this.#paused) {
      const chunk = this.#held.shift()!;
      if (this.#held.length === 0) this.#held = undefined;
      try {
        this.#sink!.data(chunk);
      } catch (error) {
        this.#fail(error);
      }
    }
  }

  #deliverClosed(): void {
    this.#closedSent = true;
    try {
      this.#sink!.closed(this.#error);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** A sink that throws is a bug above: it ends this connection, and the error goes where uncaught errors go. */
  #fail(error: unknown): void {
    this.#beginClosing();
    this.#end(error instanceof Error ? error : new Error(String(error)));
    queueMicrotask(() => {
      throw error;
    });
  }
}
