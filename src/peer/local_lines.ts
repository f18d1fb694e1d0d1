import type { Connection, DialOptions, Endpoint, Listener, TcpEndpoint, Transport } from "../platform/types.ts";
import type { Env } from "../util/env.ts";
import type { WireCodec } from "../wire/codec.ts";
import type { Line, Lines } from "./line.ts";
import { LocalPeer } from "./local_peer.ts";
import { Turns } from "./turns.ts";

export interface LocalLinesOptions {
  readonly env: Env;
  readonly transport: Transport;
  readonly codec: WireCodec;
}

/** Connections of this thread. */
export class LocalLines implements Lines {
  readonly #options: LocalLinesOptions;
  readonly #turns: Turns;

  constructor(options: LocalLinesOptions) {
    this.#options = options;
    this.#turns = new Turns(options.env);
  }

  async dial(endpoint: TcpEndpoint, options: DialOptions): Promise<Line> {
    return this.#lineOf(await this.#options.transport.dial(endpoint, options));
  }

  listen(endpoint: Endpoint, accept: (line: Line) => void): Promise<Listener> {
    return this.#options.transport.listen(endpoint, (connection) => accept(this.#lineOf(connection)));
  }

  #lineOf(connection: Connection): Line {
    const { env, transport, codec } = this.#options;
    return {
      remote: connection.remote,
      local: connection.local,
      abort: () => connection.abort(),
      toPeer: (options) =>
        new LocalPeer({
          ...options,
          connection,
          codec,
          decoder: codec.createDecoder(transport),
          env,
          turns: this.#turns,
        }),
    };
  }
}
