import type { StartThread, Thread } from "../../platform/types.ts";
import { LocalError } from "../../protocol/errors.ts";
import type { MessageType } from "../../protocol/messages.ts";
import type { NetworkParams } from "../../protocol/network_params.ts";
import { SHARD_SILENCE_MS, SHARD_START_MS, SHARD_STOP_MS } from "../../protocol/shard_params.ts";
import type { ShardSnapshot } from "../../protocol/peer_snapshots.ts";
import type { Env, LogLevel } from "../../util/env.ts";
import type { SortingCodec } from "../../wire/codec.ts";
import type { CaptureRecords } from "../capture.ts";
import type { Broadcaster } from "./broadcaster.ts";
import type { MainLinks, MainWays } from "./main_ways.ts";
import { RecordReceiver } from "./record_receiver.ts";
import { RecordSender } from "./record_sender.ts";
import { ShardPort } from "./shard_port.ts";
import { SHARD_FILE, SHARD_LOGS, type ShardStart } from "./shard_start.ts";
import type { ShardReport } from "./records.ts";
import type { WaysStart } from "./ways.ts";

export interface ShardSlotOptions {
  readonly shard: number;
  readonly env: Env;
  readonly network: NetworkParams;
  /** The wire without checksums. */
  readonly codec: SortingCodec;
  readonly startThread: StartThread;
  readonly wanted: () => readonly MessageType[];
  readonly links: MainLinks;
  readonly broadcaster: Broadcaster;
  readonly onReport: (report: ShardReport) => void;
  /** Takes what the shard overhears; undefined: it does not. */
  readonly capture: CaptureRecords | undefined;
  /** The thread is gone, and with it so many peers. Not called when it was told to end. */
  readonly onFailed: (why: string, peers: number) => void;
}

/** One thread and all that it takes to speak with it. */
interface Life {
  /** It is ended because it gave no sign of life. */
  hung: boolean;
  readonly port: ShardPort;
  readonly thread: Thread;
  readonly ways: MainWays;
  readonly sender: RecordSender;
  readonly started: Promise<void>;
  readonly ended: Promise<void>;
}

const MS_PER_SECOND = 1_000;
const LATE = `nothing of it within ${SHARD_START_MS / MS_PER_SECOND} s, as on a machine that is too busy`;
const TRY_AGAIN = "try again, or with fewer --workers";
const INSTALL_AGAIN = "a file of p2p is missing: install it again";
const LEVELS: readonly LogLevel[] = ["debug", "info", "warn", "error"];

/** The place of one shard: a thread, and after its death another one with rings of its own. */
export class ShardSlot {
  readonly shard: number;
  readonly #options: ShardSlotOptions;
  #life: Life | undefined;
  #isServing = false;
  #starts = 0;
  #delayMs = 0;
  #reportedAt = 0;
  #isStopping = false;

  constructor(options: ShardSlotOptions) {
    this.#options = options;
    this.shard = options.shard;
  }

  /** Undefined while no thread is there. */
  get port(): ShardPort | undefined {
    return this.#life?.port;
  }

  /** Whether that thread is past its start. */
  get isServing(): boolean {
    return this.#isServing;
  }

  /** Resolves once the thread serves. Rejects with LocalError where it cannot be started. */
  async start(): Promise<void> {
    this.#starts++;
    const life = this.#begin();
    this.#life = life;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#options.env.after(SHARD_START_MS, () => reject(new Error(LATE)));
    try {
      await Promise.race([life.started, late]);
      this.#isServing = true;
      this.#reportedAt = this.#options.env.now();
    } catch (error) {
      this.#life = undefined;
      await life.thread.end();
      const why = error instanceof Error ? error.message : String(error);
      const advice = error instanceof LocalError && error.code === "bad-file" ? INSTALL_AGAIN : TRY_AGAIN;
      throw new LocalError("no-thread", `Cannot start worker ${this.shard + 1}: ${why}; ${advice}`, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  /** Call it when this thread's bell was rung. */
  wake(): void {
    this.#life?.ways.wake();
  }

  /** Ends a thread that gives no sign of life: it hangs. Not to be called in a turn before which we stood still ourselves. */
  tick(now: number): void {
    const life = this.#life;
    if (!this.#isServing || !life || now - this.#reportedAt < SHARD_SILENCE_MS) return;
    life.hung = true;
    void life.thread.end();
  }

  /** What was sent before still reaches the shard's sockets; then its thread ends. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    const life = this.#life;
    if (!life) return;
    life.port.flush();
    life.sender.close();
    const timer = this.#options.env.after(SHARD_STOP_MS, () => void life.thread.end());
    await life.ended;
    timer.cancel();
    this.#life = undefined;
  }

  snapshot(): ShardSnapshot {
    const life = this.#life;
    return {
      id: this.shard,
      state: life ? "running" : "down",
      peers: life?.port.peerCount ?? 0,
      ringUse: life?.ways.use() ?? { toShard: 0, toMain: 0 },
      waitingBytes: life?.port.waitingBytes ?? 0,
      delayMs: this.#delayMs,
      restarts: Math.max(0, this.#starts - 1),
    };
  }

  #begin(): Life {
    const { shard, env, codec, broadcaster, links, capture } = this.#options;
    const started = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    started.promise.catch(() => {});
    const ways = links.open(shard, { onRoom: () => sender.proceed(), onFrames: () => receiver.kick() });
    const sender: RecordSender = new RecordSender({ env, sink: ways.sink });
    const port = new ShardPort({
      shard,
      env,
      codec,
      sender,
      broadcaster,
      capture,
      onStarted: started.resolve,
      onReport: (report) => {
        this.#delayMs = Math.round(report.delayMs);
        this.#reportedAt = env.now();
        this.#options.onReport(report);
      },
    });
    const receiver: RecordReceiver = new RecordReceiver({
      env,
      source: ways.source,
      handle: (record) => port.handle(record),
      onEnd: () => void thread.end(),
    });
    const thread: Thread = this.#options.startThread(SHARD_FILE, this.#describe(ways.start), {
      message: (message) => ways.onMessage(message),
      ended: (error) => {
        const why = life.hung ? `no sign of life for ${SHARD_SILENCE_MS / MS_PER_SECOND} s` : error.message;
        // What it had committed was said by a living shard: ends of peers are not to be lost.
        receiver.finish();
        ways.leave();
        const { peerCount } = port;
        port.die(why);
        started.reject(error);
        ended.resolve();
        this.#onEnded(life, why, peerCount);
      },
    });
    ways.connect(thread);
    receiver.kick();
    const promises = { started: started.promise, ended: ended.promise };
    const life: Life = { hung: false, port, thread, ways, sender, ...promises };
    return life;
  }

  #onEnded(life: Life, why: string, peers: number): void {
    if (this.#isStopping || !this.#isServing || this.#life !== life) return;
    this.#isServing = false;
    this.#life = undefined;
    this.#options.onFailed(why, peers);
  }

  #describe(ways: WaysStart): ShardStart {
    const { shard, env, network, wanted, capture } = this.#options;
    const levels = SHARD_LOGS.flatMap((category) => {
      const least = LEVELS.find((level) => env.logger(category).enabled(level));
      return least ? [[category, least] as const] : [];
    });
    const { wire, magic } = network;
    const logLevels = Object.fromEntries(levels);
    return { shard, wire, magic, wanted: wanted(), ways, logLevels, captures: capture !== undefined };
  }
}
