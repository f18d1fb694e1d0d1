import type { MessageType } from "./messages.ts";

/** Outbound lanes by falling priority. */
export const LANES = ["control", "sync", "inventory", "data"] as const;
export type Lane = (typeof LANES)[number];

const MIB = 1024 * 1024;

export interface LanePolicy {
  /** Frames that a lane may send before the next lane has its turn. */
  readonly weight: number;
  /** Bytes that may wait. */
  readonly maxBytes: number;
  /** Frames that may wait. */
  readonly maxFrames: number;
  /** What a full lane does: `drop` the frame and count it, or `close` the peer as too slow. */
  readonly whenFull: "drop" | "close";
  /** Room besides for some types. */
  readonly reserve?: LaneReserve;
}

/** Room behind a lane's bounds that only some types may use, so that others cannot crowd them out. Order is kept. */
export interface LaneReserve {
  readonly types: ReadonlySet<MessageType>;
  readonly bytes: number;
  readonly frames: number;
}

/**
 * Strangers' messages that are passed on fill the data lane of a peer that reads slowly: the answers that it waits for
 * still find room, four of the largest.
 */
const DATA_RESERVE: LaneReserve = {
  types: new Set<MessageType>(["request", "response", "cancel"]),
  bytes: 4 * MIB,
  frames: 4096,
};

/**
 * Weights so that none starves; bounds so that a peer that stops reading costs at most 44 MiB. Chain frames are never
 * dropped: the remote waits for them, and a gap in a stream of answers would make the two states diverge.
 */
export const LANE_POLICIES: { readonly [L in Lane]: LanePolicy } = {
  control: { weight: 8, maxBytes: 1 * MIB, maxFrames: 4096, whenFull: "close" },
  sync: { weight: 4, maxBytes: 24 * MIB, maxFrames: 8192, whenFull: "close" },
  inventory: { weight: 2, maxBytes: 4 * MIB, maxFrames: 4096, whenFull: "drop" },
  data: { weight: 1, maxBytes: 11 * MIB, maxFrames: 65_536, whenFull: "drop", reserve: DATA_RESERVE },
};

/** The lane that each type travels in. */
export const LANE_OF: { readonly [T in MessageType]: Lane } = {
  version: "control",
  verack: "control",
  ping: "control",
  pong: "control",
  sendaddrv2: "control",
  wtxidrelay: "control",
  sendheaders: "control",
  sendcmpct: "control",
  feefilter: "control",
  reject: "control",
  getblocks: "sync",
  getheaders: "sync",
  headers: "sync",
  getdata: "sync",
  notfound: "sync",
  block: "sync",
  cmpctblock: "sync",
  getblocktxn: "sync",
  blocktxn: "sync",
  inv: "inventory",
  addr: "inventory",
  addrv2: "inventory",
  getaddr: "inventory",
  mempool: "inventory",
  topology: "inventory",
  tx: "data",
  // A subscription comes before the messages that it is about.
  subscribe: "control",
  unsubscribe: "control",
  // One lane for all of an application's messages keeps their order.
  app: "data",
  publish: "data",
  request: "data",
  response: "data",
  cancel: "data",
  unknown: "data",
};

/** Whether a frame for which the lane itself has no room may wait in what is reserved; `waiting`: all that waits there. */
export function reserveAdmits(
  { reserve, maxBytes, maxFrames }: LanePolicy,
  type: MessageType,
  sizeBytes: number,
  waiting: { readonly bytes: number; readonly frames: number },
): boolean {
  if (!reserve?.types.has(type)) return false;
  return waiting.frames < maxFrames + reserve.frames && waiting.bytes + sizeBytes <= maxBytes + reserve.bytes;
}
