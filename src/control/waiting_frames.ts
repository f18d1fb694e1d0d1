import { byChannel, type Channel, CHANNELS } from "../bus/channels.ts";
import { READER_MAX_BYTES, READER_MAX_EVENTS } from "../protocol/control_params.ts";
import { Deque } from "../util/deque.ts";
import type { EventFrame } from "./event_frames.ts";

interface Waiting {
  readonly frame: EventFrame;
  readonly number: number;
}

/**
 * Frames that wait for one reader, and leave in the order in which they came. Where there is no room, the oldest of the
 * lowest channel gives way, so that no flood of data takes a control event with it.
 */
export class WaitingFrames {
  readonly #queues = byChannel(() => new Deque<Waiting>());
  readonly #dropped: (channel: Channel) => void;
  #length = 0;
  #bytes = 0;
  #number = 0;

  constructor(dropped: (channel: Channel) => void) {
    this.#dropped = dropped;
  }

  get length(): number {
    return this.#length;
  }

  get bytes(): number {
    return this.#bytes;
  }

  push(frame: EventFrame): void {
    this.#queues[frame.channel].push({ frame, number: this.#number++ });
    this.#length++;
    this.#bytes += frame.bytes.length;
    while (this.#length > READER_MAX_EVENTS || this.#bytes > READER_MAX_BYTES) this.#dropOne();
  }

  /** The oldest of all. */
  shift(): EventFrame | undefined {
    let [oldest, lowest] = [undefined as Channel | undefined, Number.POSITIVE_INFINITY];
    for (const channel of CHANNELS) {
      const number = this.#queues[channel].peek()?.number ?? Number.POSITIVE_INFINITY;
      if (number < lowest) [oldest, lowest] = [channel, number];
    }
    return oldest && this.#take(oldest);
  }

  clear(): void {
    for (const channel of CHANNELS) this.#queues[channel].clear();
    this.#length = 0;
    this.#bytes = 0;
  }

  #dropOne(): void {
    const channel = CHANNELS.findLast((each) => this.#queues[each].length > 0)!;
    this.#take(channel);
    this.#dropped(channel);
  }

  #take(channel: Channel): EventFrame {
    const { frame } = this.#queues[channel].shift()!;
    this.#length--;
    this.#bytes -= frame.bytes.length;
    return frame;
  }
}
