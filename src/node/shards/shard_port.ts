import type { CloseReason } from "../../peer/peer_options.ts";
import type { DialOptions, Endpoint, TcpEndpoint } from "../../platform/types.ts";
import { LocalError } from "../../protocol/errors.ts";
import type { Message, MessageOf } from "../../protocol/messages.ts";
import type { OfferOutcome } from "../../peer/outbox.ts";
import { agree, type Agreement } from "../../protocol/handshake.ts";
import { RECORD_BYTES } from "../../protocol/shard_params.ts";
import type { Env } from "../../util/env.ts";
import { formatEndpoint } from "../../util/endpoint.ts";
import { bytesToHex, hexToBytes } from "../../util/hex.ts";
import type { SortingCodec } from "../../wire/codec.ts";
import type { CaptureRecords } from "../capture.ts";
import type { Broadcaster, RecordPort } from "./broadcaster.ts";
import type { RecordSender } from "./record_sender.ts";
import {
  decodeCaptured,
  decodeNote,
  encodeNote,
  FRAMES_HEAD_BYTES,
  readFramesHead,
  RECORD,
  type ShardReport,
  type ToMain,
  type ToShard,
  writeFramesHead,
} from "./records.ts";
import type { PeerPort, RemoteEnd } from "./peer_port.ts";

/** A connection in a shard that is nobody yet. */
export interface RemoteSocket {
  readonly port: ShardPort;
  readonly socket: number;
  readonly remote: Endpoint;
  readonly local: Endpoint;
}

export interface ShardPortOptions {
  readonly shard: number;
  readonly env: Env;
  readonly codec: SortingCodec;
  readonly sender: RecordSender;
  readonly broadcaster: Broadcaster;
  readonly onStarted: () => void;
  readonly onReport: (report: ShardReport) => void;
  readonly capture: CaptureRecords | undefined;
}

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

interface Listening extends Waiting<Endpoint> {
  readonly accept: (socket: RemoteSocket) => void;
}

const NOBODY = 0;

/** One shard as the main thread speaks with it, for as long as its thread lives. */
export class ShardPort implements PeerPort, RecordPort {
  readonly shard: number;
  readonly #options: ShardPortOptions;
  readonly #peers = new Map<number, RemoteEnd>();
  readonly #dials = new Map<number, Waiting<RemoteSocket>>();
  readonly #listeners = new Map<number, Listening>();
  /** Frames of one peer, side by side, that leave as one record. */
  readonly #run = new Uint8Array(FRAMES_HEAD_BYTES + RECORD_BYTES);
  #runPeer = NOBODY;
  #runBytes = FRAMES_HEAD_BYTES;
  #flushDue = false;
  #nextSocket = 1;
  #isDead = false;

  constructor(options: ShardPortOptions) {
    this.#options = options;
    this.shard = options.shard;
  }

  /** The thread is gone. */
  get isDead(): boolean {
    return this.#isDead;
  }

  get peerCount(): number {
    return this.#peers.size;
  }

  /** Bytes for the shard that wait for room in its ring. */
  get waitingBytes(): number {
    return this.#options.sender.waitingBytes;
  }

  tell(note: ToShard): void {
    this.put(encodeNote(note));
  }

