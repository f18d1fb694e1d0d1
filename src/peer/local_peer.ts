import type { Connection, ConnectionSink, Endpoint } from "../platform/types.ts";
import { type FaultCode, RemoteFault } from "../protocol/errors.ts";
import { type Agreement, Handshake, HANDSHAKE_MESSAGES, type HandshakeState } from "../protocol/handshake.ts";
import { type Lane, LANE_OF } from "../protocol/lanes.ts";
import type { Message, MessageOf, MessageType } from "../protocol/messages.ts";
import {
  CLOSE_LINGER_MS,
  HANDSHAKE_TIMEOUT_MS,
  MIN_HANDSHAKE_TIMEOUT_MS,
  TIMEOUT_ROUND_TRIPS,
  TURN_BYTES,
  TURN_MESSAGES,
} from "../protocol/connection_params.ts";
import { NO_PERMISSIONS, type Permissions } from "../protocol/permissions.ts";
import { TIMED_TURNS } from "../protocol/vitals_params.ts";
import type { Env, Logger, Timer } from "../util/env.ts";
import type { RoundTrips } from "../util/round_trips.ts";
import { Stopwatch } from "../util/stopwatch.ts";
import { endedAsSlow, endedBy, endedByBug, endedByRemote, endedByUs } from "./endings.ts";
import { Liveness } from "./liveness.ts";
import { Mailbox } from "./mailbox.ts";
import { type OfferOutcome, Outbox, type OutboxOwner } from "./outbox.ts";
import { Pace } from "./pace.ts";
import type { Peer, PeerState, TypeCounts } from "./peer.ts";
import type {
  CloseReason,
  ConnectionKind,
  Direction,
  LocalPeerOptions,
  OutboundKind,
  PeerObserver,
  Typed,
} from "./peer_options.ts";
import type { PeerTimes } from "./peer_times.ts";
import type { Turns, Worker } from "./turns.ts";

const NEVER = Number.NEGATIVE_INFINITY;
/** Of every peer that gave us nothing yet. */
const NEVER_USEFUL = { block: NEVER, transaction: NEVER };
const HANDSHAKE_BOUNDS = {
  initialMs: HANDSHAKE_TIMEOUT_MS,
  minMs: MIN_HANDSHAKE_TIMEOUT_MS,
  maxMs: HANDSHAKE_TIMEOUT_MS,
};

/**
 * One remote node whose socket is in this thread: an actor with its own connection, decoder, mailbox and outbox. It
 * shares no state with other peers, and whatever goes wrong in handling its messages ends this peer only.
 *
 * It is itself what its connection, its outbox and the turns call, and lets go of its handshake when that is done: most
 * peers of a large node are idle, and objects in between would take more memory than all that they say.
 */
export class LocalPeer<M extends Typed = Message> implements Peer, Worker, ConnectionSink, OutboxOwner {
  readonly id: number;
  readonly direction: Direction;
  readonly permissions: Permissions;
  /** Neither addresses nor transactions are spoken of: they are not sent, and not taken either. */
  readonly isBlockOnly: boolean;
  readonly remote: Endpoint;
  /** The endpoint as it was dialled; the same as `remote` for inbound peers. */
  readonly dialled: Endpoint;
  readonly local: Endpoint;
  readonly wire: string;
  readonly shard = undefined;
  /** When the connection opened, by `env.now()`. */
  readonly connectedAt: number;
  readonly liveness: Liveness;
  readonly pace: Pace;
  readonly messagesIn: TypeCounts = {};
  readonly messagesOut: TypeCounts = {};
  readonly bytesInOf: TypeCounts = {};
  readonly bytesOutOf: TypeCounts = {};
  bytesIn = 0;
  bytesOut = 0;
  /** When it last gave us a block, and a transaction, that we lacked, by `env.now()`. */
  usefulAt: { readonly block: number; readonly transaction: number } = NEVER_USEFUL;
  readonly #connection: Connection;
  readonly #env: Env;
  readonly #turns: Turns;
  readonly #times: PeerTimes | undefined;
  readonly #observer: PeerObserver<LocalPeer<M>, M>;
  readonly #networkRoundTrips: RoundTrips;
  readonly #log: Logger;
  readonly #mailbox: Mailbox<M>;
  readonly #outbox: Outbox;
  readonly #stopwatch: Stopwatch;
  /** Undefined once it is done. */
  #handshake: Handshake | undefined;
  #kind: ConnectionKind;
  #state: PeerState = "new";
  #agreement: Agreement | undefined;
  #held = false;
  #enlisted = false;
  #enlistedAt = 0;
  #lastReadBytes = 0;
  /** For the message that was handled last, besides its own size. */
  #chargedBytes = 0;
  #taking = false;
  #reason: CloseReason | undefined;
  #linger: Timer | undefined;

