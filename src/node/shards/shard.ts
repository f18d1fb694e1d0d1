import type { PeerObserver } from "../../peer/peer_options.ts";
import { takesApps } from "../../peer/takes_apps.ts";
import { Turns } from "../../peer/turns.ts";
import type { LocalPeer } from "../../peer/local_peer.ts";
import type { Transport } from "../../platform/types.ts";
import type { MessageOf, MessageType } from "../../protocol/messages.ts";
import { ROUND_TRIP_SAMPLES } from "../../protocol/connection_params.ts";
import { LATE_TICK_MS } from "../../protocol/params.ts";
import { SHARD_REPORT_MS } from "../../protocol/shard_params.ts";
import { MAX_TIME_MS } from "../../protocol/vitals_params.ts";
import type { FrameSource } from "../../ring/frames.ts";
import type { Env } from "../../util/env.ts";
import { bytesToHex, hexToBytes } from "../../util/hex.ts";
import { RoundTrips } from "../../util/round_trips.ts";
import { TimeCounts } from "../../util/time_counts.ts";
import type { RawFrame, SortingCodec } from "../../wire/codec.ts";
import { BroadcastReader } from "./broadcast_reader.ts";
import { Forwarder } from "./forwarder.ts";
import { FrameInbox } from "./frame_inbox.ts";
import type { RecordSender } from "./record_sender.ts";
import { decodeNote, encodeNote, type PeerFigures, RECORD, type ToMain, type ToShard } from "./records.ts";
import { type ShardMessage, ShardPeer } from "./shard_peer.ts";
import { ShardSockets } from "./shard_sockets.ts";

export interface ShardOptions {
  readonly env: Env;
  readonly transport: Transport;
  readonly codec: SortingCodec;
  /** The same wire, without its checksums. */
  readonly unsealed: SortingCodec;
  readonly sender: RecordSender;
  readonly broadcasts: FrameSource | undefined;
  /** Types that the main thread has a use for; others are counted and go no further. */
  readonly wanted: ReadonlySet<MessageType>;
  /** Whether anybody listens to messages of applications now. */
  readonly hearsApps: () => boolean;
  /** The time for others to report too. */
  readonly onReport?: () => void;
}

/** The half of a shard that lives in its own thread: sockets and peers. What they say goes to the main thread. */
export class Shard {
  readonly #options: ShardOptions;
  readonly #sockets: ShardSockets;
  readonly #forwarder: Forwarder;
  readonly #inbox: FrameInbox;
  readonly #turns: Turns;
  readonly #roundTrips = new RoundTrips(ROUND_TRIP_SAMPLES);
  readonly #times = { turns: new TimeCounts(MAX_TIME_MS), writes: new TimeCounts(MAX_TIME_MS) };
  readonly #peers = new Map<number, ShardPeer>();
  /** Those that wrote in this turn. */
  readonly #writers = new Set<ShardPeer>();
  readonly #heldByRing = new Set<ShardPeer>();
  #height = 0;
  #unheard = 0;
  #reportDueAt = 0;

