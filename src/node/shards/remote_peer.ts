import { endedAsSlow, endedBy, endedByBug, endedByUs } from "../../peer/endings.ts";
import type { OfferOutcome } from "../../peer/outbox.ts";
import { Pace } from "../../peer/pace.ts";
import type { Peer, PeerState } from "../../peer/peer.ts";
import type { CloseReason, ConnectionKind, Direction, OutboundKind, PeerOptions } from "../../peer/peer_options.ts";
import type { Turns } from "../../peer/turns.ts";
import type { Endpoint } from "../../platform/types.ts";
import { RemoteFault } from "../../protocol/errors.ts";
import type { Agreement } from "../../protocol/handshake.ts";
import type { Lane } from "../../protocol/lanes.ts";
import type { Message, MessageType } from "../../protocol/messages.ts";
import { OUTBOX_LOW_WATER_BYTES, ROUND_TRIP_SAMPLES } from "../../protocol/connection_params.ts";
import { NO_PERMISSIONS, type Permissions } from "../../protocol/permissions.ts";
import type { Env, Logger } from "../../util/env.ts";
import { TIMED_TURNS } from "../../protocol/vitals_params.ts";
import { Stopwatch } from "../../util/stopwatch.ts";
import { RoundTrips } from "../../util/round_trips.ts";
import type { SortingCodec } from "../../wire/codec.ts";
import { Inflow } from "./inflow.ts";
import { LaneAccounts } from "./lane_accounts.ts";
import type { LaneTotal, PeerFigures } from "./records.ts";
import type { PeerPort, RemoteEnd } from "./peer_port.ts";

export interface RemotePeerOptions extends PeerOptions<Peer> {
  readonly env: Env;
  readonly port: PeerPort;
  /** The wire without checksums: the shard verifies and seals. */
  readonly codec: SortingCodec;
  readonly turns: Turns;
  /** The shard's number of the connection. */
  readonly socket: number;
  readonly remote: Endpoint;
  readonly local: Endpoint;
}

const NEVER = Number.NEGATIVE_INFINITY;
const NO_FIGURES: PeerFigures = {
  bytesIn: 0,
  bytesOut: 0,
  messagesIn: {},
  messagesOut: {},
  bytesInOf: {},
  bytesOutOf: {},
  cpuMs: 0,
  mailbox: { bytes: 0, paused: false },
  dropped: 0,
};

/** A peer whose socket, handshake, liveness and outbox are in a shard, as the main thread has it. */
export class RemotePeer implements Peer, RemoteEnd {
  readonly id: number;
  readonly direction: Direction;
  readonly permissions: Permissions;
  readonly isBlockOnly: boolean;
  readonly remote: Endpoint;
  readonly dialled: Endpoint;
  readonly local: Endpoint;
  readonly wire: string;
  readonly shard: number;
  readonly connectedAt: number;
  readonly pace: Pace;
  readonly liveness = { roundTrips: new RoundTrips(ROUND_TRIP_SAMPLES) };
  readonly usefulAt: { block: number; transaction: number } = { block: NEVER, transaction: NEVER };
  readonly #options: RemotePeerOptions;
  readonly #log: Logger;
  readonly #lanes = new LaneAccounts();
  readonly #inflow: Inflow;
  readonly #stopwatch: Stopwatch;
  #kind: ConnectionKind;
  #state: PeerState = "new";
  #agreement: Agreement | undefined;
  #figures = NO_FIGURES;
  #reason: CloseReason | undefined;
  #wantsRoom = false;
  #isRoomDue = false;

