import { attraction } from "../../net/balancing/rendezvous.ts";
import { backoffMs } from "../../net/backoff.ts";
import type { Line, Lines } from "../../peer/line.ts";
import { LocalLines } from "../../peer/local_lines.ts";
import { Turns } from "../../peer/turns.ts";
import type { DialOptions, Endpoint, Listener, TcpEndpoint, Threads, Transport } from "../../platform/types.ts";
import { LocalError } from "../../protocol/errors.ts";
import type { MessageType } from "../../protocol/messages.ts";
import type { NetworkParams } from "../../protocol/network_params.ts";
import { SHARD_RING_BYTES, SHARD_STARTS, STEADY_SHARD_MS } from "../../protocol/shard_params.ts";
import type { ShardSnapshot } from "../../protocol/peer_snapshots.ts";
import { formatEndpoint } from "../../util/endpoint.ts";
import type { Env, Logger } from "../../util/env.ts";
import type { Hasher } from "../../util/hash.ts";
import type { WireCodec } from "../../wire/codec.ts";
import type { CaptureRecords } from "../capture.ts";
import { Broadcaster } from "./broadcaster.ts";
import { createLinks, type MainLinks } from "./main_ways.ts";
import type { ShardReport } from "./records.ts";
import { RemotePeer } from "./remote_peer.ts";
import type { RemoteSocket, ShardPort } from "./shard_port.ts";
import { ShardSlot } from "./shard_slot.ts";
import { createCodec } from "./shard_start.ts";
import { SharedListeners } from "./shared_listeners.ts";

export interface ShardsOptions {
  readonly env: Env;
  readonly transport: Transport;
  readonly network: NetworkParams;
  readonly hasher: Hasher;
  readonly codec: WireCodec;
  readonly threads: Threads;
  readonly count: number;
  /** Types that services have a use for. */
  readonly wanted: () => readonly MessageType[];
  /** What a shard counted since it last told. */
  readonly onReport: (report: ShardReport) => void;
  /** Takes what they overhear; undefined: they do not. */
  readonly capture?: CaptureRecords;
  readonly onFailed: (shard: number, reason: string, peers: number) => void;
  readonly onStarted: (shard: number) => void;
}

/** The way to the end of a ring in which a frame surely is in one piece. */
const WHOLE_SHARE = 4;

/**
 * Connections that live in threads of their own. Which shard one is in is a function of the peer: of the endpoint that is
 * dialled, or of the choice that the system makes among listeners of one port.
 */
export class Shards implements Lines {
  readonly #options: ShardsOptions;
  readonly #log: Logger;
  readonly #local: LocalLines;
  readonly #turns: Turns;
  readonly #slots: readonly ShardSlot[];
  readonly #links: MainLinks;
  readonly #listeners: SharedListeners;
  readonly #failures: number[];
  readonly #startedAt: number[];
  readonly #codec;
  #isStopped = false;