  constructor(options: ShardOptions) {
    const { env, sender, codec, unsealed, broadcasts } = options;
    this.#options = options;
    this.#sockets = new ShardSockets({ transport: options.transport, tell: (note) => this.#tell(note) });
    this.#forwarder = new Forwarder(sender);
    const cutter = unsealed.createSorter(new Set());
    this.#inbox = new FrameInbox(
      codec,
      cutter,
      broadcasts && new BroadcastReader(broadcasts),
      (peer) => this.#peers.get(peer),
    );
    this.#turns = new Turns(env);
  }

  start(): void {
    this.#tell({ is: "started" });
    this.#scheduleReport();
  }

  /** One record of the main thread, which is lent until this returns. */
  handle(record: Uint8Array): void {
    if (record[0] === RECORD.note) this.#obey(decodeNote<ToShard>(record));
    else this.#inbox.handle(record);
  }

  /** The ring to the main thread has room again for all. */
  onRoom(): void {
    const held = [...this.#heldByRing];
    this.#heldByRing.clear();
    for (const peer of held) peer.release("ring");
  }

  /** No connection is made or taken any more, and what is left is cut. */
  close(): void {
    this.#sockets.close();
    for (const { peer } of this.#peers.values()) peer.abort("the node stops");
  }

  #tell(note: ToMain): void {
    this.#options.sender.put(encodeNote(note));
  }

  #obey(note: ToShard): void {
    switch (note.is) {
      case "adopt":
        return this.#adopt(note);
      case "height":
        this.#height = note.height;
        return;
      case "hold":
      case "release":
        return this.#peers.get(note.peer)?.[note.is]("main");
      case "close":
      case "abort":
        return this.#peers.get(note.peer)?.peer[note.is]("as the main thread decided");
      default:
        return this.#sockets.obey(note);
    }
  }

  #adopt({ socket, peer: id, kind, version }: Extract<ToShard, { is: "adopt" }>): void {
    const connection = this.#sockets.take(socket);
    // The shard is closing: all its peers are about to end.
    if (!connection) return;
    const { env, transport, codec, unsealed } = this.#options;
    const decoder = unsealed.createDecoder();
    decoder.feed(hexToBytes(version));
    const ours = decoder.next() as MessageOf<"version">;
    this.#height = ours.startHeight;
    const peer = new ShardPeer({
      id,
      kind,
      env,
      transport,
      codec,
      turns: this.#turns,
      connection,
      networkRoundTrips: this.#roundTrips,
      version: () => ({ ...ours, startHeight: this.#height }),
      observer: this.#observe(),
      times: this.#times,
      onWrite: (writer) => this.#noteWriter(writer),
    });
    this.#peers.set(id, peer);
    peer.peer.start();
  }

  #observe(): PeerObserver<LocalPeer<ShardMessage>, ShardMessage> {
    return {
      ready: ({ id, agreement }) => {
        const { version, addrv2, wtxidRelay } = agreement!;
        const frame = bytesToHex(this.#options.unsealed.encode(version));
        this.#tell({ is: "ready", peer: id, version: frame, addrv2, wtxidRelay });
      },
      // The handshake, pings and pongs never come here, and all else is closed.
      message: (peer, message) => this.#forward(peer, message as RawFrame),
      pinged: ({ id }, ping) => this.#pinged(id, ping),
      turnEnded: ({ id }) => {
        if (!this.#forwarder.flush()) this.#holdForRing(id);
      },
      writable() {},
      ping: ({ id }) => this.#tell({ is: "ping", peer: id }),
      pong: ({ id }, roundTripMs) => this.#tell({ is: "pong", peer: id, roundTripMs }),
      closed: ({ id }, reason) => {
        const peer = this.#peers.get(id)!;
        this.#peers.delete(id);
        this.#heldByRing.delete(peer);
        this.#tell({ is: "closed", peer: id, reason, figures: peer.figures() });
      },
    };
  }

  #forward(peer: LocalPeer<ShardMessage>, frame: RawFrame): void {
    if (!this.#options.wanted.has(frame.type)) return;
    if (frame.type === "app" && !this.#options.hearsApps()) {
      if (takesApps(peer)) this.#unheard++;
      return;
    }
    this.#peers.get(peer.id)?.pings.passedOn();
    this.#passOn(peer.id, frame);
  }

  /** True: the main thread answers, behind what else it has of this peer. */
  #pinged(id: number, ping: MessageOf<"ping">): boolean {
    if (!this.#peers.get(id)?.pings.passes()) return false;
    const bytes = this.#options.unsealed.encode(ping);
    this.#passOn(id, { type: "ping", bytes, start: 0, end: bytes.length });
    return true;
  }

  #passOn(id: number, frame: RawFrame): void {
    if (!this.#forwarder.forward(id, frame)) this.#holdForRing(id);
  }

  #holdForRing(id: number): void {
    const peer = this.#peers.get(id);
    if (!peer) return;
    this.#heldByRing.add(peer);
    peer.hold("ring");
  }

  #noteWriter(peer: ShardPeer): void {
    if (this.#writers.size === 0) this.#options.env.soon(() => this.#tellTaken());
    this.#writers.add(peer);
  }

  #tellTaken(): void {
    for (const writer of this.#writers) this.#tellTakenOf(writer, false);
    this.#writers.clear();
  }

  #tellTakenOf(peer: ShardPeer, isReport: boolean): void {
    const lanes = peer.takeTaken(isReport);
    if (lanes) this.#tell({ is: "taken", peer: peer.peer.id, lanes });
  }

  #scheduleReport(): void {
    const { env } = this.#options;
    this.#reportDueAt = env.now() + SHARD_REPORT_MS;
    env.after(SHARD_REPORT_MS, () => {
      this.#report(env.now());
      this.#scheduleReport();
    });
  }

  #report(now: number): void {
    const delayMs = Math.max(0, now - this.#reportDueAt);
    // Else we stood still ourselves, and what came meanwhile is not read yet: nobody is judged.
    if (delayMs < LATE_TICK_MS) { for (const { peer } of this.#peers.values()) peer.tick(now); }
    for (const peer of this.#peers.values()) this.#tellTakenOf(peer, true);
    // While the main thread reads nothing its news must not pile up: figures wait where they are, and are then the latest.
    const isRead = this.#options.sender.waitingBytes === 0;
    const [turnWaits, writeWaits] = isRead ? [this.#times.turns.take(), this.#times.writes.take()] : [[], []];
    const peers = isRead ? this.#takeNews() : [];
    const report = { delayMs, unheard: this.#unheard, turnWaits, writeWaits, peers };
    this.#unheard = 0;
    this.#tell({ is: "report", report });
    this.#options.onReport?.();
  }

  #takeNews(): (readonly [peer: number, figures: PeerFigures])[] {
    return [...this.#peers].flatMap(([id, peer]) => {
      const figures = peer.takeNews();
      return figures ? [[id, figures] as const] : [];
    });
  }
}
