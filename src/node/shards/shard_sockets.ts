import type { Connection, Listener, Transport } from "../../platform/types.ts";
import { MAX_STRANGERS } from "../../protocol/shard_params.ts";
import { LocalError } from "../../protocol/errors.ts";
import type { ToMain, ToShard } from "./records.ts";

export interface ShardSocketsOptions {
  readonly transport: Transport;
  readonly tell: (note: ToMain) => void;
}

type SocketOrder = Extract<ToShard, { is: "listen" | "unlisten" | "dial" | "cancel" | "drop" }>;

/** Listens and dials for the main thread, and keeps each connection until it says what becomes of it. */
export class ShardSockets {
  readonly #options: ShardSocketsOptions;
  /** Undefined: it is being opened. */
  readonly #listeners = new Map<number, Listener | undefined>();
  readonly #dials = new Map<number, AbortController>();
  readonly #waiting = new Map<number, Connection>();
  /** Accepted connections have numbers below zero; those that were dialled have the number that the order gave. */
  #lastAccepted = 0;
  #isClosed = false;

  constructor(options: ShardSocketsOptions) {
    this.#options = options;
  }

  obey(order: SocketOrder): void {
    switch (order.is) {
      case "listen":
        return void this.#listen(order);
      case "dial":
        return void this.#dial(order);
      case "cancel":
        return this.#dials.get(order.socket)?.abort();
      case "drop":
        return this.take(order.socket)?.abort();
      case "unlisten":
        this.#listeners.get(order.listener)?.close();
        this.#listeners.delete(order.listener);
    }
  }

  /** The connection, which is the caller's from now on. */
  take(socket: number): Connection | undefined {
    const connection = this.#waiting.get(socket);
    this.#waiting.delete(socket);
    return connection;
  }

  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners.values()) listener?.close();
    for (const dial of this.#dials.values()) dial.abort();
    for (const connection of this.#waiting.values()) connection.abort();
    this.#waiting.clear();
  }

  async #listen({ listener: id, endpoint }: Extract<SocketOrder, { is: "listen" }>): Promise<void> {
    const { transport, tell } = this.#options;
    this.#listeners.set(id, undefined);
    try {
      const listener = await transport.listen(endpoint, (connection) => this.#accept(id, connection), {
        reusePort: true,
      });
      // Not wanted any more.
      if (this.#isClosed || !this.#listeners.has(id)) return listener.close();
      this.#listeners.set(id, listener);
      tell({ is: "listening", listener: id, local: listener.local });
    } catch (error) {
      this.#listeners.delete(id);
      const code = error instanceof LocalError ? error.code : "bad-argument";
      tell({ is: "deaf", listener: id, code, why: messageOf(error) });
    }
  }

  #accept(listener: number, connection: Connection): void {
    // Refused like what overflows the system's own backlog: the main thread has not had a turn for long.
    if (this.#isClosed || this.#waiting.size >= MAX_STRANGERS) return connection.abort();
    const socket = --this.#lastAccepted;
    this.#waiting.set(socket, connection);
    const { remote, local } = connection;
    this.#options.tell({ is: "accepted", listener, socket, remote, local });
  }

  async #dial({ socket, endpoint, timeoutMs }: Extract<SocketOrder, { is: "dial" }>): Promise<void> {
    const { transport, tell } = this.#options;
    const cancel = new AbortController();
    this.#dials.set(socket, cancel);
    try {
      const connection = await transport.dial(endpoint, { timeoutMs, signal: cancel.signal });
      if (this.#isClosed) return connection.abort();
      this.#waiting.set(socket, connection);
      tell({ is: "dialled", socket, remote: connection.remote, local: connection.local });
    } catch (error) {
      const code = error instanceof LocalError ? error.code : "unreachable";
      tell({ is: "unreached", socket, code, why: messageOf(error) });
    } finally {
      this.#dials.delete(socket);
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
