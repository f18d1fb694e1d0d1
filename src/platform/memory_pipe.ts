import { Deque } from "../util/deque.ts";
import type { Timer } from "../util/env.ts";
import type { MemoryHost } from "./memory_host.ts";
import type { SeededRandom } from "./seeded_random.ts";
import { CUT } from "./system_errors.ts";
import type { Task, VirtualClock } from "./virtual_clock.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** How bytes travel from one host of a memory network to another. */
export interface LinkOptions {
  /** One way, in milliseconds. */
  readonly latencyMs: number;
  /** Up to so much more, drawn evenly for each piece; pieces never overtake each other. */
  readonly jitterMs?: number;
  /** Share of the pieces that are lost and sent again, in [0, 1): TCP turns loss into delay. */
  readonly lossRate?: number;
  /** Of the link, shared by its connections; unlimited by default. */
  readonly bandwidthBytesPerSecond?: number;
  /** Size of the pieces that writes are cut into: fixed, or drawn for each. 64 KiB by default, as sockets are read. */
  readonly pieceBytes?: number | { readonly least: number; readonly most: number };
}

/** The way from one host to another: its present properties, and until when it is busy sending. */
export interface Route {
  options: LinkOptions;
  busyUntilMs: number;
  /** Nothing gets through, in this direction. */
  isCut: boolean;
}

/** What a pipe needs to know of the network around it. */
export interface PipeWorld {
  readonly clock: VirtualClock;
  readonly random: SeededRandom;
  readonly windowBytes: number;
  /** Whether nothing gets from one end of the pipe to the other for now. */
  isBlocked(pipe: Pipe): boolean;
  /** Whether the receiving host is up no more, but something answers in its place that it knows no such connection. */
  isRefused(pipe: Pipe): boolean;
  /** Runs `task` again when the obstacle may be gone. */
  park(task: Task): void;
  /** Sees each parcel before its receiver does. */
  readonly onDelivery: ((pipe: Pipe, parcel: Parcel) => void) | undefined;
}

/** One end of a connection: it sends into one pipe and gets what comes out of the other. */
export interface PipeEnd {
  readonly host: MemoryHost;
  /** A parcel arrived. */
  receive(parcel: Parcel): void;
  /** The system took what the sender was holding back. */
  drained(): void;
  /** Nothing gets through, and the sender gave up; or its bytes were refused. */
  lost(error: Error): void;
}

/** What goes through a pipe at once. */
export interface Parcel {
  /** When it arrives, in virtual time. */
  readonly atMs: number;
  readonly kind: "open" | "data" | "end" | "reset";
  readonly bytes: Uint8Array | undefined;
  next: Parcel | undefined;
}

const DEFAULT_PIECE_BYTES = 65_536;
/** RFC 6298 asks for 1 s, Linux takes 200 ms as the least time before something is sent again. It doubles each time. */
const MIN_RETRANSMIT_MS = 200;
const MAX_RETRANSMIT_MS = 60_000;
/** 60 s. How long bytes may wait for a way through before the connection is given up; systems wait up to 15 min. */
const STALL_TIMEOUT_MS = 60_000;

/** One direction of a connection: ordered, bounded by a window, slowed by its link. It is the event of its own arrivals. */
export class Pipe implements Task {
  readonly sender: PipeEnd;
  readonly receiver: PipeEnd;
  readonly #world: PipeWorld;
  readonly #route: Route;
  // What is under way, as a list: most pipes carry one parcel or none, and a simulation has many thousands of pipes.
  #first: Parcel | undefined;
  #last: Parcel | undefined;
  /** What the window had no room for; there is none until a reader is slow. */
  #unsent: Deque<Uint8Array> | undefined;
  /** How much of the first unsent bytes is sent. */
  #firstSent = 0;
  #windowUsed = 0;
  #lastAtMs = 0;
  #updateDue = false;
  #finishing = false;
  #stallTimer: Timer | undefined;

  constructor(world: PipeWorld, route: Route, sender: PipeEnd, receiver: PipeEnd) {
    this.#world = world;
    this.#route = route;
    this.sender = sender;
    this.receiver = receiver;
  }

  /** Takes all; false: a part waits for the receiver, and `drained` follows. */
  write(bytes: Uint8Array): boolean {
    if (!this.#unsent && bytes.length <= this.#world.windowBytes - this.#windowUsed) {
      this.#transmit(bytes, 0, bytes.length);
      return true;
    }
    this.#unsent ??= new Deque();
    this.#unsent.push(bytes);
    return this.#sendUnsent();
  }

  /** Tells the receiver that the connection was made. */
  open(): void {
    this.#dispatch("open", undefined);
  }

