import type { CloseReason, ConnectionKind } from "../../peer/peer_options.ts";
import type { Endpoint, TcpEndpoint } from "../../platform/types.ts";
import type { LocalErrorCode } from "../../protocol/errors.ts";
import type { MessageType } from "../../protocol/messages.ts";
import { ByteReader, ByteWriter } from "../../util/bytes.ts";
import type { LogCategory, LogFields, LogLevel } from "../../util/env.ts";
import type { TimeCount } from "../../util/time_counts.ts";

/** What the main thread tells a shard, apart from frames. Peers and sockets have numbers. */
export type ToShard =
  | { readonly is: "listen"; readonly listener: number; readonly endpoint: Endpoint }
  | { readonly is: "unlisten"; readonly listener: number }
  | { readonly is: "dial"; readonly socket: number; readonly endpoint: TcpEndpoint; readonly timeoutMs: number }
  | { readonly is: "cancel"; readonly socket: number }
  /** The socket becomes a peer, which introduces itself with this version message. */
  | {
    readonly is: "adopt";
    readonly socket: number;
    readonly peer: number;
    readonly kind: ConnectionKind;
    readonly version: string;
  }
  | { readonly is: "drop"; readonly socket: number }
  | { readonly is: "hold" | "release" | "close" | "abort"; readonly peer: number }
  /** Of the tip that we can serve: version messages say it. */
  | { readonly is: "height"; readonly height: number };

/** What a shard tells the main thread, apart from frames. */
export type ToMain =
  | { readonly is: "started" }
  | { readonly is: "listening"; readonly listener: number; readonly local: Endpoint }
  | { readonly is: "deaf"; readonly listener: number; readonly code: LocalErrorCode; readonly why: string }
  | {
    readonly is: "accepted";
    readonly listener: number;
    readonly socket: number;
    readonly remote: Endpoint;
    readonly local: Endpoint;
  }
  | { readonly is: "dialled"; readonly socket: number; readonly remote: Endpoint; readonly local: Endpoint }
  | { readonly is: "unreached"; readonly socket: number; readonly code: LocalErrorCode; readonly why: string }
  | {
    readonly is: "ready";
    readonly peer: number;
    readonly version: string;
    readonly addrv2: boolean;
    readonly wtxidRelay: boolean;
  }
  | { readonly is: "ping"; readonly peer: number }
  | { readonly is: "pong"; readonly peer: number; readonly roundTripMs: number }
  /** What of the main thread's frames is no longer in the outbox, by lane. */
  | { readonly is: "taken"; readonly peer: number; readonly lanes: readonly LaneTotal[] }
  | { readonly is: "closed"; readonly peer: number; readonly reason: CloseReason; readonly figures: PeerFigures }
  | { readonly is: "report"; readonly report: ShardReport }
  /** So many frames are not in the capture. */
  | { readonly is: "uncaptured"; readonly frames: number }
  | {
    readonly is: "log";
    readonly category: LogCategory;
    readonly level: LogLevel;
    readonly text: string;
    fields: LogFields;
  };

/** Bytes and frames since the start. */
export type LaneTotal = readonly [bytes: number, frames: number];

/** What a shard knows of a peer and services do not need at once. */
export interface PeerFigures {
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly messagesIn: { readonly [T in MessageType]?: number };
  readonly messagesOut: { readonly [T in MessageType]?: number };
  readonly bytesInOf: { readonly [T in MessageType]?: number };
  readonly bytesOutOf: { readonly [T in MessageType]?: number };
  readonly cpuMs: number;
  readonly mailbox: { readonly bytes: number; readonly paused: boolean };
  readonly dropped: number;
}

/** Sent twice a second. */
export interface ShardReport {
  /** The latest that the timer of a report was. */
  readonly delayMs: number;
  /** Messages of applications that nobody listened to, since the last report. */
  readonly unheard: number;
  /** How long queues made something wait since the last report, over all peers. */
  readonly turnWaits: readonly TimeCount[];
  readonly writeWaits: readonly TimeCount[];
  /** Those whose figures changed. */
  readonly peers: readonly (readonly [peer: number, figures: PeerFigures])[];
}

