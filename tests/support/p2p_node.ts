import { ask, type HttpAnswer } from "./http.ts";
import { type Command, type Exit, Program } from "./program.ts";
import { poll } from "./wait.ts";

/** The parts of `GET /v1/chain` that tests look at. */
export interface ChainState {
  readonly height: number;
  readonly bestHash: string;
  readonly headers: number;
  readonly syncing: boolean;
}

/** The parts of one of `GET /v1/peers` that tests look at. */
export interface PeerState {
  readonly id: number;
  readonly address: string;
  readonly direction: "inbound" | "outbound";
  readonly kind: string;
  readonly state: "handshaking" | "ready";
  readonly userAgent: string;
  readonly height: number;
  readonly bytes: { readonly in: number; readonly out: number };
  readonly outbox: { readonly bytes: number };
}

export interface P2pNodeOptions {
  readonly command: Command;
  readonly dataDir: string;
  readonly network?: string;
  /** Whether it looks for peers by itself. */
  readonly discovers?: boolean;
  /** Further arguments of `p2p node`. */
  readonly args?: readonly string[];
  /** Added to the test's own environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Longest that a sync of the test chain may take on a busy machine, in milliseconds. */
const SYNC_PATIENCE_MS = 45_000;

/** A running `p2p node` process that listens on loopback and is watched over its control API. */
export class P2pNode {
  readonly program: Program;
  readonly dataDir: string;
  #port = 0;
  #controlPort = 0;

  /** Starts the process and does not wait for it. */
  constructor(options: P2pNodeOptions) {
    const { command, dataDir, network = "regtest", discovers = false, args = [], env = {} } = options;
    this.dataDir = dataDir;
    const listen = args.includes("--no-listen") ? [] : ["--listen", "127.0.0.1:0"];
    // A port and not the usual socket: the permissions of `deno test -P` cannot name a socket that is yet to be.
    const control = args.includes("--control") ? [] : ["--control", "127.0.0.1:0"];
    const own = [
      "node",
      "--network",
      network,
      "--data-dir",
      dataDir,
      ...discovers ? [] : ["--no-discover"],
      ...listen,
      ...control,
    ];
    this.program = new Program(command, [...own, ...args], { cwd: dataDir, env });
  }

  /** Waits for the line that says how to join, the last of a start. */
  async up(timeoutMs?: number): Promise<void> {
    this.#port = Number((await this.program.line(/--join \S*?:(\d+)/, timeoutMs))[1]);
    this.#controlPort = Number(/^control +\S+:(\d+)$/m.exec(this.log)?.[1] ?? 0);
  }

  get pid(): number {
    return this.program.pid;
  }

  get port(): number {
    return this.#port;
  }

  /** `host:port` of the control API. */
  get control(): string {
    return `127.0.0.1:${this.#controlPort}`;
  }

  /** As another node dials it. */
  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get log(): string {
    return this.program.stderr;
  }

  async request(path: string, method?: string, body?: string): Promise<HttpAnswer> {
    return await ask({ host: "127.0.0.1", port: this.#controlPort, path, method: method ?? "GET" }, body);
  }

  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.request(path);
    if (status !== 200) throw new Error(`GET ${path}: status ${status}: ${body.slice(0, 200)}`);
    return JSON.parse(body) as T;
  }

  async chain(): Promise<ChainState> {
    return await this.get<ChainState>("/v1/chain");
  }

  async peers(): Promise<readonly PeerState[]> {
    return await this.get<readonly PeerState[]>("/v1/peers");
  }

  /** Waits until the best block is the given one. */
  async reaches(tip: string, timeoutMs = SYNC_PATIENCE_MS): Promise<ChainState> {
    return await this.chainUntil(`tip ${tip}`, (chain) => chain.bestHash === tip, timeoutMs);
  }

  async chainUntil(
    what: string,
    holds: (chain: ChainState) => boolean,
    timeoutMs = SYNC_PATIENCE_MS,
  ): Promise<ChainState> {
    return await this.#watch(what, () => this.chain(), holds, timeoutMs);
  }

  async peersUntil(what: string, holds: (peers: readonly PeerState[]) => boolean): Promise<readonly PeerState[]> {
    return await this.#watch(what, () => this.peers(), holds, SYNC_PATIENCE_MS);
  }

  /** Sends the signal and waits for the end. */
  async stop(signal: "SIGINT" | "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<Exit> {
    return await this.program.end(signal);
  }

  async #watch<T>(what: string, look: () => Promise<T>, holds: (state: T) => boolean, timeoutMs: number): Promise<T> {
    const lookAlive = () => {
      if (!this.program.isAlive) throw new Error("the process is gone");
      return look();
    };
    try {
      return await poll(what, lookAlive, holds, timeoutMs);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.program.tail()}`, { cause: error });
    }
  }
}
