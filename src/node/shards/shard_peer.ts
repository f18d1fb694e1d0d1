import { LocalPeer } from "../../peer/local_peer.ts";
import type { PeerOptions } from "../../peer/peer_options.ts";
import type { Turns } from "../../peer/turns.ts";
import type { Connection, Transport } from "../../platform/types.ts";
import { HANDSHAKE_MESSAGES } from "../../protocol/handshake.ts";
import { LANE_OF, LANES } from "../../protocol/lanes.ts";
import type { Message, MessageType } from "../../protocol/messages.ts";
import { DIRECT_WRITE_BYTES } from "../../protocol/connection_params.ts";
import { TAKEN_REPORT_BYTES, TAKEN_REPORT_FRAMES } from "../../protocol/shard_params.ts";
import type { Env } from "../../util/env.ts";
import type { RawFrame, SortingCodec } from "../../wire/codec.ts";
import { PingOrder } from "./ping_order.ts";
import type { LaneTotal, PeerFigures } from "./records.ts";

/** What a shard's peers answer without the main thread; all other messages are passed on closed. */
const OPENED: ReadonlySet<MessageType> = new Set<MessageType>([...HANDSHAKE_MESSAGES, "ping", "pong"]);

export type ShardMessage = Message | RawFrame;

export interface ShardPeerOptions extends
  Pick<
    PeerOptions<LocalPeer<ShardMessage>, ShardMessage>,
    "id" | "kind" | "networkRoundTrips" | "observer" | "times"
  > {
  readonly env: Env;
  readonly transport: Transport;
  readonly codec: SortingCodec;
  readonly turns: Turns;
  readonly connection: Connection;
  readonly version: () => Message & { readonly type: "version" };
  /** The outbox gave bytes to the socket. */
  readonly onWrite: (peer: ShardPeer) => void;
}

/** A peer in its shard: socket, handshake, liveness, outbox; and what the main thread needs to know of them. */
export class ShardPeer {
  readonly peer: LocalPeer<ShardMessage>;
  readonly pings = new PingOrder();
  /** Frames that came from the main thread, by lane. */
  readonly #received = LANES.map(() => ({ bytes: 0, frames: 0 }));
  #reportedBytes = 0;
  #reportedFrames = 0;
  #isHeldByMain = false;
  #isHeldByRing = false;
  /** Of the last report, to tell whether there is news. */
  #bytesSeen = 0;

  constructor(options: ShardPeerOptions) {
    const { connection, codec, transport, version, onWrite } = options;
    this.peer = new LocalPeer<ShardMessage>({
      ...options,
      connection: watched(connection, () => onWrite(this)),
      decoder: codec.createSorter(OPENED, transport),
      // Nonces of the whole node are known to the main thread alone, which hears the remote's with `ready`.
      handshake: { ourVersion: version, isOurNonce: () => false },
    });
  }

  /** Queues a frame of the main thread. It may be changed afterwards unless it is `lasting`. */
  send(type: MessageType, frame: Uint8Array, isLasting: boolean): void {
    const lane = this.#received[LANES.indexOf(LANE_OF[type])]!;
    lane.bytes += frame.length;
    lane.frames++;
    if (type === "pong") this.pings.answered();
    this.peer.sendFrame(type, frame.length >= DIRECT_WRITE_BYTES && !isLasting ? frame.slice() : frame);
  }

  /** What the outbox has no more of the main thread's frames, if that is news; between reports, if it is much. */
  takeTaken(isReport: boolean): readonly LaneTotal[] | undefined {
    let [bytes, frames] = [0, 0];
    const lanes = LANES.map((lane, index): LaneTotal => {
      const received = this.#received[index]!;
      // Our own pings may wait there too: then a little less is told than could be.
      const waiting = this.peer.waiting(lane);
      const taken: LaneTotal = [received.bytes - waiting.bytes, received.frames - waiting.frames];
      bytes += taken[0];
      frames += taken[1];
      return taken;
    });
    const [newBytes, newFrames] = [bytes - this.#reportedBytes, frames - this.#reportedFrames];
    const isDue = isReport ? newFrames !== 0 : newBytes >= TAKEN_REPORT_BYTES || newFrames >= TAKEN_REPORT_FRAMES;
    if (!isDue) return undefined;
    this.#reportedBytes = bytes;
    this.#reportedFrames = frames;
    return lanes;
  }

  /** Stops reading for either of two reasons, and goes on when neither is left. */
  hold(by: "main" | "ring"): void {
    if (by === "main") this.#isHeldByMain = true;
    else this.#isHeldByRing = true;
    this.peer.hold();
  }

  release(by: "main" | "ring"): void {
    if (by === "main") this.#isHeldByMain = false;
    else this.#isHeldByRing = false;
    if (!this.#isHeldByMain && !this.#isHeldByRing) this.peer.release();
  }

  figures(): PeerFigures {
    const { bytesIn, bytesOut, messagesIn, messagesOut, bytesInOf, bytesOutOf, cpuMs, mailbox, outbox } = this.peer;
    const { bytes, paused } = mailbox;
    const counts = { bytesIn, bytesOut, messagesIn, messagesOut, bytesInOf, bytesOutOf };
    return { ...counts, cpuMs, mailbox: { bytes, paused }, dropped: outbox.dropped };
  }

  /** The figures, if bytes went either way since they were asked for the last time. */
  takeNews(): PeerFigures | undefined {
    const bytes = this.peer.bytesIn + this.peer.bytesOut;
    if (bytes === this.#bytesSeen) return undefined;
    this.#bytesSeen = bytes;
    return this.figures();
  }
}

function watched(connection: Connection, onWrite: () => void): Connection {
  return {
    remote: connection.remote,
    local: connection.local,
    start: (sink) => connection.start(sink),
    write(bytes) {
      onWrite();
      return connection.write(bytes);
    },
    pause: () => connection.pause(),
    resume: () => connection.resume(),
    close: () => connection.close(),
    abort: () => connection.abort(),
  };
}
