import type { FrameSink } from "../../ring/frames.ts";
import type { Env } from "../../util/env.ts";
import { encodeBroadcast, encodeNumbered, encodeSealed } from "./records.ts";

/** Who brings a record to a shard, behind what was sent there before. */
export interface RecordPort {
  readonly shard: number;
  flush(): void;
  put(record: Uint8Array): void;
}

export interface BroadcasterOptions {
  readonly env: Env;
  /** The ring that all shards read; undefined: there is none. */
  readonly sink: FrameSink | undefined;
  /** Those whose threads live. */
  readonly ports: () => Iterable<RecordPort>;
  /** Larger frames go to each shard by itself: they would pass through the ring in parts, at the pace of the slowest. */
  readonly maxBytes: number;
}

const NUMBERS = 2 ** 32;

/** Frames that go to many peers, written once for all shards. Each shard is told who of its peers gets the frame. */
export class Broadcaster {
  readonly #options: BroadcasterOptions;
  readonly #recipients = new Map<number, number[]>();
  #frame: Uint8Array | undefined;
  #count = 0;
  #number = 0;

  constructor(options: BroadcasterOptions) {
    this.#options = options;
  }

  /** The peer gets the frame; it leaves with that of all others who get the same one, before anything else is sent. */
  add(port: RecordPort, peer: number, frame: Uint8Array): void {
    if (frame !== this.#frame) this.flush();
    if (!this.#frame) this.#options.env.soon(() => this.flush());
    this.#frame = frame;
    this.#count++;
    const peers = this.#recipients.get(port.shard);
    if (peers) peers.push(peer);
    else this.#recipients.set(port.shard, [peer]);
  }

  flush(): void {
    const frame = this.#frame;
    if (!frame) return;
    const recipients = new Map(this.#recipients);
    const isShared = this.#count > 1 && this.#write(frame);
    this.#frame = undefined;
    this.#count = 0;
    this.#recipients.clear();
    for (const port of this.#options.ports()) {
      const peers = recipients.get(port.shard) ?? [];
      // All shards hear of what is in the ring, or those who get nothing would never make room in it.
      if (isShared) port.put(encodeBroadcast(this.#number, peers));
      else if (peers.length > 0) port.put(encodeSealed(frame, peers));
    }
  }

  /** False: there is no room, because a shard is slow. */
  #write(frame: Uint8Array): boolean {
    const { sink, maxBytes } = this.#options;
    if (!sink || frame.length > maxBytes) return false;
    const number = (this.#number + 1) % NUMBERS;
    if (!sink.offer(encodeNumbered(number, frame))) return false;
    // Before any shard can read of it in its own ring.
    sink.commit();
    this.#number = number;
    return true;
  }
}
