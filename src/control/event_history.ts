import { byChannel, type Channel, CHANNELS, type PerChannel } from "../bus/channels.ts";
import { HISTORY_EVENTS, HISTORY_MAX_BYTES, HISTORY_RAW_BYTES } from "../protocol/control_params.ts";
import { Deque } from "../util/deque.ts";
import type { Env } from "../util/env.ts";
import { bytesToHex } from "../util/hex.ts";
import { abridge, encodeEvent, type EventFrame } from "./event_frames.ts";

/** What happened, and where we heard of it: a channel, or a topic, which travels in one. */
export interface Happened {
  readonly source: string;
  readonly channel: Channel;
  readonly type: string;
  /** Unix milliseconds. */
  readonly time: number;
  readonly event: unknown;
}

/** Somebody who comes back. */
export interface Returned {
  wants(type: string): boolean;
  push(frame: EventFrame): void;
  /** So many events of a channel are no longer here. */
  miss(channel: Channel, count: number): void;
  /** The id is none of ours: what came before this run is not known. `id` stands before all that did in this one. */
  reset(id: string): void;
}

/** Where a stream stands: items that were told up to here, from whatever source, and events of each channel. */
interface Position {
  readonly number: number;
  readonly counts: Readonly<PerChannel<number>>;
}

/** Where complete knowledge of a source begins: the last item that is not here, and its count in its channel. */
interface Edge {
  readonly number: number;
  readonly count: number;
}

/** An event that is kept. It is encoded when somebody wants it, and once. */
class KeptEvent {
  readonly source: string;
  readonly type: string;
  readonly number: number;
  readonly count: number;
  /** Stays what it was when the event came. */
  readonly chargedBytes: number;
  #encode: (() => EventFrame) | undefined;
  #frame: EventFrame | undefined;

  constructor(happened: Happened, { number, counts }: Position, run: string, isWanted: boolean) {
    const { source, channel, type, time } = happened;
    const event = isWanted ? happened.event : abridge(happened.event);
    this.source = source;
    this.type = type;
    this.number = number;
    this.count = counts[channel];
    this.#encode = () => encodeEvent(formatId(run, { number, counts }), time, channel, type, event);
    this.chargedBytes = isWanted ? this.frame().bytes.length : HISTORY_RAW_BYTES;
  }

  frame(): EventFrame {
    this.#frame ??= this.#encode!();
    this.#encode = undefined;
    return this.#frame;
  }
}

/** Events of a channel that a full queue lost before they came here. */
interface Gap extends Pick<KeptEvent, "source" | "number" | "count" | "chargedBytes"> {
  readonly missed: number;
}

interface Shelf {
  readonly items: Deque<KeptEvent | Gap>;
  bytes: number;
  /** What was dropped last. */
  edge: Edge;
}

const BEFORE_ALL: Position = { number: 0, counts: byChannel(() => 0) };
const RUN_BYTES = 4;
const ID = /^([0-9a-f]{8})-(\d{1,15})-(\d{1,15})\.(\d{1,15})\.(\d{1,15})\.(\d{1,15})$/;

/**
 * The latest events of each channel, so that a reader who lost its connection gets what it missed, or is told how many
 * events that were.
 */
export class EventHistory {
  /** Tells this node's ids from those that it gave before it was restarted. */
  readonly #run: string;
  readonly #shelves = byChannel((): Shelf => ({ items: new Deque(), bytes: 0, edge: { number: 0, count: 0 } }));
  readonly #counts = byChannel(() => 0);
  /** The sources that are followed, and where each began. */
  readonly #sources = new Map<string, Edge & { readonly channel: Channel }>();
  #number = 0;

  constructor(env: Pick<Env, "randomBytes">) {
    this.#run = bytesToHex(env.randomBytes(RUN_BYTES));
  }

