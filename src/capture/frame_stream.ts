import { MAX_STRAY_BYTES } from "../protocol/capture_params.ts";
import { RemoteFault } from "../protocol/errors.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { concatBytes } from "../util/bytes.ts";
import type { Decoder, RawFrame } from "../wire/codec.ts";
import { createSplitter } from "../wire/frames.ts";
import { findMagic, MAGIC_BYTES } from "./magic.ts";
import type { FlowSink } from "./tcp_flow.ts";

/** What a stream of bytes held: a frame, or what was found in its place. */
export interface FoundFrame {
  readonly network: NetworkParams;
  /** Borrowed until the next bytes; empty where there is no frame. */
  readonly frame: Uint8Array;
  readonly problem: string | undefined;
}

const NO_BYTES = new Uint8Array(0);

/**
 * Finds frames in one direction of a connection, of whatever network they are. It may begin anywhere: after a gap or a
 * fault it looks for the next frame.
 */
export class FrameStream implements FlowSink {
  readonly #networks: readonly NetworkParams[];
  readonly #found: (frame: FoundFrame) => void;
  #network: NetworkParams | undefined;
  #frames: Decoder<RawFrame> | undefined;
  /** The last bytes that were searched: a frame may begin within them. */
  #tail = NO_BYTES;
  #searchedBytes = 0;
  #hasFrames = false;

  constructor(networks: readonly NetworkParams[], found: (frame: FoundFrame) => void) {
    this.#networks = networks;
    this.#found = found;
  }

  /** So much was seen without a single frame that somebody else's traffic is likely. */
  get isForeign(): boolean {
    return !this.#hasFrames && this.#searchedBytes > MAX_STRAY_BYTES;
  }

  data(bytes: Uint8Array): void {
    let rest: Uint8Array | undefined = bytes;
    while (rest && rest.length > 0 && !this.isForeign) rest = this.#frames ? this.#split(rest) : this.#search(rest);
  }

  gap(): void {
    this.#frames = undefined;
    this.#tail = NO_BYTES;
  }

  /** Answers what is to be searched for the next frame: where the stream is out of step. */
  #split(bytes: Uint8Array): Uint8Array | undefined {
    const frames = this.#frames!;
    let unread = bytes.length;
    try {
      frames.feed(bytes);
      for (;;) {
        unread = frames.bufferedBytes;
        const raw = frames.next();
        if (!raw) return undefined;
        this.#hasFrames = true;
        this.#found({ network: this.#network!, frame: raw.bytes.subarray(raw.start, raw.end), problem: undefined });
      }
    } catch (error) {
      if (!(error instanceof RemoteFault)) throw error;
      this.#found({ network: this.#network!, frame: NO_BYTES, problem: error.message });
      this.#frames = undefined;
      // Its first byte is where the fault lies: a search that began there would find the same again.
      return bytes.subarray(Math.max(0, bytes.length - unread) + 1);
    }
  }

  /** Looks for the beginning of a frame; answers the bytes from there on. */
  #search(bytes: Uint8Array): Uint8Array | undefined {
    const searched = this.#tail.length === 0 ? bytes : concatBytes([this.#tail, bytes]);
    this.#tail = NO_BYTES;
    const place = findMagic(searched, this.#networks);
    if (!place) {
      this.#searchedBytes += bytes.length;
      this.#tail = searched.slice(-(MAGIC_BYTES - 1));
      return undefined;
    }
    this.#network = place.network;
    this.#frames = createSplitter(place.network);
    return searched.subarray(place.at);
  }
}
