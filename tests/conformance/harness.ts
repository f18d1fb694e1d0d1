import { assertEquals } from "@std/assert";
import { test } from "node:test";
import { createMemoryNetwork, type LinkOptions } from "../../src/platform/memory.ts";
import type {
  Connection,
  DialOptions,
  Endpoint,
  Listener,
  ListenOptions,
  Transport,
} from "../../src/platform/types.ts";
import { isLoopback } from "../../src/util/endpoint.ts";
import { record, type Recorder } from "./recorder.ts";

/** One implementation of `Transport` under test. */
export interface Harness {
  readonly name: string;
  /** Unix sockets live in the file system, as opposed to memory. */
  readonly hasFiles: boolean;
  /** How much a test of large transfers moves. */
  readonly largeTransferBytes: number;
  open(): Place;
}

/** Where one test runs: two ends, and what makes time pass. */
export interface Place {
  readonly listening: Transport;
  readonly dialling: Transport;
  /** Address to listen on. */
  readonly host: string;
  /** Waits for what must come. */
  wait<T>(promise: Promise<T>): Promise<T>;
  /** Tells when a dial to the endpoint gets no answer at all; undefined: make one by overflowing a backlog. */
  silentEndpoint(): Endpoint | undefined;
}

export const DIAL_TIMEOUT_MS = 10_000;

export function realHarness(name: string, createTransport: () => Transport): Harness {
  const megabytes = 32;
  return {
    name,
    hasFiles: true,
    largeTransferBytes: megabytes * 2 ** 20,
    open: () => ({
      listening: createTransport(),
      dialling: createTransport(),
      host: "127.0.0.1",
      wait: (promise) => promise,
      silentEndpoint: () => undefined,
    }),
  };
}

export function memoryHarness(name: string, link: LinkOptions): Harness {
  return {
    name,
    hasFiles: false,
    largeTransferBytes: 2 ** 21,
    open: () => {
      const network = createMemoryNetwork({ seed: 1, link, scrambleChunks: true });
      return {
        listening: network.transport("10.0.0.1"),
        dialling: network.transport("10.0.0.2"),
        host: "10.0.0.1",
        silentEndpoint: () => ({ host: "10.0.0.9", port: 1 }),
        wait: async <T>(promise: Promise<T>) => {
          let settled = false;
          const settle = () => {
            settled = true;
          };
          promise.then(settle, settle);
          if (!await network.run(() => settled)) throw new Error("nothing is left to happen in the network");
          return promise;
        },
      };
    },
  };
}

type Accept = (connection: Connection) => void;

/** What a test works with; whatever it opened is closed at its end, and no sink may have been called out of turn. */
export class Bench {
  readonly place: Place;
  readonly #listeners: Listener[] = [];
  readonly #connections: Connection[] = [];
  readonly #recorders: Recorder[] = [];

  constructor(harness: Harness) {
    this.place = harness.open();
  }

  wait<T>(promise: Promise<T>): Promise<T> {
    return this.place.wait(promise);
  }

  listen(accept: Accept, endpoint?: Endpoint, options?: ListenOptions): Promise<Listener> {
    return this.wait(this.startListening(accept, endpoint, options));
  }

  async startListening(accept: Accept, endpoint?: Endpoint, options?: ListenOptions): Promise<Listener> {
    const track = (connection: Connection) => {
      this.#connections.push(connection);
      accept(connection);
    };
    const listener = await this.place.listening.listen(endpoint ?? { host: this.place.host, port: 0 }, track, options);
    this.#listeners.push(listener);
    return listener;
  }

  dial(endpoint: Endpoint): Promise<Connection> {
    return this.wait(this.startDial(endpoint));
  }

  /** Dials without waiting, for tests that wait for many dials at once. */
  async startDial(endpoint: Endpoint, options: Partial<DialOptions> = {}): Promise<Connection> {
    const dialler = "path" in endpoint || isLoopback(endpoint.host) ? this.place.listening : this.place.dialling;
    const connection = await dialler.dial(endpoint, { timeoutMs: DIAL_TIMEOUT_MS, ...options });
    this.#connections.push(connection);
    return connection;
  }

  record(connection: Connection): Recorder {
    const recorder = record(connection);
    this.#recorders.push(recorder);
    return recorder;
  }

  /** Two ends of a new connection, not yet started. */
  async connect(endpoint?: Endpoint): Promise<{ near: Connection; far: Connection; listener: Listener }> {
    const accepted = Promise.withResolvers<Connection>();
    const listener = await this.listen(accepted.resolve, endpoint);
    const near = await this.dial(listener.local);
    return { near, far: await this.wait(accepted.promise), listener };
  }

  /** Two ends of a new connection, each with a recorder. */
  async recordPair(): Promise<{ near: Recorder; far: Recorder; listener: Listener }> {
    const { near, far, listener } = await this.connect();
    return { near: this.record(near), far: this.record(far), listener };
  }

  close(): void {
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections) connection.abort();
    assertEquals(this.#recorders.flatMap((recorder) => recorder.complaints), []);
  }
}

/** Registers one test of the suite for one implementation. */
export function testOn(harness: Harness, what: string, run: (bench: Bench) => Promise<void>): void {
  test(`${harness.name}: ${what}`, async () => {
    const bench = new Bench(harness);
    try {
      await run(bench);
    } finally {
      bench.close();
    }
  });
}

/** Bytes of which no two nearby stretches are alike. */
export function pattern(sizeBytes: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes);
  for (let i = 0; i < sizeBytes; i++) bytes[i] = Math.imul(i, 0x9e3779b1) >>> 24;
  return bytes;
}

/** Writes all, a piece at a time, as the contract asks: not while the connection is blocked. */
export function writePolitely(
  recorder: Recorder,
  bytes: Uint8Array,
  pieceBytes: number,
): Promise<{ refusals: number }> {
  return new Promise((resolve) => {
    let at = 0;
    let refusals = 0;
    const writeOn = () => {
      while (at < bytes.length) {
        const piece = bytes.subarray(at, at + pieceBytes);
        at += piece.length;
        if (!recorder.connection.write(piece)) {
          refusals++;
          return;
        }
      }
      resolve({ refusals });
    };
    recorder.onDrained = writeOn;
    writeOn();
  });
}
