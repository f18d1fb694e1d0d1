import { type Channel, CHANNELS } from "../bus/channels.ts";
import { EVENT_CHANNELS } from "../node/events.ts";
import type { P2PNode } from "../node/types.ts";
import { EVENT_HEARTBEAT_MS, EVENTS_PER_TURN, HISTORY_MS, MAX_IDLE_SOURCES } from "../protocol/control_params.ts";
import type { NodeEvents } from "../protocol/node_events.ts";
import type { Env, Logger, Timer } from "../util/env.ts";
import { encodeHead, encodeReset } from "./event_frames.ts";
import { EventHistory } from "./event_history.ts";
import { EventReader } from "./event_reader.ts";
import type { StreamSource, StreamWriter } from "./http_types.ts";

export interface EventFeedOptions {
  readonly node: Pick<P2PNode, "events" | "channels">;
  readonly env: Env;
}

/** Which events one reader wants: where they come from, a channel or a topic, and which of them. */
export interface EventWish {
  readonly sources: readonly string[];
  readonly wants: (type: string) => boolean;
  /** Whether it wants all that its sources tell. */
  readonly wantsAll: boolean;
  /** The last event that the reader had before its connection broke. */
  readonly lastEventId?: string | undefined;
}

type EventType = keyof NodeEvents;

/** The types of a channel; a topic is a source of its own. */
export function typesOf(source: string): readonly EventType[] {
  const types = Object.keys(EVENT_CHANNELS) as EventType[];
  const isChannel = (CHANNELS as readonly string[]).includes(source);
  return isChannel ? types.filter((type) => EVENT_CHANNELS[type] === source) : [source as EventType];
}

/** A subscription that lives as long as somebody reads what comes of it, and a little longer. */
interface Source {
  readonly readers: Set<EventReader>;
  readonly ending: AbortController;
  /** Ends it, where nobody reads it. */
  idle: Timer | undefined;
}

/**
 * The node's events for any number of readers: one subscription a channel, and one encoding an event, whoever reads
 * it. What readers who lost their connection may have missed is kept for a while, and not encoded unless they come
 * back; otherwise it costs nothing without readers.
 */
export class EventFeed {
  readonly #node: EventFeedOptions["node"];
  readonly #env: Env;
  readonly #log: Logger;
  readonly #readers = new Set<EventReader>();
  readonly #sources = new Map<string, Source>();
  readonly #history: EventHistory;
  #heartbeat: Timer | undefined;

  constructor({ node, env }: EventFeedOptions) {
    this.#node = node;
    this.#env = env;
    this.#log = env.logger("control");
    this.#history = new EventHistory(env);
  }

  /** Readers at the moment. */
  get size(): number {
    return this.#readers.size;
  }

  /** Bytes that wait for readers who are slow; frames that several wait for count for each. */
  get waitingBytes(): number {
    let bytes = 0;
    for (const reader of this.#readers) bytes += reader.bytes;
    return bytes;
  }

  /** Bytes of events that are kept for readers who come back. */
  get historyBytes(): number {
    return this.#history.bytes;
  }

  /** Serves one reader until it is gone. */
  open({ sources, wants, wantsAll, lastEventId }: EventWish, writer: StreamWriter): StreamSource {
    const reader = new EventReader(this.#env, writer, wants, wantsAll);
    this.#readers.add(reader);
    for (const source of sources) this.#join(source, reader);
    // Who comes with a number keeps it until it has what follows.
    reader.write(encodeHead(lastEventId === undefined ? this.#history.here : undefined));
    if (lastEventId !== undefined) this.#resume(lastEventId, sources, reader);
    this.#heartbeat ??= this.#env.after(EVENT_HEARTBEAT_MS, () => this.#beat());
    return { drained: () => reader.drained(), closed: () => this.#leave(reader) };
  }

  /** Cuts every reader. */
  close(): void {
    for (const reader of [...this.#readers]) {
      this.#leave(reader);
      reader.cut();
    }
    for (const [name, source] of this.#sources) this.#end(name, source);
  }

  #resume(lastEventId: string, sources: readonly string[], reader: EventReader): void {
    this.#history.replay(lastEventId, sources, {
      wants: (type) => reader.wants(type),
      push: (frame) => reader.push(frame),
      miss: (channel, count) => reader.miss(channel, count),
      reset: (id) => reader.write(encodeReset(id)),
    });
  }

  #join(name: string, reader: EventReader): void {
    const source = this.#sources.get(name);
    if (source) {
      source.idle?.cancel();
      source.idle = undefined;
      return void source.readers.add(reader);
    }
    const fresh: Source = { readers: new Set([reader]), ending: new AbortController(), idle: undefined };
    this.#sources.set(name, fresh);
    const channel = channelOf(name);
    this.#history.begin(name, channel, this.#node.channels().find((use) => use.channel === channel)!.published);
    this.#pump(name, fresh).catch((error: unknown) => this.#fail(name, fresh, error));
  }

  #leave(reader: EventReader): void {
    reader.close();
    this.#readers.delete(reader);
    for (const [name, source] of this.#sources) {
      if (!source.readers.delete(reader) || source.readers.size > 0) continue;
      source.idle = this.#env.after(HISTORY_MS, () => this.#end(name, source));
    }
    const idle = [...this.#sources].filter(([, source]) => source.idle);
    for (const [name, source] of idle.slice(0, -MAX_IDLE_SOURCES)) this.#end(name, source);
    if (this.#readers.size > 0) return;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
  }

  #end(name: string, { idle, ending }: Source): void {
    idle?.cancel();
    this.#sources.delete(name);
    this.#history.end(name);
    ending.abort();
  }

  async #pump(name: string, { readers, ending }: Source): Promise<void> {
    let count = 0;
    for await (const item of this.#node.events(typesOf(name), ending.signal)) {
      if (ending.signal.aborted) return;
      if ("missed" in item) {
        this.#history.addGap(name, item.channel, item.missed);
        for (const reader of readers) reader.miss(item.channel, item.missed);
      } else {
        this.#deliver(name, readers, item.type, item.event);
      }
      if (++count % EVENTS_PER_TURN === 0) await new Promise<void>((resolve) => this.#env.nextTurn(resolve));
    }
  }

  #deliver(source: string, readers: ReadonlySet<EventReader>, type: EventType, event: unknown): void {
    const takers = [...readers].filter((reader) => reader.wants(type));
    const isWanted = takers.length > 0;
    const happened = { source, channel: channelOf(type), type, time: this.#env.wallClock(), event };
    const kept = this.#history.add(happened, isWanted);
    for (const reader of takers) reader.push(kept.frame());
  }

  /** The node is stopped, or this is a bug: whoever reads has to ask again. */
  #fail(name: string, source: Source, error: unknown): void {
    this.#log.error("the events of a channel ended", { channel: name, error });
    for (const reader of [...source.readers]) reader.cut();
    if (this.#sources.get(name) === source) this.#end(name, source);
  }

  #beat(): void {
    const now = this.#env.now();
    for (const reader of this.#readers) reader.beat(now);
    this.#heartbeat = this.#env.after(EVENT_HEARTBEAT_MS, () => this.#beat());
  }
}

/** Of an event's type, or of a source. */
function channelOf(name: string): Channel {
  if ((CHANNELS as readonly string[]).includes(name)) return name as Channel;
  return EVENT_CHANNELS[name as EventType] ?? "data";
}