/** The first byte of a record. */
export const RECORD = {
  /** JSON: these are few. */
  note: 0,
  /** Frames of one peer, without checksums where the wire has them. */
  frames: 1,
  /** One whole frame, to several peers. */
  sealed: 2,
  /** The next frame of the broadcast ring, to several peers. */
  broadcast: 3,
  /** A record for the capture file. */
  captured: 4,
} as const;

/** The kind and the number of a peer. */
export const FRAMES_HEAD_BYTES = 5;
const KIND_BYTES = 1;
const PEER_BYTES = 4;
const NUMBER_BYTES = 4;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeNote(note: ToShard | ToMain): Uint8Array {
  const text = encoder.encode(JSON.stringify(note));
  const record = new Uint8Array(KIND_BYTES + text.length);
  record.set(text, KIND_BYTES);
  return record;
}

/** Both ends are ours: what it says is not checked. */
export function decodeNote<N extends ToShard | ToMain>(record: Uint8Array): N {
  return JSON.parse(decoder.decode(record.subarray(KIND_BYTES))) as N;
}

export function encodeCaptured(packet: Uint8Array): Uint8Array {
  return new ByteWriter(KIND_BYTES + packet.length).uint8(RECORD.captured).raw(packet).finish();
}

export function decodeCaptured(record: Uint8Array): Uint8Array {
  return record.subarray(KIND_BYTES);
}

export function writeFramesHead(target: Uint8Array, peer: number): void {
  ByteWriter.into(target, 0).uint8(RECORD.frames).uint32(peer);
}

export function readFramesHead(record: Uint8Array): number {
  return new ByteReader(record, KIND_BYTES).uint32();
}

/** `number`: of the frame in the broadcast ring. */
export function encodeBroadcast(number: number, peers: readonly number[]): Uint8Array {
  const writer = new ByteWriter(KIND_BYTES + NUMBER_BYTES + PEER_BYTES * peers.length).uint8(RECORD.broadcast)
    .uint32(number);
  for (const peer of peers) writer.uint32(peer);
  return writer.finish();
}

export function decodeBroadcast(record: Uint8Array): { readonly number: number; readonly peers: readonly number[] } {
  const reader = new ByteReader(record, KIND_BYTES);
  const number = reader.uint32();
  return { number, peers: readPeers(reader, reader.remaining / PEER_BYTES) };
}

export function encodeSealed(frame: Uint8Array, peers: readonly number[]): Uint8Array {
  const writer = new ByteWriter(KIND_BYTES + NUMBER_BYTES + PEER_BYTES * peers.length + frame.length)
    .uint8(RECORD.sealed).uint32(peers.length);
  for (const peer of peers) writer.uint32(peer);
  return writer.raw(frame).finish();
}

/** The frame is a part of the record. */
export function decodeSealed(record: Uint8Array): { readonly frame: Uint8Array; readonly peers: readonly number[] } {
  const reader = new ByteReader(record, KIND_BYTES);
  const peers = readPeers(reader, reader.uint32());
  return { frame: record.subarray(reader.offset), peers };
}

/** A frame as it lies in the broadcast ring. */
export function encodeNumbered(number: number, frame: Uint8Array): Uint8Array {
  return new ByteWriter(NUMBER_BYTES + frame.length).uint32(number).raw(frame).finish();
}

export function decodeNumbered(bytes: Uint8Array): { readonly number: number; readonly frame: Uint8Array } {
  return { number: new ByteReader(bytes).uint32(), frame: bytes.subarray(NUMBER_BYTES) };
}

function readPeers(reader: ByteReader, count: number): number[] {
  return Array.from({ length: count }, () => reader.uint32());
}
