import { backoffMs } from "../../net/backoff.ts";
import type { Endpoint } from "../../platform/types.ts";
import { LocalError } from "../../protocol/errors.ts";
import { PORT_RELEASE_MS, PORT_RETRY_MS } from "../../protocol/shard_params.ts";
import { formatEndpoint } from "../../util/endpoint.ts";
import type { Env, Logger } from "../../util/env.ts";
import type { RemoteSocket, ShardPort } from "./shard_port.ts";

export interface SharedListenersOptions {
  readonly env: Env;
  readonly log: Logger;
  /** Shards whose threads serve. One that comes later is told of by `serve`. */
  readonly serving: () => Iterable<ShardPort>;
}

/** What a listener of the node is in each shard. */
interface Shared {
  readonly id: number;
  readonly endpoint: Endpoint;
  readonly accept: (socket: RemoteSocket) => void;
  /** Shards that have it, or are about to: none opens it twice. */
  readonly asked: WeakSet<ShardPort>;
  /** Resolves when the first shard listens. */
  readonly heard: PromiseWithResolvers<void>;
}

/** Listeners that each shard has for itself, on one port. A thread that takes another one's place opens them again. */
export class SharedListeners {
  readonly #options: SharedListenersOptions;
  readonly #listeners = new Map<number, Shared>();
  #lastId = 0;
  #isStopped = false;

  constructor(options: SharedListenersOptions) {
    this.#options = options;
  }

  /**
   * Resolves once each shard that serves listens, and at least one does: while all of them are being replaced, it waits.
   * Answers how to close it. Rejects with LocalError where the address cannot be had.
   */
  async open(endpoint: Endpoint, accept: (socket: RemoteSocket) => void): Promise<() => void> {
    const heard = Promise.withResolvers<void>();
    heard.promise.catch(() => {});
    const listener: Shared = { id: ++this.#lastId, endpoint, accept, asked: new WeakSet(), heard };
    if (this.#isStopped) throw stopped(endpoint);
    this.#listeners.set(listener.id, listener);
    try {
      await Promise.all([...this.#options.serving()].map((port) => this.#openFirst(port, listener)));
      await heard.promise;
    } catch (error) {
      this.#close(listener);
      throw error;
    }
    return () => this.#close(listener);
  }

  /** This shard's thread took the place of another one. Resolves once it listens, or what it cannot have is in the log. */
  async serve(port: ShardPort): Promise<void> {
    await Promise.all([...this.#listeners.values()].map((listener) => this.#openAgain(port, listener, 1)));
  }

  /** None is opened any more. */
  stop(): void {
    this.#isStopped = true;
    for (const { heard, endpoint } of this.#listeners.values()) heard.reject(stopped(endpoint));
  }

  #close(listener: Shared): void {
    if (!this.#listeners.delete(listener.id)) return;
    for (const port of this.#options.serving()) port.unlisten(listener.id);
  }

  async #openFirst(port: ShardPort, listener: Shared): Promise<void> {
    try {
      await this.#openIn(port, listener);
    } catch (error) {
      // Where the thread died there is nothing wrong with the address, and the next thread is asked again.
      if (!port.isDead) throw error;
    }
  }

  /** The port of the thread before may be held for longer than usual: it is tried until it is had or not wanted. */
  async #openAgain(port: ShardPort, listener: Shared, tries: number): Promise<void> {
    const { env, log } = this.#options;
    const isWanted = () => !this.#isStopped && !port.isDead && this.#listeners.has(listener.id);
    if (!isWanted()) return;
    try {
      await this.#openIn(port, listener);
    } catch (error) {
      if (!isWanted()) return;
      log.error("Cannot listen in a worker; it is tried again", { shard: port.shard, tries, error });
      env.after(backoffMs(tries, env.random()), () => void this.#openAgain(port, listener, tries + 1));
    }
  }

  async #openIn(port: ShardPort, listener: Shared): Promise<void> {
    const { env } = this.#options;
    if (listener.asked.has(port)) return;
    listener.asked.add(port);
    const givesUpAt = env.now() + PORT_RELEASE_MS;
    for (;;) {
      try {
        await port.listen(listener.id, listener.endpoint, listener.accept);
        return listener.heard.resolve();
      } catch (error) {
        const isInUse = error instanceof LocalError && error.code === "address-in-use";
        if (!isInUse || env.now() >= givesUpAt || !this.#listeners.has(listener.id)) {
          listener.asked.delete(port);
          throw error;
        }
        // It was ours a moment ago: the system has not noticed yet that we gave it back.
        await new Promise<void>((resolve) => env.after(PORT_RETRY_MS, resolve));
      }
    }
  }
}

function stopped(endpoint: Endpoint): LocalError {
  return new LocalError("stopped", `Cannot listen on ${formatEndpoint(endpoint)}: the node is stopped`);
}
