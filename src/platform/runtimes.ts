/**
 * What we use of a Bun socket. `write` takes a part and returns its size, or −1 once the socket is closed. The addresses
 * are undefined once it is over.
 */
export interface BunSocket<Data> {
  data: Data;
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
  write(bytes: Uint8Array, offset?: number, length?: number): number;
  pause(): void;
  resume(): void;
  shutdown(): void;
  terminate(): void;
  setNoDelay(enabled: boolean): boolean;
}

export interface BunSocketHandlers<Data> {
  readonly binaryType: "uint8array";
  open(socket: BunSocket<Data>): void;
  data(socket: BunSocket<Data>, chunk: Uint8Array): void;
  drain(socket: BunSocket<Data>): void;
  close(socket: BunSocket<Data>, error?: Error): void;
  error(socket: BunSocket<Data>, error: Error): void;
  connectError?(socket: BunSocket<Data>, error: Error): void;
}

type BunAddress = { readonly hostname: string; readonly port: number } | { readonly unix: string };

export interface BunListener {
  readonly hostname: string;
  readonly port: number;
  stop(closeConnections?: boolean): void;
}

/** The part of the global `Bun` that we use. */
export interface BunRuntime {
  readonly version: string;
  gc(synchronously: boolean): void;
  readonly SHA256: { hash(data: Uint8Array, into: Uint8Array): Uint8Array };
  connect<Data>(
    options: BunAddress & { readonly socket: BunSocketHandlers<Data> },
  ): Promise<BunSocket<Data>>;
  listen<Data>(
    options: BunAddress & {
      readonly socket: BunSocketHandlers<Data>;
      readonly reusePort?: boolean;
      readonly ipv6Only?: boolean;
    },
  ): BunListener;
}

type DenoAddress =
  | { readonly transport: "tcp"; readonly hostname: string; readonly port: number }
  | { readonly transport: "unix"; readonly path: string };

/** What we use of a Deno connection. `read` gives null at the end; `write` takes a part and resolves to its size. */
export interface DenoConn {
  readonly localAddr: DenoAddress;
  readonly remoteAddr: DenoAddress;
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay?(enabled: boolean): void;
}

export interface DenoListener {
  readonly addr: DenoAddress;
  accept(): Promise<DenoConn>;
  close(): void;
}

/** The part of the global `Deno` that we use. */
export interface DenoRuntime {
  readonly version: { readonly deno: string };
  /** Whether this is a program made by `deno compile`. */
  readonly build: { readonly standalone: boolean };
  connect(options: DenoAddress & { readonly signal?: AbortSignal }): Promise<DenoConn>;
  listen(options: DenoAddress & { readonly tcpBacklog?: number }): DenoListener;
}

/**
 * The runtimes' globals under our own types: ambient declarations would clash with the ones that Deno brings along, and
 * a global that is looked up by name survives every bundler.
 */
export const bun: BunRuntime | undefined = globalNamed("Bun");
export const deno: DenoRuntime | undefined = globalNamed("Deno");
/** There where V8 was told so: `node --expose-gc`. */
export const collectGarbage: (() => void) | undefined = globalNamed("gc");

function globalNamed<T>(name: string): T | undefined {
  return Reflect.get(globalThis, name);
}
