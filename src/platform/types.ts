import type { Hash } from "../util/hash.ts";
import type { TimesSnapshot } from "../util/recent_times.ts";

/** Where a byte stream ends: an IP address (or host name, when dialling) and a port, or the path of a unix socket. */
export type Endpoint = TcpEndpoint | UnixEndpoint;

/** An end of a TCP connection. */
export interface TcpEndpoint {
  /** An IP address without brackets, or a host name when dialling. */
  readonly host: string;
  /** 0 when listening: the system chooses. */
  readonly port: number;
}

/** An end of a connection over a unix socket. */
export interface UnixEndpoint {
  readonly path: string;
}

/** What happens on a connection. Calls never overlap and never come after `closed`. */
export interface ConnectionSink {
  /** Bytes arrived. The chunk is only borrowed: it may be overwritten once this call returns. Copy what is kept. */
  data(chunk: Uint8Array): void;
  /** The system took all that `write` was holding back. */
  drained(): void;
  /** The connection is over: last call, exactly once. Without an error if either side ended it in order. */
  closed(error?: Error): void;
}

/** A byte stream in both directions. It pushes, and pausing is explicit. */
export interface Connection {
  /** Where the other side is, and our own end. */
  readonly remote: Endpoint;
  readonly local: Endpoint;
  /** Attaches the sink; call it once. Nothing is delivered before. */
  start(sink: ConnectionSink): void;
  /**
   * Takes all of `bytes`, in order. False: the system refused a part, which the adapter keeps; hold further bytes until
   * `drained`. The bytes must not be changed afterwards. After `close` or the end of the connection they are dropped.
   */
  write(bytes: Uint8Array): boolean;
  /** Stops delivery; at most one more `data` may follow. */
  pause(): void;
  /** Delivers again, beginning with what came meanwhile. Idempotent. */
  resume(): void;
  /** Sends what was written, then ends the stream; `closed` follows. Idempotent. */
  close(): void;
  /** Ends the stream at once, dropping what was not sent; `closed` follows. Idempotent. */
  abort(): void;
}

/** An open listening socket. */
export interface Listener {
  /** The address in use, with the real port. */
  readonly local: Endpoint;
  /** Stops accepting. Accepted connections live on. Idempotent. */
  close(): void;
}

/** When a dial gives up. */
export interface DialOptions {
  /** Gives up after so many milliseconds. */
  readonly timeoutMs: number;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal;
}

/** How an address is listened on. */
export interface ListenOptions {
  /** Lets several listeners share one port (SO_REUSEPORT), where the system has it. */
  readonly reusePort?: boolean;
}

/** Byte streams of one runtime, or of a simulated network. */
export interface Transport {
  /**
   * Whether this runtime copies 200 bytes about as fast as it makes a view of them: 44 ns against 36 on Bun, and 500 to
   * 800 against 30 on Node and Deno. Not, if it is left out.
   */
  readonly copiesAreCheap?: boolean;
  /**
   * Rejects with an Error whose message says what failed (refused, unreachable, timed out, aborted, no such host). Where
   * the remote accepts and cuts at once, resolves: the connection ends as soon as it is started.
   */
  dial(endpoint: Endpoint, options: DialOptions): Promise<Connection>;
  /** `accept` gets each new connection, not yet started. Rejects if the address cannot be had. */
  listen(endpoint: Endpoint, accept: (connection: Connection) => void, options?: ListenOptions): Promise<Listener>;
  /** The addresses of a host name, possibly none; a literal address resolves to itself. */
  resolve(host: string): Promise<readonly string[]>;
}

/** What happens in a group of the local network. */
export interface MulticastSink {
  /** We are in the group: what is sent from now on reaches the others. */
  joined(): void;
  /** A datagram came from the address `from`, which is of the network behind the interface; ours come too. */
  received(bytes: Uint8Array, from: string): void;
  /** The runtime, the system or the interface has no multicast, or has it no more. Last call, unless it was closed. */
  failed(error: Error): void;
}

/** A place in a group of the local network. */
export interface MulticastSocket {
  /** Sends a datagram to all in the group, ourselves too. Nobody knows whether it arrives. */
  send(bytes: Uint8Array): void;
  /** Leaves the group. No call of the sink follows. Idempotent. */
  close(): void;
}

/** Datagrams to everybody on the local network (IPv4). */
export interface Multicast {
  /** Addresses of the interfaces at which somebody can be dialled over IPv4 who listens on `host`; possibly none. */
  interfacesOf(host: string): readonly string[];
  /** Joins a group behind the interface with that address. The sink is called later. */
  join(group: TcpEndpoint, interfaceAddress: string, sink: MulticastSink): MulticastSocket;
}

