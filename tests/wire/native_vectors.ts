import type { BlockHeader } from "../../src/protocol/block_header.ts";
import type { FaultCode } from "../../src/protocol/errors.ts";
import type { Message, NetAddress } from "../../src/protocol/messages.ts";
import { ZERO_HASH } from "../../src/util/hash.ts";

/** The magic of all vectors. */
export const VECTOR_MAGIC = 0x70327021;

/** Hashes of the bytes 00 … 1f and 20 … 3f in wire order. */
export const HASH_A = "1f1e1d1c1b1a191817161514131211100f0e0d0c0b0a09080706050403020100";
export const HASH_B = "3f3e3d3c3b3a393837363534333231302f2e2d2c2b2a29282726252423222120";

const HEADER: BlockHeader = {
  version: 0x20000000,
  previous: HASH_A,
  merkleRoot: HASH_B,
  time: 1_700_000_000,
  bits: 0x207fffff,
  nonce: 42,
};
const EXTREME_HEADER: BlockHeader = {
  version: -1,
  previous: ZERO_HASH,
  merkleRoot: HASH_A,
  time: 0xffffffff,
  bits: 0,
  nonce: 0,
};

const LOOPBACK: NetAddress = { networkId: 1, bytes: Uint8Array.of(127, 0, 0, 1) };
const DOCUMENTED: NetAddress = {
  networkId: 2,
  bytes: Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
};
const ONION: NetAddress = { networkId: 4, bytes: new Uint8Array(32).fill(0xaa) };
const FOREIGN: NetAddress = { networkId: 200, bytes: Uint8Array.of(1, 2, 3) };

/** A frame, by the name that SPEC.md gives it. The frames were made by another program than the codec. */
export interface Vector {
  readonly name: string;
  readonly message: Message;
  readonly frame: string;
}

