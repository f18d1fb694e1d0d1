import { MAX_FLOW_WAITING_BYTES } from "../protocol/capture_params.ts";
import type { Segment } from "./tcp_packet.ts";

/** Hears the bytes of one direction of a connection, in order and each once. */
export interface FlowSink {
  /** Borrowed. */
  data(bytes: Uint8Array): void;
  /** Bytes are missing here, and will not come. */
  gap(): void;
}

interface WaitingSegment {
  readonly sequence: number;
  readonly data: Uint8Array;
}

/**
 * Puts the segments of one direction of a TCP connection into order. What comes early waits for what is missing, up to a
 * bound; then what is missing is given up.
 */
export class TcpFlow {
  readonly #sink: FlowSink;
  /** Undefined before the first segment. */
  #next: number | undefined;
  /** In order of their sequence numbers. */
  #waiting: WaitingSegment[] = [];
  waitingBytes = 0;

  constructor(sink: FlowSink) {
    this.#sink = sink;
  }

  take({ sequence, isFirst, data, wireBytes }: Segment): void {
    // A SYN takes a number of its own.
    const start = isFirst ? (sequence + 1) >>> 0 : sequence;
    if (isFirst || this.#next === undefined) this.#next = start;
    if (data.length > 0) this.#place(start, data);
    this.#deliverWaiting();
    // The capture kept only a part of the packet: the rest is nowhere.
    if (data.length < wireBytes && this.#next === (start + data.length) >>> 0) {
      this.#next = (start + wireBytes) >>> 0;
      this.#sink.gap();
      this.#deliverWaiting();
    }
    if (this.waitingBytes > MAX_FLOW_WAITING_BYTES) this.giveUp();
  }

  /** What is missing will not come: goes on with what is there. */
  giveUp(): void {
    while (this.#waiting.length > 0) {
      this.#next = this.#waiting[0]!.sequence;
      this.#sink.gap();
      this.#deliverWaiting();
    }
  }

  #place(sequence: number, data: Uint8Array): void {
    const ahead = distance(this.#next!, sequence);
    if (ahead <= 0) return this.#deliver(data, -ahead);
    const at = this.#waiting.findIndex((each) => distance(sequence, each.sequence) > 0);
    this.#waiting.splice(at < 0 ? this.#waiting.length : at, 0, { sequence, data: data.slice() });
    this.waitingBytes += data.length;
  }

  /** What was sent twice is heard once. */
  #deliver(data: Uint8Array, known: number): void {
    if (known >= data.length) return;
    this.#next = (this.#next! + data.length - known) >>> 0;
    this.#sink.data(known === 0 ? data : data.subarray(known));
  }

  #deliverWaiting(): void {
    for (;;) {
      const first = this.#waiting[0];
      if (!first) return;
      const ahead = distance(this.#next!, first.sequence);
      if (ahead > 0) return;
      this.#waiting.shift();
      this.waitingBytes -= first.data.length;
      this.#deliver(first.data, -ahead);
    }
  }
}

/** How far `to` lies after `from`, where numbers of 32 bits go round. */
function distance(from: number, to: number): number {
  return (to - from) | 0;
}