/** Another thread of this process, with an event loop of its own. */
export interface Thread {
  /** Sends a message. What is in `transfer` is moved and not copied. */
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** Ends it at once, whatever it is doing. Resolves when it is gone. Idempotent. */
  end(): Promise<void>;
}

/** What a thread has to say. */
export interface ThreadEvents {
  /** It posted something. */
  message?(message: unknown): void;
  /** It is gone: last call, exactly once. `why` is said of the thread, and does not name it. */
  ended(why: Error): void;
}

/** Starts a thread that runs a file of ours: its path below src, without the ending. `data` is copied, or shared. */
export type StartThread = (path: string, data: unknown, events: ThreadEvents) => Thread;

/** The threads of one runtime and system. */
export interface Threads {
  readonly start: StartThread;
  /** Whether several threads can listen on one port, and the system spreads connections over them (SO_REUSEPORT). */
  readonly sharesPorts: boolean;
  /** Whether threads can see the same memory. */
  readonly sharesMemory: boolean;
}

/** What the store knows about one header. */
export interface StoredHeader {
  readonly hash: Hash;
  /** The 80 bytes as on the Bitcoin wire. */
  readonly raw: Uint8Array;
  /** Whether the block was found to break a rule; its descendants are invalid with it. */
  readonly invalid: boolean;
  /** Size of the stored block in bytes; 0 while it is not stored (not yet fetched, or pruned). */
  readonly blockSize: number;
}

/** One entry of the address book. What the record says is the book's business; it has no NUL, at which Deno ends a text. */
export interface StoredAddress {
  /** `host:port`; one row each. */
  readonly endpoint: string;
  readonly record: string;
}

/** An address or a range of addresses (CIDR) that we do not talk to. */
export interface StoredBan {
  /** As text; one row each. */
  readonly subnet: string;
  /** Unix seconds at which the ban ends. */
  readonly until: number;
  /** For who reads the list. */
  readonly reason: string;
}

/**
 * What outlives the process. Synchronous: an embedded database answers in microseconds. Writes gather in one
 * transaction until `commit`; what was committed survives the death of the process at any moment.
 * Implementations throw LocalError when the disk is full, read-only or corrupt.
 */
export interface Store {
  /** Every header in the order of arrival, so that parents come before children. */
  headers(): Iterable<StoredHeader>;
  /** Adds a header of 80 bytes; does nothing if it is there. */
  putHeader(hash: Hash, raw: Uint8Array): void;
  /** Stores the block of a header that was put before. */
  putBlock(hash: Hash, raw: Uint8Array): void;
  /** The block as on the Bitcoin wire, or undefined if it is not stored. The bytes are the caller's. */
  block(hash: Hash): Uint8Array | undefined;
  /** Forgets the block but keeps its header (pruning). */
  removeBlock(hash: Hash): void;
  /** Marks a header that was put before, or takes the mark away. */
  setInvalid(hash: Hash, invalid: boolean): void;
  /** A small named value, such as the tip or the network's genesis. */
  setting(name: string): string | undefined;
  /** Adds a value or replaces that of the same name. */
  putSetting(name: string, value: string): void;
  /** The address book as it was put, in no order. A row may have been damaged since: the reader checks each. */
  addresses(): readonly StoredAddress[];
  /** Adds a row or replaces that of the same endpoint. */
  putAddress(address: StoredAddress): void;
  /** Forgets a row, if it is there. */
  removeAddress(endpoint: string): void;
  /** All that were put and not removed. */
  bans(): readonly StoredBan[];
  /** Adds a row or replaces that of the same subnet. */
  putBan(ban: StoredBan): void;
  /** Forgets a row, if it is there. */
  removeBan(subnet: string): void;
  /** `host:port` of the peers to return to after a restart, in the order in which they were put. */
  anchors(): readonly string[];
  /** Replaces all anchors. */
  putAnchors(endpoints: readonly string[]): void;
  /** Makes all writes since the last commit durable as one unit. Does nothing if there are none. */
  commit(): void;
  /** Commits and closes. Idempotent. */
  close(): void;
}

/** What the process takes of the machine. */
export interface ProcessFigures {
  /** Of all its threads, since the start. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** JavaScript objects and buffers. */
  readonly heapBytes: number;
  /** How late the event loop is. */
  readonly loopDelay: TimesSnapshot;
}

/** Measures the process that it is in. */
export interface ProcessMeter {
  /** Begins to watch the event loop. Idempotent. */
  start(): void;
  /** The figures at this moment. */
  read(): ProcessFigures;
  /** Ends the watch. Idempotent. */
  close(): void;
}
