import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import { within } from "./wait.ts";
import { blockHash, frame, headersPayload, invPayload, parseInv, RawPeer, sha256d, WITNESS_BLOCK } from "./raw_peer.ts";

/** Peers that give an operator something to find: each from an address of its own, on regtest. */
export interface TroublePlace {
  readonly port: number;
  /** On Linux all of 127.0.0.0/8 is this machine. */
  readonly from: string;
}

const MSG_TX = 1;
const TICK_MS = 100;
const HEADER_BYTES = 80;
const MERKLE_AT = 36;
const TIME_AT = 68;
const NONCE_AT = 76;
/** The target of regtest has one leading zero bit. */
const HIGH_BIT = 0x80;

/** Answers every ping late. */
export async function slowPeer(
  { port, from }: TroublePlace,
  { lateMs = 2_000, userAgent = "/slow:1/" } = {},
): Promise<RawPeer> {
  const peer = await RawPeer.dialFrom(from, port);
  await peer.shakeHands({ userAgent });
  peer.listen(({ command, payload }) => {
    if (command === "ping") setTimeout(() => peer.send("pong", payload), lateMs);
    if (command === "inv") peer.send("getdata", payload);
  });
  return peer;
}

/** One like most: it answers after a moment, and has nothing to say. */
export async function quietPeer({ port, from }: TroublePlace, { lateMs = 20 } = {}): Promise<RawPeer> {
  return await slowPeer({ port, from }, { lateMs, userAgent: "/quiet:1/" });
}

/** Says much, and nothing that anybody needs. */
export async function floodingPeer({ port, from }: TroublePlace, { perSecond = 2_000 } = {}): Promise<RawPeer> {
  const peer = await RawPeer.dialFrom(from, port);
  await peer.shakeHands({ userAgent: "/flood:1/" });
  peer.listen(({ command, payload }) => command === "ping" && peer.send("pong", payload));
  const timer = setInterval(() => {
    const invs = Array.from({ length: perSecond * TICK_MS / 1_000 }, () => {
      return frame("inv", invPayload(MSG_TX, [randomBytes(32).toString("hex")]));
    });
    if (peer.socket.writableLength === 0) peer.sendBytes(Buffer.concat(invs));
  }, TICK_MS);
  void peer.closed.then(() => clearInterval(timer));
  return peer;
}

/** Says that it has a million blocks, and shows none. */
export async function boastingPeer({ port, from }: TroublePlace): Promise<RawPeer> {
  const peer = await RawPeer.dialFrom(from, port);
  await peer.shakeHands({ userAgent: "/boast:1/", height: 1_000_000 });
  peer.listen(({ command, payload }) => {
    if (command === "ping") peer.send("pong", payload);
    if (command === "getheaders") peer.send("headers", headersPayload([]));
  });
  return peer;
}

/** Announces a block on the given one, and sends something else under its name. Resolves when it was thrown out. */
export async function lyingPeer({ port, from }: TroublePlace, tip: Buffer): Promise<void> {
  const peer = await RawPeer.dialFrom(from, port);
  const isRefused = peer.closed.then(() => Promise.reject(new Error(`${from} is not let in`)));
  isRefused.catch(() => {});
  await Promise.race([peer.shakeHands({ userAgent: "/liar:1/" }), isRefused]);
  const header = solve(tip);
  const block = Buffer.concat([header, tip.subarray(HEADER_BYTES)]);
  peer.listen(({ command, payload }) => {
    if (command === "ping") peer.send("pong", payload);
    if (command === "getheaders") peer.send("headers", headersPayload([block]));
    if (command !== "getdata") return;
    const isAsked = parseInv(payload).some(({ hash }) => hash === blockHash(header));
    if (isAsked) peer.send("block", block);
  });
  peer.send("inv", invPayload(WITNESS_BLOCK & ~0x40000000, [blockHash(header)]));
  peer.send("headers", headersPayload([block]));
  await within("the end of a liar", peer.closed);
}

/** A header with proof of work whose merkle root fits no transactions. */
function solve(tip: Buffer): Buffer {
  const header = Buffer.from(tip.subarray(0, HEADER_BYTES));
  sha256d(header).copy(header, 4);
  randomBytes(32).copy(header, MERKLE_AT);
  // Later than the median of the last eleven, which blocks made in a hurry drive ahead of the clock.
  header.writeUInt32LE(tip.readUInt32LE(TIME_AT) + 1, TIME_AT);
  do header.writeUInt32LE((header.readUInt32LE(NONCE_AT) + 1) >>> 0, NONCE_AT); while (
    sha256d(header)[31]! >= HIGH_BIT
  );
  return header;
}
