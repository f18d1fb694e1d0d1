import type { Hash } from "../util/hash.ts";
import type { BlockHeader } from "./block_header.ts";

/**
 * An address of any network by BIP155: `networkId` 1 IPv4 (4 bytes), 2 IPv6 (16), 4 Tor v3 (32), 5 I2P (32),
 * 6 CJDNS (16); others are carried but never dialled.
 */
export interface NetAddress {
  readonly networkId: number;
  readonly bytes: Uint8Array;
}

/** One entry of an address message. */
export interface AddressRecord {
  /** Unix seconds when the node was last heard of. */
  readonly time: number;
  /** As `SERVICE_…` bits. */
  readonly services: bigint;
  readonly address: NetAddress;
  readonly port: number;
}

/** Either end of a connection as a version message names it. */
export interface VersionAddress {
  /** As `SERVICE_…` bits. */
  readonly services: bigint;
  readonly address: NetAddress;
  readonly port: number;
}

/** Kinds of inventory (Bitcoin protocol; the witness flag of BIP144 is bit 30; 5 is BIP339). */
export const INV_TX = 1;
export const INV_BLOCK = 2;
export const INV_FILTERED_BLOCK = 3;
export const INV_COMPACT_BLOCK = 4;
export const INV_WTX = 5;
export const INV_WITNESS_TX = 0x4000_0001;
export const INV_WITNESS_BLOCK = 0x4000_0002;

/** What became of a request, as a response says it. */
export const RESPONSE_STATUS = {
  ok: 0,
  /** Nobody answers this method here. */
  "no-method": 1,
  /** The handler failed. */
  failed: 2,
  /** Too many requests of this peer are under way, or too much that it has not read. */
  busy: 3,
  /** The handler took longer than it may. */
  "too-late": 4,
} as const satisfies Readonly<Record<string, number>>;

/** One end of a link, as the node at the other end tells it. */
export interface TopologyLink {
  readonly id: bigint;
  /** Smoothed round-trip time in milliseconds; 0 if none was measured. */
  readonly rttMs: number;
}

/** What one node says of itself, or what another one heard of it. */
export interface TopologyRecord {
  /** 64 random bits by which the node is known until it restarts. */
  readonly id: bigint;
  /** Seconds since it said so itself, rounded up. */
  readonly ageSeconds: number;
  /** Where it is, in its own words; empty if it does not say. */
  readonly region: string;
  readonly capabilities: readonly string[];
  /** Share of its resources in use, from 0 to 255. */
  readonly load: number;
  /** Whether it takes no new requests. */
  readonly draining: boolean;
  readonly links: readonly TopologyLink[];
}

/** One item that a peer has, wants or lacks. Kinds we do not know are carried as they are. */
export interface InvItem {
  readonly kind: number;
  readonly hash: Hash;
}

/** A transaction that a compact block carries in full. */
export interface PrefilledTransaction {
  /** Position in the block, absolute (the wire carries differences). */
  readonly index: number;
  readonly transaction: Uint8Array;
}

/** The fields of each message, by type. The types are Bitcoin's own command names; both wires carry the same set. */
export interface Payloads {
  version: {
    readonly protocolVersion: number;
    readonly services: bigint;
    /** Unix seconds. */
    readonly time: bigint;
    readonly receiver: VersionAddress;
    readonly sender: VersionAddress;
    readonly nonce: bigint;
    readonly userAgent: string;
    readonly startHeight: number;
    /** Whether transactions may be announced at once (BIP37); undefined if the sender left the field out. */
    readonly relay: boolean | undefined;
  };
  verack: unknown;
  ping: { readonly nonce: bigint };
  pong: { readonly nonce: bigint };
  addr: { readonly addresses: readonly AddressRecord[] };
  addrv2: { readonly addresses: readonly AddressRecord[] };
  sendaddrv2: unknown;
  getaddr: unknown;
  inv: { readonly items: readonly InvItem[] };
  getdata: { readonly items: readonly InvItem[] };
  notfound: { readonly items: readonly InvItem[] };
  getblocks: Locator;
  getheaders: Locator;
  headers: { readonly headers: readonly BlockHeader[] };
  /** The whole block as serialised, with witnesses if the sender included them. */
  block: { readonly block: Uint8Array };
  tx: { readonly transaction: Uint8Array };
  mempool: unknown;
  sendheaders: unknown;
  sendcmpct: { readonly highBandwidth: boolean; readonly version: bigint };
  cmpctblock: {
    readonly header: BlockHeader;
    readonly nonce: bigint;
    /** Short ids of 6 bytes each, side by side as on the wire: thousands of them are made, sent and looked up as one. */
    readonly shortIds: Uint8Array;
    readonly prefilled: readonly PrefilledTransaction[];
  };
  /** Indexes are absolute (the wire carries differences). */
  getblocktxn: { readonly blockHash: Hash; readonly indexes: readonly number[] };
  blocktxn: { readonly blockHash: Hash; readonly transactions: readonly Uint8Array[] };
  /** Least fee in satoshi per 1,000 virtual bytes (BIP133). */
  feefilter: { readonly feeRate: bigint };
  wtxidrelay: unknown;
  reject: {
    readonly message: string;
    readonly code: number;
    readonly reason: string;
    /** What follows: usually the hash of the refused item. */
    readonly data: Uint8Array;
  };
  /** Bytes from one application to another: order is kept, nothing is answered. */
  app: { readonly payload: Uint8Array };
  /** A message to all who subscribed to a topic, passed on from peer to peer. */
  publish: {
    readonly topic: string;
    /** 64 random bits by which copies are recognised, whatever way they came. */
    readonly id: bigint;
    readonly payload: Uint8Array;
  };
  subscribe: { readonly topics: readonly string[] };
  unsubscribe: { readonly topics: readonly string[] };
  request: {
    /** 32 bits, chosen by the asker, distinct among its requests under way with this peer. */
    readonly id: number;
    readonly method: string;
    readonly payload: Uint8Array;
  };
  response: {
    readonly id: number;
    /** One of RESPONSE_STATUS; a code that we do not know is a failure. */
    readonly status: number;
    /** The answer; for a failure a text in UTF-8 for people, or nothing. */
    readonly payload: Uint8Array;
  };
  /** The asker no longer wants the answer. */
  cancel: { readonly id: number };
  /** Nodes of the network as the sender knows them. */
  topology: {
    /** The sender's own id: the record that has it is first-hand. */
    readonly sender: bigint;
    readonly records: readonly TopologyRecord[];
  };
  /** A message of a type that we do not know. It is counted and ignored. */
  unknown: { readonly command: string; readonly payload: Uint8Array };
}

/** From where on a chain is asked for. */
export interface Locator {
  readonly protocolVersion: number;
  /** Block hashes of the asker's chain, newest first. */
  readonly locator: readonly Hash[];
  /** Last block wanted; the zero hash: as many as fit. */
  readonly stop: Hash;
}

/** One of the command names. */
export type MessageType = keyof Payloads;

/** One message of the given type: a plain, immutable object. */
export type MessageOf<T extends MessageType> = T extends MessageType
  ? { readonly type: T } & (unknown extends Payloads[T] ? unknown : Payloads[T])
  : never;

/** Every message that there is. */
export type Message = MessageOf<MessageType>;