  constructor(options: LocalPeerOptions<LocalPeer<M>, M>) {
    const { connection, env, codec, times } = options;
    this.#connection = connection;
    this.#env = env;
    this.#turns = options.turns;
    this.#times = times;
    this.#observer = options.observer;
    this.#networkRoundTrips = options.networkRoundTrips;
    this.id = options.id;
    this.#kind = options.kind;
    this.direction = options.kind === "inbound" ? "inbound" : "outbound";
    this.permissions = options.permissions ?? NO_PERMISSIONS;
    this.isBlockOnly = options.isBlockOnly ?? false;
    this.remote = connection.remote;
    this.dialled = options.dialled ?? connection.remote;
    this.local = connection.local;
    this.wire = codec.name;
    this.connectedAt = env.now();
    this.liveness = new Liveness(options.networkRoundTrips);
    this.pace = new Pace(this.connectedAt);
    this.#log = env.logger("peer");
    const role = this.direction === "outbound" ? "dialler" : "listener";
    this.#handshake = new Handshake({ role, ...options.handshake });
    this.#mailbox = new Mailbox(options.decoder, connection);
    this.#outbox = new Outbox({ env, codec, owner: this, ...(times && { waits: times.writes }) });
    this.#stopwatch = new Stopwatch(env, TIMED_TURNS, options.id);
  }