  /** Behind all that was sent before. */
  put(record: Uint8Array): void {
    if (this.#isDead) return;
    this.#options.broadcaster.flush();
    this.flush();
    this.#options.sender.put(record);
  }

  /** Hands over the frames that were put together so far. */
  flush(): void {
    if (this.#runPeer === NOBODY) return;
    writeFramesHead(this.#run, this.#runPeer);
    this.#options.sender.put(this.#run.subarray(0, this.#runBytes));
    this.#runPeer = NOBODY;
    this.#runBytes = FRAMES_HEAD_BYTES;
  }

  encode(peer: number, message: Message, admit: (sizeBytes: number) => OfferOutcome): OfferOutcome {
    const { codec, broadcaster } = this.#options;
    broadcaster.flush();
    if (this.#runPeer !== peer) this.flush();
    let sizeBytes = codec.encodeInto(message, this.#run, this.#runBytes);
    if (sizeBytes < 0 && this.#runBytes > FRAMES_HEAD_BYTES) {
      this.flush();
      sizeBytes = codec.encodeInto(message, this.#run, this.#runBytes);
    }
    if (sizeBytes < 0) return this.#sendAlone(peer, codec.encode(message), admit);
    const outcome = admit(sizeBytes);
    if (outcome !== "queued" || this.#isDead) return outcome;
    this.#runPeer = peer;
    this.#runBytes += sizeBytes;
    this.#scheduleFlush();
    return outcome;
  }

  share(peer: number, frame: Uint8Array): void {
    if (!this.#isDead) this.#options.broadcaster.add(this, peer, frame);
  }

  adopt(peer: RemoteEnd, socket: number, version: MessageOf<"version">): void {
    this.#peers.set(peer.id, peer);
    const { kind, id } = peer;
    this.tell({ is: "adopt", socket, peer: id, kind, version: bytesToHex(this.#options.codec.encode(version)) });
    if (this.#isDead) this.#options.env.soon(() => this.#close(id, THREAD_GONE));
  }

  dial(endpoint: TcpEndpoint, { timeoutMs, signal }: DialOptions): Promise<RemoteSocket> {
    const socket = this.#nextSocket++;
    const cancel = () => this.tell({ is: "cancel", socket });
    const dialling = new Promise<RemoteSocket>((resolve, reject) => {
      if (this.#isDead) {
        return reject(new LocalError("unreachable", `Cannot dial ${formatEndpoint(endpoint)}: ${GONE}`));
      }
      this.#dials.set(socket, { resolve, reject });
      this.tell({ is: "dial", socket, endpoint, timeoutMs });
      signal?.addEventListener("abort", cancel, { once: true });
    });
    return dialling.finally(() => signal?.removeEventListener("abort", cancel));
  }

  /** Resolves with the address once the shard listens. */
  listen(listener: number, endpoint: Endpoint, accept: (socket: RemoteSocket) => void): Promise<Endpoint> {
    return new Promise((resolve, reject) => {
      if (this.#isDead) {
        return reject(new LocalError("stopped", `Cannot listen on ${formatEndpoint(endpoint)}: ${GONE}`));
      }
      this.#listeners.set(listener, { resolve, reject, accept });
      this.tell({ is: "listen", listener, endpoint });
    });
  }

  unlisten(listener: number): void {
    this.#listeners.delete(listener);
    this.tell({ is: "unlisten", listener });
  }

  /** One record of the shard, which is lent until this returns. */
  handle(record: Uint8Array): void {
    if (record[0] === RECORD.frames) {
      this.#peers.get(readFramesHead(record))?.onFrames(record.subarray(FRAMES_HEAD_BYTES));
    } else if (record[0] === RECORD.captured) {
      this.#options.capture?.keep(decodeCaptured(record));
    } else {
      this.#hear(decodeNote<ToMain>(record));
    }
  }

  /** The thread is gone: so is all that was in it. Idempotent. */
  die(why: string): void {
    if (this.#isDead) return;
    this.#isDead = true;
    const error = new LocalError("unreachable", `Cannot go on in shard ${this.shard}: ${why}`);
    for (const { reject } of [...this.#dials.values(), ...this.#listeners.values()]) reject(error);
    this.#dials.clear();
    const reason: CloseReason = { code: "connection-lost", detail: `shard ${this.shard} ended: ${why}` };
    for (const id of [...this.#peers.keys()]) this.#close(id, reason);
  }

  #hear(note: ToMain): void {
    switch (note.is) {
      case "started":
        return this.#options.onStarted();
      case "listening":
        return this.#listeners.get(note.listener)?.resolve(note.local);
      case "deaf":
        return this.#listeners.get(note.listener)?.reject(new LocalError(note.code, note.why));
      case "accepted":
        return this.#accept(note);
      case "dialled":
      case "unreached":
        return this.#onDialled(note);
      case "report":
        for (const [id, figures] of note.report.peers) this.#peers.get(id)?.onFigures(figures);
        return this.#options.onReport(note.report);
      case "uncaptured":
        return this.#options.capture?.miss(note.frames);
      case "log":
        return this.#options.env.logger(note.category)[note.level](note.text, { shard: this.shard, ...note.fields });
      default:
        return this.#hearOfPeer(note);
    }
  }

  #hearOfPeer(note: Extract<ToMain, { readonly peer: number }>): void {
    const peer = this.#peers.get(note.peer);
    if (!peer) return;
    switch (note.is) {
      case "ready":
        return peer.onReady(this.#agreementOf(note));
      case "ping":
        return peer.onPing();
      case "pong":
        return peer.onPong(note.roundTripMs);
      case "taken":
        return peer.onTaken(note.lanes);
      case "closed":
        peer.onFigures(note.figures);
        this.#close(note.peer, note.reason);
    }
  }

  #accept({ listener, socket, remote, local }: Extract<ToMain, { is: "accepted" }>): void {
    const listening = this.#listeners.get(listener);
    if (listening) listening.accept({ port: this, socket, remote, local });
    else this.tell({ is: "drop", socket });
  }

  #onDialled(note: Extract<ToMain, { is: "dialled" | "unreached" }>): void {
    const dial = this.#dials.get(note.socket);
    this.#dials.delete(note.socket);
    if (note.is === "unreached") return dial?.reject(new LocalError(note.code, note.why));
    const { socket, remote, local } = note;
    dial?.resolve({ port: this, socket, remote, local });
  }

  #close(id: number, reason: CloseReason): void {
    const peer = this.#peers.get(id);
    this.#peers.delete(id);
    peer?.onClosed(reason);
  }

  #agreementOf({ version: hex, addrv2, wtxidRelay }: Extract<ToMain, { is: "ready" }>): Agreement {
    const decoder = this.#options.codec.createDecoder();
    decoder.feed(hexToBytes(hex));
    const version = decoder.next() as MessageOf<"version">;
    return agree(version, { addrv2, wtxidRelay });
  }

  /** A frame too large to be put together with others. */
  #sendAlone(peer: number, frame: Uint8Array, admit: (sizeBytes: number) => OfferOutcome): OfferOutcome {
    const outcome = admit(frame.length);
    if (outcome !== "queued") return outcome;
    const record = new Uint8Array(FRAMES_HEAD_BYTES + frame.length);
    writeFramesHead(record, peer);
    record.set(frame, FRAMES_HEAD_BYTES);
    this.put(record);
    return outcome;
  }

  #scheduleFlush(): void {
    if (this.#flushDue) return;
    this.#flushDue = true;
    this.#options.env.soon(() => {
      this.#flushDue = false;
      this.flush();
    });
  }
}

const GONE = "its shard is gone";
const THREAD_GONE: CloseReason = { code: "connection-lost", detail: GONE };