  constructor(options: RemotePeerOptions) {
    const { id, kind, env, codec, port } = options;
    this.#options = options;
    this.id = id;
    this.#kind = kind;
    this.direction = kind === "inbound" ? "inbound" : "outbound";
    this.permissions = options.permissions ?? NO_PERMISSIONS;
    this.isBlockOnly = options.isBlockOnly ?? false;
    this.remote = options.remote;
    this.dialled = options.dialled ?? options.remote;
    this.local = options.local;
    this.wire = codec.name;
    this.shard = port.shard;
    this.connectedAt = env.now();
    this.pace = new Pace(this.connectedAt);
    this.#stopwatch = new Stopwatch(env, TIMED_TURNS, id);
    this.#log = env.logger("peer");
    this.#inflow = new Inflow({
      decoder: codec.createDecoder(),
      turns: options.turns,
      pause: () => port.tell({ is: "hold", peer: id }),
      resume: () => port.tell({ is: "release", peer: id }),
      isOver: () => this.isOver,
      handle: (message) => this.#onMessage(message),
      run: (work) => this.#timed(work),
    });
  }

  start(): void {
    this.#state = "handshaking";
    const { port, socket, handshake } = this.#options;
    port.adopt(this, socket, handshake.ourVersion());
  }

  get state(): PeerState {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state === "closing" || this.#state === "closed";
  }

  get kind(): ConnectionKind {
    return this.#kind;
  }

  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  get bytesIn(): number {
    return this.#figures.bytesIn;
  }

  get bytesOut(): number {
    return this.#figures.bytesOut;
  }

  get messagesIn(): PeerFigures["messagesIn"] {
    return this.#figures.messagesIn;
  }

  get messagesOut(): PeerFigures["messagesOut"] {
    return this.#figures.messagesOut;
  }

  get bytesInOf(): PeerFigures["bytesInOf"] {
    return this.#figures.bytesInOf;
  }

  get bytesOutOf(): PeerFigures["bytesOutOf"] {
    return this.#figures.bytesOutOf;
  }

  /** In its shard, and in this thread. */
  get cpuMs(): number {
    return this.#figures.cpuMs + this.#stopwatch.ms;
  }

  get mailbox(): { readonly bytes: number; readonly paused: boolean } {
    const { bytes, paused } = this.#figures.mailbox;
    return { bytes: bytes + this.#inflow.bytes, paused: paused || this.#inflow.paused };
  }

  get outbox(): { readonly bytes: number; readonly frames: number; readonly dropped: number } {
    const { bytes, frames, dropped } = this.#lanes;
    return { bytes, frames, dropped: dropped + this.#figures.dropped };
  }

  become(kind: OutboundKind): void {
    this.#kind = kind;
  }

  noteUseful(what: "block" | "transaction"): void {
    this.usefulAt[what] = this.#options.env.now();
  }

  send(message: Message): boolean {
    if (this.isOver) return false;
    const { port } = this.#options;
    return this.#sent(
      message.type,
      port.encode(this.id, message, (sizeBytes) => this.#lanes.add(message.type, sizeBytes)),
    );
  }

  sendFrame(type: MessageType, frame: Uint8Array): boolean {
    if (this.isOver) return false;
    const outcome = this.#lanes.add(type, frame.length);
    if (outcome === "queued") this.#options.port.share(this.id, frame);
    return this.#sent(type, outcome);
  }

  awaitRoom(): void {
    this.#wantsRoom = true;
    this.#offerRoom();
  }

  charge(sizeBytes: number): void {
    this.#inflow.charge(sizeBytes);
  }

  waiting(lane: Lane): { readonly bytes: number; readonly frames: number } {
    return this.#lanes.waiting(lane);
  }

  hold(): void {
    this.#inflow.hold();
  }

  release(): void {
    this.#inflow.release();
  }

  blame(fault: RemoteFault): void {
    this.#end(endedBy(fault));
  }

  close(detail: string): void {
    this.#end(endedByUs(detail));
  }

  abort(detail: string): void {
    this.#reason ??= endedByUs(detail);
    if (this.#state !== "closed") this.#state = "closing";
    this.#options.port.tell({ is: "abort", peer: this.id });
  }

  /** Timeouts are the shard's business. */
  tick(now: number): void {
    this.pace.look(now, this.#figures);
  }

  /** Nonces of the whole node are known here alone. */
  onReady(agreement: Agreement): void {
    if (this.isOver) return;
    if (this.#options.handshake.isOurNonce(agreement.version.nonce)) {
      return this.blame(new RemoteFault("self-connection", "our own nonce came back"));
    }
    this.#agreement = agreement;
    this.#state = "ready";
    this.#guard(() => this.#options.observer.ready(this));
  }

  onFrames(frames: Uint8Array): void {
    if (!this.isOver) this.#inflow.offer(frames);
  }

  onPing(): void {
    this.#options.observer.ping?.(this);
  }

  onPong(roundTripMs: number): void {
    this.liveness.roundTrips.add(roundTripMs);
    this.#options.networkRoundTrips.add(roundTripMs);
    this.#options.observer.pong?.(this, roundTripMs);
  }

  onTaken(lanes: readonly LaneTotal[]): void {
    this.#lanes.taken(lanes);
    if (this.#wantsRoom) this.#offerRoom();
  }

  onFigures(figures: PeerFigures): void {
    this.#figures = figures;
  }

  onClosed(reason: CloseReason): void {
    this.#reason ??= reason;
    this.#state = "closed";
    this.#options.observer.closed(this, this.#reason);
  }

  #onMessage(message: Message): void {
    if (message.type === "ping") this.send({ type: "pong", nonce: message.nonce });
    else this.#options.observer.message(this, message);
  }

  #timed(work: () => void): void {
    const startedAt = this.#stopwatch.start();
    this.#guard(work);
    this.#stopwatch.stop(startedAt);
  }

  #offerRoom(): void {
    if (this.#isRoomDue || this.#lanes.bytes >= OUTBOX_LOW_WATER_BYTES) return;
    this.#isRoomDue = true;
    // Not at once: whoever fills the outbox again and again would keep the loop from all others.
    this.#options.env.nextTurn(() => {
      this.#isRoomDue = false;
      if (!this.#wantsRoom || this.#state !== "ready" || this.#lanes.bytes >= OUTBOX_LOW_WATER_BYTES) return;
      this.#wantsRoom = false;
      this.#guard(() => this.#options.observer.writable(this));
    });
  }

  #sent(type: MessageType, outcome: OfferOutcome): boolean {
    if (outcome === "overflow") this.#end(endedAsSlow(type));
    return outcome === "queued";
  }

  /** A fault is the remote's, anything else is a bug of ours, which costs this peer and no other. */
  #guard(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (error instanceof RemoteFault) return this.blame(error);
      this.#end(endedByBug(error, this.id, this.#log));
    }
  }

  #end(reason: CloseReason): void {
    if (this.isOver) return;
    this.#reason = reason;
    this.#state = "closing";
    this.#options.port.tell({ is: reason.code === "closed-by-us" ? "close" : "abort", peer: this.id });
  }
}