  constructor(options: ShardsOptions) {
    const { env, count, network, hasher, codec, transport } = options;
    this.#options = options;
    this.#log = env.logger("shard");
    this.#local = new LocalLines({ env, transport, codec });
    this.#turns = new Turns(env);
    this.#codec = createCodec(network, hasher, false);
    this.#links = createLinks(count, options.threads.sharesMemory);
    this.#listeners = new SharedListeners({ env, log: this.#log, serving: () => this.#serving() });
    const broadcaster = new Broadcaster({
      env,
      sink: this.#links.broadcasts,
      ports: () => this.#ports(),
      maxBytes: SHARD_RING_BYTES / WHOLE_SHARE,
    });
    this.#failures = new Array(count).fill(0);
    this.#startedAt = new Array(count).fill(0);
    this.#slots = Array.from({ length: count }, (_, shard) =>
      new ShardSlot({
        shard,
        env,
        network,
        codec: this.#codec,
        startThread: options.threads.start,
        wanted: options.wanted,
        links: this.#links,
        broadcaster,
        onReport: options.onReport,
        capture: options.capture,
        onFailed: (why, peers) => this.#onFailed(shard, why, peers),
      }));
    this.#links.listen(() => this.#slots.forEach((slot) => slot.wake()));
  }

  /** Resolves when all threads serve. Rejects with LocalError where one cannot be started. */
  async start(): Promise<void> {
    const waiting = this.#waiting();
    const startOthers = async () => {
      for (const slot of waiting) await slot.start();
    };
    await Promise.all(Array.from({ length: SHARD_STARTS }, startOthers));
    this.#startedAt.fill(this.#options.env.now());
    for (const { shard } of this.#slots) this.#options.onStarted(shard);
  }

  async dial(endpoint: TcpEndpoint, options: DialOptions): Promise<Line> {
    const port = this.#portFor(endpoint);
    if (!port) throw new LocalError("stopped", `Cannot dial ${formatEndpoint(endpoint)}: no worker is running`);
    return this.#lineOf(await port.dial(endpoint, options));
  }

  async listen(endpoint: Endpoint, accept: (line: Line) => void): Promise<Listener> {
    if ("path" in endpoint || !this.#options.threads.sharesPorts) return this.#listenHere(endpoint, accept);
    const local = await this.#probe(endpoint);
    return { local, close: await this.#listeners.open(local, (socket) => accept(this.#lineOf(socket))) };
  }

  /** The height of the tip that we can serve, for those who shake hands from now on. */
  setHeight(height: number): void {
    for (const port of this.#ports()) port.tell({ is: "height", height });
  }

  /** Whether messages of applications are of use to anybody; at once, whatever is on its way to the shards. */
  setHearsApps(hears: boolean): void {
    this.#links.setHearsApps(hears);
  }

  /** Looks for threads that hang. */
  tick(now: number): void {
    for (const slot of this.#slots) slot.tick(now);
  }

  snapshot(): readonly ShardSnapshot[] {
    return this.#slots.map((slot) => slot.snapshot());
  }

  /** Drains the rings and ends the threads. The peers should be gone by then. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#listeners.stop();
    await Promise.all(this.#slots.map((slot) => slot.stop()));
    this.#links.close();
  }

  /** Those to be started, each for one of those who ask; nobody gets any more once one of them has failed to start. */
  *#waiting(): Generator<ShardSlot> {
    for (const slot of this.#slots) {
      if (this.#isStopped) return;
      yield slot;
    }
  }

  *#ports(): Iterable<ShardPort> {
    for (const { port } of this.#slots) if (port) yield port;
  }

  /** Those whose threads are past their start. */
  *#serving(): Iterable<ShardPort> {
    for (const { port, isServing } of this.#slots) if (port && isServing) yield port;
  }

  #portFor(endpoint: TcpEndpoint): ShardPort | undefined {
    const key = formatEndpoint(endpoint);
    const rank = ({ shard }: ShardPort) => attraction(key, String(shard));
    return [...this.#ports()].sort((left, right) => rank(right) - rank(left))[0];
  }

  /**
   * Takes the address for a moment for itself alone. Sharing it would succeed even where another program of this user
   * listens there and shares it too, and connections would be spread over both.
   */
  async #probe(endpoint: TcpEndpoint): Promise<Endpoint> {
    const listener = await this.#options.transport.listen(endpoint, (connection) => connection.abort());
    listener.close();
    return listener.local;
  }

  #listenHere(endpoint: Endpoint, accept: (line: Line) => void): Promise<Listener> {
    const why = "path" in endpoint ? "a unix socket" : "this system does not spread one port over threads";
    this.#log.warn("connections that are accepted here stay in the main thread", {
      address: formatEndpoint(endpoint),
      why,
    });
    return this.#local.listen(endpoint, accept);
  }

  #lineOf({ port, socket, remote, local }: RemoteSocket): Line {
    const { env } = this.#options;
    return {
      remote,
      local,
      abort: () => port.tell({ is: "drop", socket }),
      toPeer: (options) =>
        new RemotePeer({ ...options, env, port, codec: this.#codec, turns: this.#turns, socket, remote, local }),
    };
  }

  #onFailed(shard: number, why: string, peers: number): void {
    const { env } = this.#options;
    if (env.now() - this.#startedAt[shard]! > STEADY_SHARD_MS) this.#failures[shard] = 0;
    const failures = ++this.#failures[shard]!;
    this.#log.error("a worker ended, and its peers with it", { shard, why, peers });
    this.#options.onFailed(shard, why, peers);
    // The first one at once: its peers are dialled again, and others knock.
    env.after(failures === 1 ? 0 : backoffMs(failures, env.random()), () => void this.#restart(shard));
  }

  async #restart(shard: number): Promise<void> {
    if (this.#isStopped) return;
    const slot = this.#slots[shard]!;
    try {
      await slot.start();
    } catch (error) {
      // It was ended with all others meanwhile, which is no failure.
      if (this.#isStopped) return;
      return this.#onFailed(shard, error instanceof Error ? error.message : String(error), 0);
    }
    this.#startedAt[shard] = this.#options.env.now();
    const { port } = slot;
    if (port) await this.#listeners.serve(port);
    // Whoever hears that it runs may rely on its listeners. It may have ended meanwhile.
    if (!this.#isStopped && port && !port.isDead) this.#options.onStarted(shard);
  }
}
