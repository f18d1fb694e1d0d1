import type { Connection, Endpoint } from "../platform/types.ts";
import { MAX_STRAY_BYTES } from "../protocol/capture_params.ts";
import { RemoteFault } from "../protocol/errors.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import type { Env } from "../util/env.ts";
import { bytesToHex } from "../util/hex.ts";
import type { Decoder, RawFrame } from "../wire/codec.ts";
import { createSplitter } from "../wire/frames.ts";
import { NATIVE_HEADER_BYTES, nativeLayout, nativeTypeName } from "../wire/native.ts";
import { encodePacket } from "./pcapng.ts";
import { encodeUpperPduHead } from "./upper_pdu.ts";

export interface RecorderOptions {
  readonly env: Env;
  readonly network: Pick<NetworkParams, "wire" | "magic">;
  /** Takes a copy of one record. False: it could not be kept. */
  append(record: Uint8Array): boolean;
}

/** What went over the connections, in frames. */
export interface RecorderCounts {
  readonly frames: number;
  /** Of them, those that the disk was too slow for, or that came after the file had ended. */
  readonly dropped: number;
}

/** Dissectors. Wireshark knows Bitcoin's wire; of ours it can take apart what is CBOR. */
const CBOR = "cbor";
const PLAIN = "data";
const BITCOIN = "bitcoin";
const NATIVE_TYPE_AT = 4;

/** Turns the bytes of connections into records of a capture file, one a frame. */
export class Recorder {
  readonly #options: RecorderOptions;
  #frames = 0;
  #dropped = 0;

  constructor(options: RecorderOptions) {
    this.#options = options;
  }

  get counts(): RecorderCounts {
    return { frames: this.#frames, dropped: this.#dropped };
  }

  /** Listens to one connection. What it hears is only borrowed. */
  open(
    connection: Pick<Connection, "remote" | "local">,
  ): { received(chunk: Uint8Array): void; sent(bytes: Uint8Array): void } {
    const { remote, local } = connection;
    const received = new Flow(this.#options, remote, local, true, (record) => this.keep(record));
    const sent = new Flow(this.#options, local, remote, false, (record) => this.keep(record));
    return { received: (chunk) => received.feed(chunk), sent: (bytes) => sent.feed(bytes) };
  }

  /** One record, of this recorder or of another thread's. */
  keep(record: Uint8Array): void {
    this.#frames++;
    if (!this.#options.append(record)) this.#dropped++;
  }

  /** So many frames were dropped before they came here. */
  miss(frames: number): void {
    this.#frames += frames;
    this.#dropped += frames;
  }
}

/** One direction of one connection. */
class Flow {
  readonly #env: Env;
  readonly #source: Endpoint;
  readonly #target: Endpoint;
  readonly #isInbound: boolean;
  readonly #keep: (record: Uint8Array) => void;
  readonly #isNative: boolean;
  /** By dissector, and by type of our wire: a connection's frames differ little in what precedes them. */
  readonly #heads = new Map<string | number, Uint8Array>();
  #frames: Decoder<RawFrame> | undefined;

  constructor(
    { env, network }: RecorderOptions,
    source: Endpoint,
    target: Endpoint,
    isInbound: boolean,
    keep: (record: Uint8Array) => void,
  ) {
    this.#env = env;
    this.#source = source;
    this.#target = target;
    this.#isInbound = isInbound;
    this.#keep = keep;
    this.#isNative = network.wire === "native";
    this.#frames = createSplitter(network);
  }

  feed(chunk: Uint8Array): void {
    const frames = this.#frames;
    if (!frames) return;
    let unread = 0;
    try {
      frames.feed(chunk);
      for (;;) {
        unread = frames.bufferedBytes;
        const frame = frames.next();
        if (!frame) return;
        this.#record(frame);
      }
    } catch (error) {
      if (!(error instanceof RemoteFault)) throw error;
      this.#frames = undefined;
      this.#recordStray(chunk.subarray(Math.max(0, chunk.length - unread)), error);
    }
  }

  #record(frame: RawFrame): void {
    const { bytes, start, end } = frame;
    if (!this.#isNative) {
      return this.#write(bytes.subarray(start, end), this.#head(BITCOIN, BITCOIN), "");
    }
    const number = bytes[start + NATIVE_TYPE_AT]!;
    const bodyStart = start + NATIVE_HEADER_BYTES;
    const header = bytesToHex(bytes.subarray(start, bodyStart));
    const type = nativeTypeName(number);
    const dissector = nativeLayout(number).kind === "structured" ? CBOR : PLAIN;
    const head = this.#heads.get(number) ?? this.#head(number, dissector, `p2p ${type}`);
    this.#write(bytes.subarray(bodyStart, end), head, `${type}; frame header ${header}`);
  }

  /** Bytes that are no frame, as far as they came along: what follows them cannot be told apart. */
  #recordStray(bytes: Uint8Array, fault: RemoteFault): void {
    const comment = `no frame: ${fault.message}; the rest of this direction is not captured`;
    this.#write(bytes.subarray(0, MAX_STRAY_BYTES), this.#head(PLAIN, PLAIN), comment);
  }

  #write(data: Uint8Array, head: Uint8Array, comment: string): void {
    this.#keep(encodePacket({ wallClock: this.#env.wallClock(), isInbound: this.#isInbound, head, data, comment }));
  }

  /** `protocol`: of our wire, which Wireshark does not know, the type of the message. */
  #head(key: string | number, dissector: string, protocol?: string): Uint8Array {
    let head = this.#heads.get(key);
    if (!head) {
      const ends = { source: this.#source, target: this.#target };
      head = encodeUpperPduHead({ dissector, ...ends, ...protocol !== undefined && { protocol } });
      this.#heads.set(key, head);
    }
    return head;
  }
}
