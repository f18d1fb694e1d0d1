import type { Connection, ConnectionSink } from "../../src/platform/types.ts";

/** What a sink was told, in order, with a way to wait for it. Complains about calls that the contract forbids. */
export class Recorder implements ConnectionSink {
  readonly connection: Connection;
  readonly chunks: Uint8Array[] = [];
  sizeBytes = 0;
  drainedCount = 0;
  closedCount = 0;
  error: Error | undefined;
  /** Called within `data`, `drained` and `closed`. */
  onData: (chunk: Uint8Array) => void = () => {};
  onDrained: () => void = () => {};
  onClosed: () => void = () => {};
  readonly complaints: string[] = [];
  #inCall = false;
  #waiters: { readonly holds: () => boolean; readonly resolve: () => void }[] = [];

  constructor(connection: Connection) {
    this.connection = connection;
  }

  data(chunk: Uint8Array): void {
    this.#record("data", () => {
      this.chunks.push(chunk.slice());
      this.sizeBytes += chunk.length;
      this.onData(chunk);
    });
  }

  drained(): void {
    this.#record("drained", () => {
      this.drainedCount++;
      this.onDrained();
    });
  }

  closed(error?: Error): void {
    this.#record("closed", () => {
      this.closedCount++;
      this.error = error;
      this.onClosed();
    });
  }

  get bytes(): Uint8Array {
    const whole = new Uint8Array(this.sizeBytes);
    let at = 0;
    for (const chunk of this.chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }

  /** Resolves once the condition holds, which is asked after each call. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ holds, resolve }));
  }

  received(sizeBytes: number): Promise<void> {
    return this.until(() => this.sizeBytes >= sizeBytes);
  }

  ended(): Promise<void> {
    return this.until(() => this.closedCount > 0);
  }

  #record(call: string, task: () => void): void {
    if (this.#inCall) this.complaints.push(`${call} within another call`);
    if (this.closedCount > 0) this.complaints.push(`${call} after closed`);
    this.#inCall = true;
    try {
      task();
    } finally {
      this.#inCall = false;
    }
    const done = this.#waiters.filter(({ holds }) => holds());
    this.#waiters = this.#waiters.filter((waiter) => !done.includes(waiter));
    for (const { resolve } of done) resolve();
  }
}

/** Starts a recorder on a connection. */
export function record(connection: Connection): Recorder {
  const recorder = new Recorder(connection);
  connection.start(recorder);
  return recorder;
}
