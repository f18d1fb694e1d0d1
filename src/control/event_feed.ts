import { type Channel, CHANNELS } from "../bus/channels.ts";
import { EVENT_CHANNELS } from "../node/events.ts";
import type { P2PNode } from "../node/types.ts";
import { EVENT_HEARTBEAT_MS, EVENTS_PER_TURN } from "../protocol/control_params.ts";
import type { NodeEvents } from "../protocol/snapshots.ts";
import type { Env, Logger, Timer } from "../util/env.ts";
import { encodeEvent, type EventFrame, STREAM_HEAD } from "./event_frames.ts";
import { EventReader } from "./event_reader.ts";
import type { StreamSource, StreamWriter } from "./http_types.ts";

export interface EventFeedOptions {
  readonly node: Pick<P2PNode, "events">;
  readonly env: Env;
}

/** Which events one reader wants: where they come from, a channel or a topic, and which of them. */
export interface EventWish {
  readonly sources: readonly string[];
  readonly wants: (type: string) => boolean;
}

type EventType = keyof NodeEvents;

/** The types of a channel; a topic is a source of its own. */
export function typesOf(source: string): readonly EventType[] {
  const types = Object.keys(EVENT_CHANNELS) as EventType[];
  const isChannel = (CHANNELS as readonly string[]).includes(source);
  return isChannel ? types.filter((type) => EVENT_CHANNELS[type] === source) : [source as EventType];
}

/** A subscription that lives as long as somebody reads what comes of it. */
interface Source {
  readonly readers: Set<EventReader>;
  readonly ending: AbortController;
}

/**
 * The node's events for any number of readers: one subscription a channel, and one encoding an event, whoever reads
 * it. Without readers it costs nothing.
 */
export class EventFeed {
  readonly #node: Pick<P2PNode, "events">;
  readonly #env: Env;
  readonly #log: Logger;
  readonly #readers = new Set<EventReader>();
  readonly #sources = new Map<string, Source>();
  #heartbeat: Timer | undefined;
  #nextId = 1;

  constructor({ node, env }: EventFeedOptions) {
    this.#node = node;
    this.#env = env;
    this.#log = env.logger("control");
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

  /** Serves one reader until it is gone. */
  open({ sources, wants }: EventWish, writer: StreamWriter): StreamSource {
    const reader = new EventReader(this.#env, writer, wants);
    this.#readers.add(reader);
    reader.write(STREAM_HEAD);
    for (const source of sources) this.#join(source, reader);
    this.#heartbeat ??= this.#env.after(EVENT_HEARTBEAT_MS, () => this.#beat());
    return { drained: () => reader.drained(), closed: () => this.#leave(reader) };
  }

  /** Cuts every reader. */
  close(): void {
    for (const reader of [...this.#readers]) {
      this.#leave(reader);
      reader.cut();
    }
  }

  #join(name: string, reader: EventReader): void {
    const source = this.#sources.get(name);
    if (source) return void source.readers.add(reader);
    const fresh = { readers: new Set([reader]), ending: new AbortController() };
    this.#sources.set(name, fresh);
    this.#pump(name, fresh).catch((error: unknown) => this.#fail(name, error));
  }

  #leave(reader: EventReader): void {
    reader.close();
    this.#readers.delete(reader);
    for (const [name, { readers, ending }] of this.#sources) {
      readers.delete(reader);
      if (readers.size > 0) continue;
      this.#sources.delete(name);
      ending.abort();
    }
    if (this.#readers.size > 0) return;
    this.#heartbeat?.cancel();
    this.#heartbeat = undefined;
  }

  async #pump(name: string, { readers, ending }: Source): Promise<void> {
    let count = 0;
    for await (const item of this.#node.events(typesOf(name), ending.signal)) {
      if ("missed" in item) {
        for (const reader of readers) reader.miss(item.channel, item.missed);
      } else {
        this.#deliver(readers, item.type, item.event);
      }
      if (++count % EVENTS_PER_TURN === 0) await new Promise<void>((resolve) => this.#env.nextTurn(resolve));
    }
  }

  #deliver(readers: ReadonlySet<EventReader>, type: EventType, event: unknown): void {
    let frame: EventFrame | undefined;
    for (const reader of readers) {
      if (!reader.wants(type)) continue;
      frame ??= encodeEvent(this.#nextId++, this.#env.wallClock(), channelOf(type), type, event);
      reader.push(frame);
    }
  }

  /** The node is stopped, or this is a bug: whoever reads has to ask again. */
  #fail(name: string, error: unknown): void {
    this.#log.error("the events of a channel ended", { channel: name, error });
    for (const reader of this.#sources.get(name)?.readers ?? []) reader.cut();
  }

  #beat(): void {
    const now = this.#env.now();
    for (const reader of this.#readers) reader.beat(now);
    this.#heartbeat = this.#env.after(EVENT_HEARTBEAT_MS, () => this.#beat());
  }
}

function channelOf(type: EventType): Channel {
  return EVENT_CHANNELS[type] ?? "data";
}