export const VECTORS: readonly Vector[] = [
  {
    name: "version",
    message: {
      type: "version",
      protocolVersion: 70016,
      services: 1033n,
      time: 1_700_000_000n,
      receiver: { services: 0n, address: LOOPBACK, port: 8333 },
      sender: { services: 1033n, address: DOCUMENTED, port: 0 },
      nonce: 0x0123456789abcdefn,
      userAgent: "/p2p:0.1.0/",
      startHeight: 840_000,
      relay: true,
    },
    frame:
      "70327021014d0000891a000111801904091a6553f10083008201447f00000119208d8319040982025020010db8000000000000000000000001001b0123456789abcdef6b2f7032703a302e312e302f1a000cd140f5",
  },
  {
    name: "version, least",
    message: {
      type: "version",
      protocolVersion: 0,
      services: 0n,
      time: 0n,
      receiver: { services: 0n, address: LOOPBACK, port: 0 },
      sender: { services: 0n, address: LOOPBACK, port: 0 },
      nonce: 0n,
      userAgent: "",
      startHeight: 0,
      relay: undefined,
    },
    frame: "70327021011c00008900000083008201447f0000010083008201447f00000100006000f6",
  },
  { name: "verack", message: { type: "verack" }, frame: "7032702102000000" },
  { name: "ping", message: { type: "ping", nonce: 0x0123456789abcdefn }, frame: "7032702103080000efcdab8967452301" },
  { name: "pong", message: { type: "pong", nonce: 0xffffffffffffffffn }, frame: "7032702104080000ffffffffffffffff" },
  {
    name: "addr",
    message: {
      type: "addr",
      addresses: [{ time: 1_700_000_000, services: 1n, address: LOOPBACK, port: 8333 }, {
        time: 0,
        services: 0x100000000n,
        address: DOCUMENTED,
        port: 65535,
      }],
    },
    frame:
      "70327021053400008182841a6553f100018201447f00000119208d84001b000000010000000082025020010db800000000000000000000000119ffff",
  },
  {
    name: "addrv2",
    message: {
      type: "addrv2",
      addresses: [{ time: 0xffffffff, services: 0xffffffffffffffffn, address: ONION, port: 9050 }, {
        time: 1,
        services: 0n,
        address: FOREIGN,
        port: 1,
      }],
    },
    frame:
      "70327021064300008182841affffffff1bffffffffffffffff82045820aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa19235a8401008218c84301020301",
  },
  { name: "addrv2, empty", message: { type: "addrv2", addresses: [] }, frame: "70327021060200008180" },
  { name: "sendaddrv2", message: { type: "sendaddrv2" }, frame: "7032702107000000" },
  { name: "getaddr", message: { type: "getaddr" }, frame: "7032702108000000" },
  {
    name: "inv",
    message: { type: "inv", items: [{ kind: 1, hash: HASH_A }, { kind: 0x40000002, hash: HASH_B }] },
    frame:
      "70327021094b000081584801000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f02000040202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
  },
  {
    name: "getdata",
    message: { type: "getdata", items: [{ kind: 5, hash: HASH_B }] },
    frame: "703270210a27000081582405000000202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
  },
  { name: "notfound", message: { type: "notfound", items: [] }, frame: "703270210b0200008140" },
  {
    name: "getblocks",
    message: { type: "getblocks", protocolVersion: 70016, locator: [HASH_A, HASH_B], stop: ZERO_HASH },
    frame:
      "703270210c6a0000831a000111805840000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f58200000000000000000000000000000000000000000000000000000000000000000",
  },
  {
    name: "getheaders",
    message: { type: "getheaders", protocolVersion: 70016, locator: [], stop: HASH_B },
    frame: "703270210d290000831a00011180405820202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f",
  },
  {
    name: "headers",
    message: { type: "headers", headers: [HEADER, EXTREME_HEADER] },
    frame:
      "703270210ea300008158a000000020000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f00f15365ffff7f202a000000ffffffff0000000000000000000000000000000000000000000000000000000000000000000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1fffffffff0000000000000000",
  },
  {
    name: "block",
    message: { type: "block", block: Uint8Array.of(0x00, 0xff, 0x10) },
    frame: "703270210f03000000ff10",
  },
  { name: "tx", message: { type: "tx", transaction: Uint8Array.of(2) }, frame: "703270211001000002" },
  { name: "mempool", message: { type: "mempool" }, frame: "7032702111000000" },
  { name: "sendheaders", message: { type: "sendheaders" }, frame: "7032702112000000" },
  {
    name: "sendcmpct",
    message: { type: "sendcmpct", highBandwidth: true, version: 2n },
    frame: "703270211303000082f502",
  },
  {
    name: "cmpctblock",
    message: {
      type: "cmpctblock",
      header: HEADER,
      nonce: 0x8000000000000000n,
      shortIds: Uint8Array.of(1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15),
      prefilled: [{ index: 0, transaction: Uint8Array.of(0xc0, 0xff, 0xee) }, {
        index: 300,
        transaction: Uint8Array.of(1),
      }],
    },
    frame:
      "703270211476000084585000000020000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f00f15365ffff7f202a0000001b80000000000000004c0102030405060a0b0c0d0e0f82820043c0ffee8219012c4101",
  },
  {
    name: "getblocktxn",
    message: { type: "getblocktxn", blockHash: HASH_A, indexes: [0, 1, 65535] },
    frame: "70327021152a0000825820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f4600000100ffff",
  },
  {
    name: "blocktxn",
    message: { type: "blocktxn", blockHash: HASH_A, transactions: [Uint8Array.of(1, 2), new Uint8Array(0)] },
    frame: "7032702116280000825820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f8242010240",
  },
  { name: "feefilter", message: { type: "feefilter", feeRate: 1000n }, frame: "7032702117040000811903e8" },
  {
    name: "feefilter, 2^32 - 1",
    message: { type: "feefilter", feeRate: 0xffffffffn },
    frame: "7032702117060000811affffffff",
  },
  {
    name: "feefilter, 2^32",
    message: { type: "feefilter", feeRate: 0x100000000n },
    frame: "70327021170a0000811b0000000100000000",
  },
  { name: "wtxidrelay", message: { type: "wtxidrelay" }, frame: "7032702118000000" },
  {
    name: "reject",
    message: {
      type: "reject",
      message: "tx",
      code: 16,
      reason: "bad-txns-ünïcode",
      data: Uint8Array.from({ length: 32 }, (_, i) => i),
    },
    frame:
      "70327021193a00008462747810726261642d74786e732dc3bc6ec3af636f64655820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
  },
  {
    name: "subscribe",
    message: { type: "subscribe", topics: ["chat", "météo"] },
    frame: "703270211a0f000081826463686174676dc3a974c3a96f",
  },
  { name: "unsubscribe", message: { type: "unsubscribe", topics: [] }, frame: "703270211b0200008180" },
  { name: "cancel", message: { type: "cancel", id: 300 }, frame: "703270211c0400008119012c" },
  {
    name: "topology",
    message: {
      type: "topology",
      sender: 0x0123456789abcdefn,
      records: [
        {
          id: 0x0123456789abcdefn,
          ageSeconds: 0,
          region: "eu",
          capabilities: ["archive"],
          load: 51,
          draining: false,
          links: [{ id: 2n, rttMs: 30 }, { id: 2n ** 64n - 1n, rttMs: 0 }],
        },
        { id: 2n, ageSeconds: 300, region: "", capabilities: [], load: 255, draining: true, links: [] },
      ],
    },
    frame:
      "703270211d400000821b0123456789abcdef82871b0123456789abcdef006265758167617263686976651833f4828202181e821bffffffffffffffff00870219012c608018fff580",
  },
  { name: "topology, empty", message: { type: "topology", sender: 1n, records: [] }, frame: "703270211d030000820180" },
  { name: "app", message: { type: "app", payload: Uint8Array.of(0, 0xff, 0x7f) }, frame: "703270214003000000ff7f" },
  { name: "app, empty", message: { type: "app", payload: new Uint8Array(0) }, frame: "7032702140000000" },
  {
    name: "publish",
    message: { type: "publish", topic: "chat", id: 0x0123456789abcdefn, payload: Uint8Array.of(0x68, 0x69) },
    frame: "70327021410f0000efcdab896745230104636861746869",
  },
  {
    name: "request",
    message: { type: "request", id: 1, method: "é", payload: Uint8Array.of(7) },
    frame: "70327021420800000100000002c3a907",
  },
  {
    name: "response",
    message: { type: "response", id: 0xffffffff, status: 0, payload: Uint8Array.of(1, 2) },
    frame: "7032702143070000ffffffff000102",
  },
  {
    name: "response, failed",
    message: { type: "response", id: 2, status: 2, payload: new Uint8Array(0) },
    frame: "70327021430500000200000002",
  },
  {
    name: "unknown 0xc8",
    message: { type: "unknown", command: "0xc8", payload: Uint8Array.of(0xff, 0) },
    frame: "70327021c8020000ff00",
  },
];

