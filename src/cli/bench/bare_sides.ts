import type { Connection, ConnectionSink } from "../../platform/types.ts";
import {
  type FlowReceiver,
  type FlowSender,
  type FlowSpec,
  LOOPBACK,
  SentCounter,
  startPacer,
  waitForCount,
} from "./flow.ts";
import { Latencies } from "./latencies.ts";
import type { SideContext } from "./side.ts";
import { readStamp, writeStamp } from "./stamps.ts";
import { takeSample } from "./usage.ts";

/** The length of the whole frame, and as much again unused: a header as lean as that of the native wire. */
const HEADER_BYTES = 8;
const BATCH_BYTES = 65_536;
/** Writes in one turn of the loop, which must also hear when to end. */
const WRITES_PER_TURN = 16;
const DIAL = { timeoutMs: 10_000 };

/** Sends frames over the bare adapter, joined into writes of 64 KiB: the most that the runtime's sockets can do. */
export function createBareSender({ transport, env, context, clock }: SideContext, spec: FlowSpec): FlowSender {
  const connections: Connection[] = [];
  const perBatch = Math.max(1, Math.floor(BATCH_BYTES / spec.sizeBytes));
  const batch = makeFrames(spec.sizeBytes, perBatch, 0);
  const counter = new SentCounter();
  let left = 0;
  let stopPacing = () => {};

  function accept(connection: Connection): void {
    connections.push(connection);
    connection.start({ data() {}, drained: () => fill(connection), closed() {} });
  }

  function fill(connection: Connection): void {
    for (let writes = 0; left > 0; writes++) {
      if (writes === WRITES_PER_TURN) return env.nextTurn(() => fill(connection));
      const count = Math.min(left, perBatch);
      left -= count;
      counter.add(count, 0);
      if (!connection.write(count === perBatch ? batch : batch.subarray(0, count * spec.sizeBytes))) return;
    }
  }

  function sendDue(count: number, dueMs: number): void {
    const frames = makeFrames(spec.sizeBytes, count, dueMs);
    for (const connection of connections) connection.write(frames);
    counter.add(count * connections.length, 0);
  }

  return {
    async listen() {
      const { local } = await transport.listen({ host: LOOPBACK, port: 0 }, accept);
      return "port" in local ? local.port : 0;
    },
    connected: () => waitForCount(() => connections.length, spec.connections),
    sizeBytes: () => spec.sizeBytes,
    flood({ messages = Number.MAX_SAFE_INTEGER }) {
      left = messages;
      for (const connection of connections) fill(connection);
    },
    pace({ perSecond }) {
      stopPacing = startPacer(perSecond, clock, sendDue);
    },
    halt() {
      stopPacing();
      left = 0;
      return counter.takeSent();
    },
    sample: () => takeSample(context.host, clock, counter.total),
  };
}

/** Cuts what arrives over the bare adapter into frames, and does nothing else with them. */
export function createBareReceiver({ transport, context, clock }: SideContext, spec: FlowSpec): FlowReceiver {
  const cutters = Array.from({ length: spec.connections }, () => new FrameCutter(spec.sizeBytes, clock));
  const latencies = new Latencies();
  const done = () => cutters.reduce((sum, { frames }) => sum + frames, 0);
  const sample = () => takeSample(context.host, clock, done());
  return {
    async connect(port) {
      for (const cutter of cutters) (await transport.dial({ host: LOOPBACK, port }, DIAL)).start(cutter);
    },
    sample,
    async reach(wanted) {
      await waitForCount(done, wanted);
      return sample();
    },
    time(isOn) {
      latencies.reset();
      for (const cutter of cutters) cutter.latencies = isOn ? latencies : undefined;
    },
    latencies: () => latencies.encode(),
  };
}

/** Finds the frames in what arrives, in place; a frame that a chunk cuts is put together first. */
class FrameCutter implements ConnectionSink {
  frames = 0;
  latencies: Latencies | undefined;
  readonly #held: Uint8Array;
  readonly #clock: () => number;
  #heldBytes = 0;

  constructor(sizeBytes: number, clock: () => number) {
    this.#held = new Uint8Array(sizeBytes);
    this.#clock = clock;
  }

  data(chunk: Uint8Array): void {
    const missing = Math.min(this.#held.length - this.#heldBytes, chunk.length);
    let at = 0;
    if (this.#heldBytes > 0) {
      this.#held.set(chunk.subarray(0, missing), this.#heldBytes);
      this.#heldBytes += missing;
      if (this.#heldBytes < this.#held.length) return;
      this.#count(this.#held, 0);
      at = missing;
    }
    while (chunk.length - at >= this.#held.length) {
      this.#count(chunk, at);
      at += lengthAt(chunk, at);
    }
    this.#held.set(chunk.subarray(at));
    this.#heldBytes = chunk.length - at;
  }

  drained(): void {}
  closed(): void {}

  #count(bytes: Uint8Array, at: number): void {
    this.frames++;
    if (!this.latencies) return;
    const stamp = readStamp(bytes, at + HEADER_BYTES);
    if (stamp > 0) this.latencies.add(this.#clock() - stamp);
  }
}

function makeFrames(sizeBytes: number, count: number, stamp: number): Uint8Array {
  const bytes = new Uint8Array(sizeBytes * count);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += sizeBytes) {
    view.setUint32(at, sizeBytes, true);
    writeStamp(bytes, at + HEADER_BYTES, stamp);
  }
  return bytes;
}

function lengthAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
