import type { DialOptions, Endpoint, Listener, TcpEndpoint } from "../platform/types.ts";
import type { Peer } from "./peer.ts";
import type { PeerOptions } from "./peer_options.ts";

/** An open connection that is nobody yet, in this thread or in a shard. */
export interface Line {
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** Ends it at once. */
  abort(): void;
  /** Makes a peer of it. */
  toPeer(options: PeerOptions<Peer>): Peer;
}

/** Opens lines in both directions. */
export interface Lines {
  /** Rejects with an Error whose message says what failed. */
  dial(endpoint: TcpEndpoint, options: DialOptions): Promise<Line>;
  /** Rejects with LocalError if the address cannot be had. */
  listen(endpoint: Endpoint, accept: (line: Line) => void): Promise<Listener>;
}