  /** Bytes that are kept, about. */
  get bytes(): number {
    return CHANNELS.reduce((sum, channel) => sum + this.#shelves[channel].bytes, 0);
  }

  /** The id of who has heard all that was told by now. */
  get here(): string {
    return formatId(this.#run, { number: this.#number, counts: this.#counts });
  }

  /** A source is followed from now on; `published`: events of its channel so far, whether anybody heard them or not. */
  begin(source: string, channel: Channel, published: number): void {
    this.#counts[channel] = Math.max(this.#counts[channel], published);
    this.#sources.set(source, { channel, number: ++this.#number, count: this.#counts[channel] });
  }

  /** A source is followed no longer, and what came of it forgotten. */
  end(source: string): void {
    const begun = this.#sources.get(source);
    if (!begun) return;
    this.#sources.delete(source);
    const shelf = this.#shelves[begun.channel];
    for (const item of takeAll(shelf.items)) {
      if (item.source === source) shelf.bytes -= item.chargedBytes;
      else shelf.items.push(item);
    }
  }

  /** Keeps an event; `isWanted`: somebody reads it now. */
  add(happened: Happened, isWanted: boolean): KeptEvent {
    this.#counts[happened.channel]++;
    const position = { number: ++this.#number, counts: { ...this.#counts } };
    const kept = new KeptEvent(happened, position, this.#run, isWanted);
    this.#keep(happened.channel, kept);
    return kept;
  }

  addGap(source: string, channel: Channel, missed: number): void {
    const count = this.#counts[channel] += missed;
    this.#keep(channel, { source, number: ++this.#number, count, missed, chargedBytes: 0 });
  }

  /** Tells what came from these sources after the event with this id, oldest first. */
  replay(lastEventId: string, sources: readonly string[], to: Returned): void {
    const position = readId(this.#run, lastEventId);
    if (!position) to.reset(formatId(this.#run, BEFORE_ALL));
    const since = position ?? BEFORE_ALL;
    const found = CHANNELS.flatMap((channel) => {
      const edge = this.#edgeOf(channel, sources);
      const missed = edge && edge.number > since.number ? edge.count - since.counts[channel] : 0;
      if (missed > 0) to.miss(channel, missed);
      return this.#itemsOf(channel)
        .filter(({ source, number }) => number > since.number && sources.includes(source))
        .map((item) => ({ channel, item }));
    });
    for (const { channel, item } of found.sort((left, right) => left.item.number - right.item.number)) {
      if ("missed" in item) to.miss(channel, item.missed);
      else if (to.wants(item.type)) to.push(item.frame());
    }
  }

  #keep(channel: Channel, item: KeptEvent | Gap): void {
    const shelf = this.#shelves[channel];
    const { items } = shelf;
    while (
      items.length >= HISTORY_EVENTS || (items.length > 0 && shelf.bytes + item.chargedBytes > HISTORY_MAX_BYTES)
    ) {
      const { number, count, chargedBytes } = items.shift()!;
      shelf.bytes -= chargedBytes;
      shelf.edge = { number, count };
    }
    items.push(item);
    shelf.bytes += item.chargedBytes;
  }

  /** From where on all is here that these sources told in a channel; undefined if none of them is of it. */
  #edgeOf(channel: Channel, sources: readonly string[]): Edge | undefined {
    const begun = sources.map((source) => this.#sources.get(source)).filter((edge) => edge?.channel === channel);
    if (begun.length === 0) return undefined;
    return [this.#shelves[channel].edge, ...begun].reduce((last, edge) => edge!.number > last!.number ? edge : last);
  }

  #itemsOf(channel: Channel): readonly (KeptEvent | Gap)[] {
    const { items } = this.#shelves[channel];
    const all = takeAll(items);
    for (const item of all) items.push(item);
    return all;
  }
}

function takeAll<T>(items: Deque<T>): T[] {
  return Array.from({ length: items.length }, () => items.shift()!);
}

function formatId(run: string, { number, counts: { control, sync, inventory, data } }: Position): string {
  return `${run}-${number}-${control}.${sync}.${inventory}.${data}`;
}

/** Where the stream stood; undefined if the id is not of this run. */
function readId(run: string, id: string): Position | undefined {
  const [, foundRun, ...digits] = ID.exec(id) ?? [];
  if (foundRun !== run) return undefined;
  const [number, control, sync, inventory, data] = digits.map(Number) as [number, number, number, number, number];
  return { number, counts: { control, sync, inventory, data } };
}