/** Bytes that a decoder refuses, with the fault that it finds. */
export interface RefusedVector {
  readonly name: string;
  readonly fault: FaultCode;
  readonly bytes: string;
}

export const REFUSED_VECTORS: readonly RefusedVector[] = [
  { name: "another network", fault: "bad-magic", bytes: "7132702103080000efcdab8967452301" },
  { name: "the Bitcoin wire", fault: "bad-magic", bytes: "f9beb4d976657273696f6e0000000000" },
  { name: "ping of 9 bytes", fault: "oversized", bytes: "7032702103090000" },
  { name: "verack with a body", fault: "oversized", bytes: "7032702102010000" },
  { name: "unknown type of 65,537 bytes", fault: "oversized", bytes: "70327021c8010001" },
  { name: "ping of 7 bytes", fault: "malformed", bytes: "7032702103070000efcdab89674523" },
  { name: "no body where one is due", fault: "malformed", bytes: "7032702117000000" },
  { name: "integer with a byte too many", fault: "malformed", bytes: "7032702117030000811817" },
  { name: "length with a byte too many", fault: "malformed", bytes: "703270210b030000815800" },
  { name: "array with a byte too many", fault: "malformed", bytes: "7032702117030000980100" },
  { name: "bytes after the item", fault: "malformed", bytes: "7032702117030000810000" },
  { name: "item that does not end", fault: "malformed", bytes: "70327021170200008119" },
  { name: "a field too many", fault: "malformed", bytes: "7032702117030000820000" },
  { name: "a field too few", fault: "malformed", bytes: "703270211701000080" },
  { name: "negative integer", fault: "malformed", bytes: "70327021170200008120" },
  { name: "float", fault: "malformed", bytes: "703270211704000081f93c00" },
  { name: "tag (bignum)", fault: "malformed", bytes: "703270211704000081c24101" },
  { name: "map", fault: "malformed", bytes: "7032702117030000a10000" },
  { name: "indefinite array", fault: "malformed", bytes: "70327021170300009f00ff" },
  { name: "indefinite byte string", fault: "malformed", bytes: "703270210b030000815fff" },
  { name: "undefined", fault: "malformed", bytes: "703270211303000082f702" },
  { name: "null for a boolean", fault: "malformed", bytes: "703270211303000082f602" },
  { name: "text that is not UTF-8", fault: "malformed", bytes: "70327021190600008461ff006040" },
  { name: "text with half a surrogate pair", fault: "malformed", bytes: "70327021190800008463eda080006040" },
  { name: "text with a byte order mark", fault: "malformed", bytes: "70327021190800008463efbbbf006040" },
  { name: "code above 255", fault: "malformed", bytes: "703270211907000084601901006040" },
  { name: "record that does not end", fault: "malformed", bytes: "7032702109030000814100" },
  {
    name: "hash of 31 bytes",
    fault: "malformed",
    bytes: "703270211523000082581f000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e40",
  },
  {
    name: "indexes that do not rise",
    fault: "malformed",
    bytes: "7032702115280000825820000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f4401000100",
  },
  { name: "IPv4 address of 3 bytes", fault: "malformed", bytes: "70327021050c000081818400008201437f000000" },
  { name: "topic of no bytes", fault: "malformed", bytes: "703270211a030000818160" },
  { name: "publish to a topic of no bytes", fault: "malformed", bytes: "7032702141090000efcdab896745230100" },
  {
    name: "publish to a topic of 65 bytes",
    fault: "malformed",
    bytes: `70327021414a0000efcdab896745230141${"61".repeat(65)}`,
  },
  { name: "publish that ends within its topic", fault: "malformed", bytes: "70327021410b0000efcdab8967452301036368" },
  { name: "topic that is not UTF-8", fault: "malformed", bytes: "70327021410a0000efcdab896745230101ff" },
  { name: "topic with a byte order mark", fault: "malformed", bytes: "70327021410c0000efcdab896745230103efbbbf" },
  { name: "method of no bytes", fault: "malformed", bytes: "70327021420500000100000000" },
  { name: "response without a status", fault: "malformed", bytes: "703270214304000001000000" },
  { name: "app of 1,048,577 bytes", fault: "oversized", bytes: "7032702140010010" },
];