  /** Ends the stream after what was written. */
  finish(): void {
    this.#finishing = true;
    if (!this.#unsent) this.#dispatch("end", undefined);
  }

  /** Ends the stream and drops what was not sent. */
  cut(kind: "end" | "reset"): void {
    this.#unsent = undefined;
    this.#endStall();
    this.#dispatch(kind, undefined);
  }

  /** The receiver is done with so many bytes: there is room for others. */
  consumed(sizeBytes: number): void {
    this.#windowUsed -= sizeBytes;
    if (!this.#unsent || this.#updateDue || 2 * this.#windowUsed > this.#world.windowBytes) return;
    this.#updateDue = true;
    const update: Task = { run: () => this.#onWindowUpdate(update) };
    this.#world.clock.at(this.#world.clock.now + this.#route.options.latencyMs, update);
  }

  /** The first parcel arrives. */
  run(): void {
    const world = this.#world;
    if (world.isRefused(this)) return this.#bounce();
    if (this.#isBlocked()) return this.#stall();
    if (this.#stallTimer) this.#endStall();
    const parcel = this.#first!;
    this.#first = parcel.next;
    if (this.#first) world.clock.at(this.#first.atMs, this);
    else this.#last = undefined;
    world.onDelivery?.(this, parcel);
    this.receiver.receive(parcel);
  }

  /** How long a piece of this size takes from now on, in milliseconds. */
  travelMs(sizeBytes: number): number {
    const { clock, random } = this.#world;
    const { latencyMs, jitterMs = 0, lossRate = 0, bandwidthBytesPerSecond } = this.#route.options;
    let delayMs = latencyMs;
    if (bandwidthBytesPerSecond !== undefined) {
      const startMs = Math.max(clock.now, this.#route.busyUntilMs);
      const sentMs = startMs + sizeBytes * MS_PER_SECOND / bandwidthBytesPerSecond;
      this.#route.busyUntilMs = sentMs;
      delayMs += sentMs - clock.now;
    }
    if (jitterMs > 0) delayMs += jitterMs * random.number();
    let retransmitMs = MIN_RETRANSMIT_MS;
    while (lossRate > 0 && random.number() < lossRate) {
      delayMs += retransmitMs;
      retransmitMs = Math.min(2 * retransmitMs, MAX_RETRANSMIT_MS);
    }
    return delayMs;
  }

  /** Sends what the window has room for; whether that was all. */
  #sendUnsent(): boolean {
    for (let bytes = this.#unsent?.peek(); bytes; bytes = this.#unsent!.peek()) {
      const room = this.#world.windowBytes - this.#windowUsed;
      if (room <= 0) return false;
      const end = Math.min(bytes.length, this.#firstSent + room);
      this.#transmit(bytes, this.#firstSent, end);
      this.#firstSent = end;
      if (end < bytes.length) return false;
      this.#firstSent = 0;
      this.#unsent!.shift();
    }
    this.#unsent = undefined;
    return true;
  }

  #transmit(bytes: Uint8Array, from: number, to: number): void {
    this.#windowUsed += to - from;
    for (let start = from; start < to;) {
      const end = Math.min(start + this.#pieceSize(), to);
      this.#dispatch("data", end - start === bytes.length ? bytes : bytes.subarray(start, end));
      start = end;
    }
  }

  #pieceSize(): number {
    const { pieceBytes = DEFAULT_PIECE_BYTES } = this.#route.options;
    return typeof pieceBytes === "number" ? pieceBytes : this.#world.random.integer(pieceBytes.least, pieceBytes.most);
  }

  #dispatch(kind: Parcel["kind"], bytes: Uint8Array | undefined): void {
    const clock = this.#world.clock;
    const atMs = Math.max(this.#lastAtMs, clock.now + this.travelMs(bytes?.length ?? 0));
    this.#lastAtMs = atMs;
    const parcel: Parcel = { atMs, kind, bytes, next: undefined };
    if (this.#first) this.#last!.next = parcel;
    else this.#first = parcel;
    this.#last = parcel;
    if (this.#first === parcel) clock.at(atMs, this);
  }

  #onWindowUpdate(update: Task): void {
    if (this.#isBlocked()) return this.#world.park(update);
    this.#updateDue = false;
    if (!this.#sendUnsent()) return;
    if (this.#finishing) this.#dispatch("end", undefined);
    else this.sender.drained();
  }

  #isBlocked(): boolean {
    return this.#route.isCut || this.#world.isBlocked(this);
  }

  #stall(): void {
    const giveUp = () => this.sender.lost(new Error("no answer from the remote for too long"));
    this.#stallTimer ??= this.#world.clock.after(STALL_TIMEOUT_MS, giveUp);
    this.#world.park(this);
  }

  #endStall(): void {
    this.#stallTimer?.cancel();
    this.#stallTimer = undefined;
  }

  #bounce(): void {
    const { clock } = this.#world;
    this.#first = undefined;
    const refused = () => this.sender.lost(new Error(CUT));
    clock.after(this.#route.options.latencyMs, refused);
  }
}
