import type { Connection, ConnectionSink, DialOptions, Endpoint, Listener, ListenOptions, Transport } from "./types.ts";

/** Hears what goes over one connection, in order. Bytes are only borrowed: copy what is kept. */
export interface Tap {
  received(chunk: Uint8Array): void;
  sent(bytes: Uint8Array): void;
}

/** The same byte streams, overheard. Whoever does not ask for it pays nothing. */
export function tapTransport(transport: Transport, open: (connection: Connection) => Tap): Transport {
  const tapped = (connection: Connection) => new TappedConnection(connection, open(connection));
  return {
    ...transport.copiesAreCheap !== undefined && { copiesAreCheap: transport.copiesAreCheap },
    dial: async (endpoint: Endpoint, options: DialOptions) => tapped(await transport.dial(endpoint, options)),
    listen: (
      endpoint: Endpoint,
      accept: (connection: Connection) => void,
      options?: ListenOptions,
    ): Promise<Listener> => transport.listen(endpoint, (connection) => accept(tapped(connection)), options),
    resolve: (host) => transport.resolve(host),
  };
}

class TappedConnection implements Connection {
  readonly #inner: Connection;
  readonly #tap: Tap;

  constructor(inner: Connection, tap: Tap) {
    this.#inner = inner;
    this.#tap = tap;
  }

  get remote(): Endpoint {
    return this.#inner.remote;
  }

  get local(): Endpoint {
    return this.#inner.local;
  }

  start(sink: ConnectionSink): void {
    this.#inner.start({
      data: (chunk) => {
        this.#tap.received(chunk);
        sink.data(chunk);
      },
      drained: () => sink.drained(),
      closed: (error) => sink.closed(error),
    });
  }

  write(bytes: Uint8Array): boolean {
    this.#tap.sent(bytes);
    return this.#inner.write(bytes);
  }

  pause(): void {
    this.#inner.pause();
  }

  resume(): void {
    this.#inner.resume();
  }

  close(): void {
    this.#inner.close();
  }

  abort(): void {
    this.#inner.abort();
  }
}
