// The program of a shard's thread: opens the rings, and serves until the main thread closes its own.

import { createEnv } from "../../platform/env.ts";
import { createHasher } from "../../platform/hasher.ts";
import { createTransport } from "../../platform/host.ts";
import { ownData, stayAlive } from "../../platform/threads.ts";
import type { LogCategory, LogFields, Logger, LogLevel } from "../../util/env.ts";
import { RecordReceiver } from "./record_receiver.ts";
import { RecordSender } from "./record_sender.ts";
import { encodeNote } from "./records.ts";
import { Shard } from "./shard.ts";
import { ShardCapture } from "./shard_capture.ts";
import { createCodec, type ShardStart } from "./shard_start.ts";
import { openShardWays } from "./shard_ways.ts";

const RANKS: { readonly [L in LogLevel]: number } = { debug: 0, info: 1, warn: 2, error: 3 };

function run(start: ShardStart): void {
  const logger = (category: LogCategory) => passLogOn(category, start.logLevels[category], sender);
  const env = createEnv({ logger });
  const ways = openShardWays(start.shard, start.ways, {
    onRoom: () => sender.proceed(),
    onFrames: () => receiver.kick(),
  });
  const hasher = createHasher();
  const sender: RecordSender = new RecordSender({ env, sink: ways.sink, onRoom: () => shard.onRoom() });
  const transport = createTransport(env.logger("platform"));
  const capture = start.captures ? new ShardCapture({ env, network: start, sender }) : undefined;
  const shard: Shard = new Shard({
    env,
    transport: capture?.tap(transport) ?? transport,
    codec: createCodec(start, hasher),
    unsealed: createCodec(start, hasher, false),
    sender,
    broadcasts: ways.broadcasts,
    wanted: new Set(start.wanted),
    hearsApps: ways.hearsApps,
    onReport: () => capture?.tellDropped(),
  });
  const receiver: RecordReceiver = new RecordReceiver({
    env,
    source: ways.source,
    handle: (record) => shard.handle(record),
    onEnd() {
      shard.close();
      // The last ends of peers come with the turn in which their sockets go.
      env.nextTurn(() => {
        capture?.tellDropped();
        sender.close();
      });
    },
  });
  stayAlive();
  shard.start();
  receiver.kick();
}

/** A logger whose records the main thread writes. */
function passLogOn(category: LogCategory, least: LogLevel | undefined, sender: RecordSender): Logger {
  const enabled = (level: LogLevel) => least !== undefined && RANKS[level] >= RANKS[least];
  const write = (level: LogLevel) => (text: string, fields: LogFields = {}) => {
    if (enabled(level)) sender.put(encodeNote({ is: "log", category, level, text, fields: plain(fields) }));
  };
  return { enabled, debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
}

/** Errors as their text: JSON would leave nothing of them. */
function plain(fields: LogFields): LogFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, value instanceof Error ? value.message : value]),
  );
}

run(ownData() as ShardStart);