  /** Attaches to the connection and begins the handshake. Call it once. */
  start(): void {
    this.#state = "handshaking";
    this.#connection.start(this);
    for (const message of this.#handshake!.open()) this.send(message);
  }

  get state(): PeerState {
    return this.#state;
  }

  /** Whether the connection is ending or has ended: nothing is sent or handled any more. */
  get isOver(): boolean {
    return this.#state === "closing" || this.#state === "closed";
  }

  get kind(): ConnectionKind {
    return this.#kind;
  }

  /** Keeps an outbound connection for another purpose than it was made for; what the handshake said stays said. */
  become(kind: OutboundKind): void {
    this.#kind = kind;
  }

  /** The peer gave us something that we lacked. */
  noteUseful(what: "block" | "transaction"): void {
    this.usefulAt = { ...this.usefulAt, [what]: this.#env.now() };
  }

  /** What the handshake agreed on; undefined before it is done. */
  get agreement(): Agreement | undefined {
    return this.#agreement;
  }

  get mailbox(): { readonly bytes: number; readonly paused: boolean } {
    return this.#mailbox;
  }

  get outbox(): { readonly bytes: number; readonly frames: number; readonly dropped: number } {
    return this.#outbox;
  }

  get cpuMs(): number {
    return this.#stopwatch.ms;
  }

  /** What waits in one lane of the outbox. */
  waiting(lane: Lane): { readonly bytes: number; readonly frames: number } {
    return this.#outbox.waiting(lane);
  }

  /** Queues a message. False if it was not queued: the peer is closed, or its lane is full. */
  send(message: Message): boolean {
    if (this.isOver) return false;
    const { type } = message;
    const waiting = this.#outbox.bytes;
    return this.#sent(type, this.#outbox.offer(message, LANE_OF[type]), waiting);
  }

  /** Queues a frame that was encoded for this peer's wire; it may be shared between peers and never changes. */
  sendFrame(type: MessageType, frame: Uint8Array): boolean {
    if (this.isOver) return false;
    const waiting = this.#outbox.bytes;
    return this.#sent(type, this.#outbox.offerFrame(frame, LANE_OF[type], type), waiting);
  }

  awaitRoom(): void {
    this.#outbox.awaitRoom();
  }

  charge(sizeBytes: number): void {
    this.#chargedBytes += sizeBytes;
    this.#turns.spend(sizeBytes);
  }

  /** Stops handling this peer's messages until `release`: a service has taken all of its work that it can hold. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    if (!this.#held) return;
    this.#held = false;
    this.liveness.readOn(this.#env.now(), this.bytesIn);
    if (this.#mailbox.paused) this.#enlist();
  }

  /** Ends the connection because of what the remote did. */
  blame(fault: RemoteFault): void {
    this.#end(endedBy(fault));
  }

  /** Sends what is queued, then ends the connection. */
  close(detail: string): void {
    this.#end(endedByUs(detail));
  }

  /** Cuts the connection without sending what is queued. */
  abort(detail: string): void {
    this.#reason ??= endedByUs(detail);
    if (this.#state !== "closed") this.#state = "closing";
    this.#outbox.close();
    this.#connection.abort();
  }

  /** Looks at the clock: a handshake or a pong that is overdue ends the peer; a ping may be due. */
  tick(now: number): void {
    this.pace.look(now, this);
    try {
      if (this.#state === "handshaking") this.#checkHandshake(now);
      if (this.#state !== "ready") return;
      if (this.#held) return this.liveness.tickUnread(now, this.bytesOut, this.#outbox.bytes > 0);
      const ping = this.liveness.tick(now, this.bytesIn, this.#env);
      if (!ping) return;
      this.send(ping);
      this.#observer.ping?.(this);
    } catch (error) {
      this.#fail(error);
    }
  }

  /** More of what arrived is to be handled; called by `Turns`. */
  takeTurn(): void {
    this.#enlisted = false;
    const now = this.#env.now();
    this.#times?.turns.add(now - this.#enlistedAt, now);
    if (this.isOver || this.#held) return;
    // What it is about to read counts for this round: else all who wait would read at once.
    this.#turns.spend(this.#lastReadBytes);
    this.#handleWaiting(true);
  }

  /** Bytes of the remote. */
  data(chunk: Uint8Array): void {
    if (this.isOver) return;
    this.bytesIn += chunk.length;
    this.#lastReadBytes = chunk.length;
    const mayReadOn = this.#turns.spend(chunk.length);
    this.#mailbox.offer(chunk);
    if (this.#held || this.#enlisted || this.#taking) this.#mailbox.suspend();
    else this.#handleWaiting(mayReadOn);
  }

  /** The connection takes bytes again. */
  drained(): void {
    this.#outbox.drained();
  }

  /** The only way out of the registry: while the connection lives, so does the peer. */
  closed(error?: Error): void {
    this.#reason ??= endedByRemote(error, this.direction, this.#handshakeState);
    this.#state = "closed";
    this.#linger?.cancel();
    this.#outbox.close();
    this.#observer.closed(this, this.#reason);
  }

  /** Hands bytes of the outbox to the connection. */
  write(bytes: Uint8Array): boolean {
    this.bytesOut += bytes.length;
    return this.#connection.write(bytes);
  }

  /** The outbox has room. */
  onRoom(): void {
    if (this.#state !== "ready") return;
    try {
      this.#observer.writable(this);
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * Handles messages until none is left or the turn is used up; the rest waits with the socket paused. So does a peer
   * that may not read on in this round.
   */
  #handleWaiting(mayReadOn: boolean): void {
    let emptied = false;
    this.#taking = true;
    const startedAt = this.#stopwatch.start();
    try {
      emptied = this.#takeMessages();
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#taking = false;
      this.#stopwatch.stop(startedAt);
      this.#observer.turnEnded?.(this);
    }
    if (this.isOver) return;
    // After the turn: resuming may deliver the next chunk at once, which then is handled and not put aside.
    if (emptied && mayReadOn) return this.#mailbox.resume();
    this.#mailbox.suspend();
    if (!this.#held) this.#enlist();
  }

  /** True when all that arrived was handled. */
  #takeMessages(): boolean {
    let bytes = 0;
    for (let count = 0; count < TURN_MESSAGES && bytes < TURN_BYTES; count++) {
      const message = this.#mailbox.take();
      if (!message) return true;
      const { lastFrameBytes } = this.#mailbox;
      bytes += lastFrameBytes;
      this.messagesIn[message.type] = (this.messagesIn[message.type] ?? 0) + 1;
      this.bytesInOf[message.type] = (this.bytesInOf[message.type] ?? 0) + lastFrameBytes;
      this.#chargedBytes = 0;
      this.#onMessage(message);
      bytes += this.#chargedBytes;
      if (this.isOver) return true;
      if (this.#held) return false;
    }
    return false;
  }

  #onMessage(message: M | Message): void {
    if (this.#state !== "ready" || HANDSHAKE_MESSAGES.has(message.type)) return this.#onHandshakeMessage(message);
    if (isOpen(message, "ping")) this.#onPing(message);
    else if (isOpen(message, "pong")) this.#onPong(message);
    else this.#observer.message(this, message as M);
  }

  #onPing(message: MessageOf<"ping">): void {
    if (!this.#observer.pinged?.(this, message)) this.send({ type: "pong", nonce: message.nonce });
  }

  #onHandshakeMessage(message: Typed): void {
    if (!this.#handshake) throw new RemoteFault("unexpected-message", `${message.type} while ready`);
    for (const answer of this.#handshake.step(message)) this.send(answer);
    this.#agreement = this.#handshake.agreement();
    if (!this.#agreement) return;
    this.#handshake = undefined;
    this.#state = "ready";
    this.#observer.ready(this);
  }

  #onPong(message: MessageOf<"pong">): void {
    const roundTripMs = this.liveness.onPong(message.nonce, this.#env.now());
    if (roundTripMs !== undefined) this.#observer.pong?.(this, roundTripMs);
  }

  /** `waiting`: bytes in the outbox before the offer, which adds to them and flushes later. */
  #sent(type: MessageType, outcome: OfferOutcome, waiting: number): boolean {
    if (outcome === "overflow") this.#end(endedAsSlow(type));
    if (outcome !== "queued") return false;
    this.messagesOut[type] = (this.messagesOut[type] ?? 0) + 1;
    this.bytesOutOf[type] = (this.bytesOutOf[type] ?? 0) + this.#outbox.bytes - waiting;
    return true;
  }

  get #handshakeState(): HandshakeState {
    return this.#handshake?.state ?? "ready";
  }

  #checkHandshake(now: number): void {
    const allowed = this.#networkRoundTrips.timeoutMs(TIMEOUT_ROUND_TRIPS, HANDSHAKE_BOUNDS);
    const waited = now - this.connectedAt;
    if (waited <= allowed) return;
    throw new RemoteFault("handshake-timeout", `${this.#handshakeState} for ${Math.round(waited)} ms`);
  }

  #enlist(): void {
    if (this.#enlisted) return;
    this.#enlisted = true;
    this.#enlistedAt = this.#env.now();
    this.#turns.enlist(this);
  }

  /** The one catcher: a fault is the remote's, anything else is a bug of ours, which costs this peer and no other. */
  #fail(error: unknown): void {
    if (error instanceof RemoteFault) return this.#end({ code: this.#nameFault(error), detail: error.message });
    this.#end(endedByBug(error, this.id, this.#log));
  }

  /** A stranger whose first bytes are of another network speaks to the wrong one; later it is a broken stream. */
  #nameFault(fault: RemoteFault): FaultCode {
    return fault.code === "bad-magic" && this.#handshakeState === "awaiting-version" ? "wrong-network" : fault.code;
  }

  #end(reason: CloseReason): void {
    if (this.isOver) return;
    this.#reason = reason;
    this.#state = "closing";
    if (reason.code !== "closed-by-us") {
      this.#outbox.close();
      return this.#connection.abort();
    }
    this.#outbox.flushAll();
    this.#connection.close();
    this.#linger = this.#env.after(CLOSE_LINGER_MS, () => this.#connection.abort());
  }
}

/** Whether it is of this type, of those that decoders open in any case. */
function isOpen<T extends "ping" | "pong">(message: Typed, type: T): message is MessageOf<T> {
  return message.type === type;
}
