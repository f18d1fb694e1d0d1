import { type Channel, CHANNELS } from "../bus/channels.ts";
import { READER_STALL_MS, READER_WRITE_BYTES } from "../protocol/control_params.ts";
import { concatBytes } from "../util/bytes.ts";
import type { Env } from "../util/env.ts";
import { encodeLag, type EventFrame, HEARTBEAT } from "./event_frames.ts";
import type { StreamWriter } from "./http_types.ts";
import { WaitingFrames } from "./waiting_frames.ts";

/**
 * One reader of events. What it does not take in time waits, bounded in events and bytes; then some leave, of the lowest
 * channel first, and are counted, and it is told how many before it gets the rest. One that takes nothing at all is cut
 * in the end.
 */
export class EventReader {
  readonly #env: Env;
  readonly #writer: StreamWriter;
  readonly #wants: (type: string) => boolean;
  readonly #wantsAll: boolean;
  readonly #waiting = new WaitingFrames((channel) => {
    this.#missed[channel]++;
    this.#hasMissed = true;
  });
  readonly #missed: { [C in Channel]: number } = { control: 0, sync: 0, inventory: 0, data: 0 };
  #hasMissed = false;
  /** By channel: whether what was missed is counted with events that nobody asked for. */
  readonly #isAtMost = new Set<Channel>();
  #isScheduled = false;
  #isClosed = false;
  /** Since when the connection takes nothing. */
  #blockedAt: number | undefined;

  constructor(env: Env, writer: StreamWriter, wants: (type: string) => boolean, wantsAll: boolean) {
    this.#env = env;
    this.#writer = writer;
    this.#wants = wants;
    this.#wantsAll = wantsAll;
  }

  /** Bytes that wait. */
  get bytes(): number {
    return this.#waiting.bytes;
  }

  wants(type: string): boolean {
    return this.#wants(type);
  }

  push(frame: EventFrame): void {
    this.#waiting.push(frame);
    this.#schedule();
  }

  /** Events of a channel were lost before they could be encoded: nobody knows any more of which types they were. */
  miss(channel: Channel, count: number): void {
    this.#missed[channel] += count;
    if (!this.#wantsAll) this.#isAtMost.add(channel);
    this.#hasMissed = true;
    this.#schedule();
  }

  /** The connection takes bytes again. */
  drained(): void {
    this.#blockedAt = undefined;
    this.#flush();
  }

  /** Shows that both sides live; cuts the reader that has taken nothing for too long. */
  beat(now: number): void {
    if (this.#blockedAt === undefined) this.#write(HEARTBEAT);
    else if (now - this.#blockedAt > READER_STALL_MS) this.#writer.cut();
  }

  write(bytes: Uint8Array): void {
    this.#write(bytes);
  }

  cut(): void {
    this.#writer.cut();
  }

  close(): void {
    this.#isClosed = true;
    this.#waiting.clear();
  }

  /** At the end of the turn: the events of one turn leave together. */
  #schedule(): void {
    if (this.#isScheduled || this.#blockedAt !== undefined) return;
    this.#isScheduled = true;
    this.#env.soon(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#isClosed || this.#blockedAt !== undefined) return;
    if (this.#hasMissed) this.#tellMissed();
    while (this.#waiting.length > 0 && this.#blockedAt === undefined) this.#write(this.#takeBytes());
  }

  #tellMissed(): void {
    this.#hasMissed = false;
    for (const channel of CHANNELS) {
      const missed = this.#missed[channel];
      if (missed > 0) this.#write(encodeLag(channel, missed, this.#isAtMost.has(channel)));
      this.#missed[channel] = 0;
    }
    this.#isAtMost.clear();
  }

  #takeBytes(): Uint8Array {
    const parts: Uint8Array[] = [];
    let taken = 0;
    while (this.#waiting.length > 0 && taken < READER_WRITE_BYTES) {
      const { bytes } = this.#waiting.shift()!;
      taken += bytes.length;
      parts.push(bytes);
    }
    return parts.length === 1 ? parts[0]! : concatBytes(parts);
  }

  #write(bytes: Uint8Array): void {
    if (this.#isClosed || this.#writer.write(bytes)) return;
    this.#blockedAt ??= this.#env.now();
  }
}
