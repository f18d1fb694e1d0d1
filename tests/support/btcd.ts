import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { devNull, homedir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { Buffer } from "node:buffer";
import { END_TO_END, type TestOptions } from "./binary.ts";
import { ask } from "./http.ts";
import { Program } from "./program.ts";
import { poll, within } from "./wait.ts";

const MODULE = "github.com/btcsuite/btcd@v0.26.2";
const CACHE = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "p2p-tests", "btcd-0.26.2");
const FILE = join(CACHE, process.platform === "win32" ? "btcd.exe" : "btcd");
/** Fetches and builds about 60 modules: half a minute on two cores, more with a slow network. */
const INSTALL_TIMEOUT_MS = 180_000;
const TEST_TIMEOUT_MS = 120_000;
/** Its initial download verifies scripts: 2.7 s for the test chain on an idle machine. */
const SYNC_PATIENCE_MS = 60_000;

const USER = "test";
const PASSWORD = "test";
/** Where `generate` pays to: of no one, on regtest. */
const MINING_ADDRESS = "mfWxJ45yp2SFn7UciZyNpvDKrzbhyfKrY8";
/** Nobody listens on it. With --connect given, btcd looks for no other peers. */
const NOBODY = "127.0.0.1:1";

/** What a test against btcd passes to test(): skipped, with the reason, where btcd cannot be had. */
export const NEEDS_BTCD: TestOptions = {
  skip: END_TO_END.skip === false ? install() : END_TO_END.skip,
  timeout: TEST_TIMEOUT_MS,
};

/** Builds btcd with the Go that is there, once. False, or why there is none. */
function install(): string | false {
  if (existsSync(FILE)) return false;
  if (spawnSync("go", ["version"]).status !== 0) return "btcd is not installed, and there is no Go to build it";
  const env = { ...process.env, GOBIN: CACHE };
  const { status, stderr, error } = spawnSync("go", ["install", MODULE], {
    env,
    encoding: "utf8",
    timeout: INSTALL_TIMEOUT_MS,
  });
  return status === 0 ? false : `go install ${MODULE}: ${error?.message ?? stderr.trim().split("\n").at(-1)}`;
}

export interface BtcdOptions {
  readonly directory: string;
  /** `host:port` of peers that it dials. Nobody by default. */
  readonly connect?: readonly string[];
  /** Further arguments. */
  readonly args?: readonly string[];
}

/** A btcd process on regtest that listens on loopback and dials nobody else than it is told. */
export class Btcd {
  readonly program: Program;
  #port = 0;
  #rpcPort = 0;

  private constructor({ directory, connect = [NOBODY], args = [] }: BtcdOptions) {
    this.program = new Program({ file: FILE, args: [] }, [
      "--regtest",
      `--configfile=${devNull}`,
      `--datadir=${join(directory, "data")}`,
      `--logdir=${join(directory, "log")}`,
      "--listen=127.0.0.1:0",
      "--rpclisten=127.0.0.1:0",
      `--rpcuser=${USER}`,
      `--rpcpass=${PASSWORD}`,
      "--notls",
      "--nodnsseed",
      `--miningaddr=${MINING_ADDRESS}`,
      ...connect.map((endpoint) => `--connect=${endpoint}`),
      ...args,
    ]);
  }

  static async start(options: BtcdOptions): Promise<Btcd> {
    const btcd = new Btcd(options);
    btcd.#rpcPort = Number((await btcd.program.line(/RPC server listening on \S*:(\d+)/))[1]);
    btcd.#port = Number((await btcd.program.line(/CMGR: Server listening on \S*:(\d+)/))[1]);
    return btcd;
  }

  /** As a node dials it. */
  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async rpc<T>(method: string, ...params: readonly unknown[]): Promise<T> {
    const headers = {
      authorization: `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString("base64")}`,
      "content-type": "application/json",
    };
    const body = JSON.stringify({ jsonrpc: "1.0", id: 1, method, params });
    const answer = await ask({ host: "127.0.0.1", port: this.#rpcPort, path: "/", method: "POST", headers }, body);
    const { result, error } = JSON.parse(answer.body) as { result: T; error: { message: string } | null };
    if (error) throw new Error(`${method}: ${error.message}`);
    return result;
  }

  /** Hash of the best block, in display order. */
  async tip(): Promise<string> {
    return await this.rpc<string>("getbestblockhash");
  }

  /** Mines blocks on its tip; their hashes. With them it believes to be current, however old its chain was. */
  async generate(count: number): Promise<readonly string[]> {
    return await this.rpc<readonly string[]>("generate", count);
  }

  /** The block as on the wire, witnesses included. */
  async block(hash: string): Promise<Buffer> {
    return Buffer.from(await this.rpc<string>("getblock", hash, 0), "hex");
  }

  async reaches(tip: string): Promise<void> {
    try {
      await poll(`btcd at ${tip}`, () => this.tip(), (hash) => hash === tip, SYNC_PATIENCE_MS);
    } catch (error) {
      throw new Error(`${(error as Error).message}\n${this.program.tail()}`, { cause: error });
    }
  }

  /** Asks it to stop, then insists. */
  async stop(): Promise<void> {
    if (!this.program.isAlive) return;
    await this.rpc("stop").catch(() => {}); // it may close the connection before it answers
    await within("end of btcd", this.program.exited, 5000).catch(() => this.program.cleanUp());
  }
}
