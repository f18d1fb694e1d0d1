import { openBells } from "../../platform/bells.ts";
import { copyBytes } from "../../platform/copy_bytes.ts";
import { onParentMessage, postToParent } from "../../platform/threads.ts";
import type { FrameSource } from "../../ring/frames.ts";
import { openReader, openWriter } from "../../ring/ring.ts";
import {
  type Envelope,
  FLAG,
  MAIN_THREAD,
  MessagePorts,
  threadOf,
  type WayEvents,
  type Ways,
  type WaysStart,
} from "./ways.ts";

/** The ends that a shard has in its own thread. */
export interface ShardWays extends Ways {
  /** Undefined: what goes to many comes with the other records. */
  readonly broadcasts: FrameSource | undefined;
  /** Whether anybody listens to messages of applications now. */
  readonly hearsApps: () => boolean;
}

export function openShardWays(shard: number, start: WaysStart, events: WayEvents): ShardWays {
  return start.by === "memory" ? overMemory(shard, start, events) : overMessages(events);
}

function overMemory(shard: number, start: Extract<WaysStart, { by: "memory" }>, events: WayEvents): ShardWays {
  const bells = openBells(start.bells, threadOf(shard));
  const wakeMain = () => bells.ring(MAIN_THREAD);
  const sink = openWriter(start.toMain, { copy: copyBytes, wakeReader: wakeMain, onRoom: events.onRoom });
  const source = openReader(start.toShard, { copy: copyBytes, wakeWriter: wakeMain, onFrames: events.onFrames });
  const broadcasts = openReader(start.broadcasts, { copy: copyBytes, wakeWriter: wakeMain, reader: start.place });
  const flags = new Int32Array(start.flags);
  bells.listen(() => {
    sink.wake();
    source.wake();
  });
  return { sink, source, broadcasts, hearsApps: () => Atomics.load(flags, FLAG.hearsApps) === 1 };
}

/** Whether somebody listens is not known here: the main thread counts what nobody does. */
function overMessages(events: WayEvents): ShardWays {
  const ports = new MessagePorts(postToParent);
  onParentMessage((envelope) => ports.deliver(envelope as Envelope));
  return { ...ports.open("toMain", "toShard", events), broadcasts: undefined, hearsApps: () => true };
}
