import { Buffer } from "node:buffer";
import { assert, assertEquals } from "@std/assert";
import { END_TO_END } from "../support/binary.ts";
import { makeBranch } from "../support/made_chain.ts";
import { residentBytes } from "../support/memory.ts";
import type { P2pNode } from "../support/p2p_node.ts";
import {
  blockHash,
  compactSize,
  frame,
  HEADER_SIZE,
  headersPayload,
  invPayload,
  locatorPayload,
  RawPeer,
  sha256d,
  versionPayload,
  WITNESS_BLOCK,
} from "../support/raw_peer.ts";
import { type Site, siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";
import { within } from "../support/wait.ts";

const MIB = 1024 * 1024;
/** What a storm may cost: queues for 117 peers, and what a garbage collector leaves lying for a while. */
const STORM_MEMORY_BYTES = 128 * MIB;
/** Longest that a well-behaved peer may wait for its pong while another one misbehaves, in milliseconds. */
const SERVED_MS = 2000;
const STORM_CONNECTIONS = 500;
const MAX_INBOUND = 117;
/** A handshake that does not come is given up after 20 s. */
const SILENCE_MS = 25_000;
const MAINNET_MAGIC = 0xf9beb4d9;
const BLOCK_KIND = 2;
const HASH = "11".repeat(32);

interface Attack {
  readonly what: string;
  /** What the log calls it. */
  readonly fault: RegExp;
  readonly greets: boolean;
  readonly bytes: () => Buffer;
}

const ATTACKS: readonly Attack[] = [
  { what: "another network", fault: /wrong-network/, greets: false, bytes: () => version(MAINNET_MAGIC) },
  { what: "garbage", fault: /wrong-network/, greets: false, bytes: () => Buffer.alloc(1000, 0xa5) },
  {
    what: "HTTP",
    fault: /wrong-network/,
    greets: false,
    bytes: () => Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
  },
  { what: "a message first", fault: /unexpected-message/, greets: false, bytes: () => frame("ping", Buffer.alloc(8)) },
  {
    what: "an obsolete version",
    fault: /obsolete-version/,
    greets: false,
    bytes: () => frame("version", versionPayload({ protocolVersion: 209 })),
  },
  {
    what: "a user agent of 4 KB",
    fault: /oversized|malformed/,
    greets: false,
    bytes: () => frame("version", versionPayload({ userAgent: "x".repeat(4000) })),
  },
  { what: "a second version", fault: /unexpected-message/, greets: true, bytes: () => version() },
  { what: "a bad checksum", fault: /bad-checksum/, greets: true, bytes: badChecksum },
  { what: "a length of 4 GB", fault: /oversized/, greets: true, bytes: () => frameOfLength(0xffffffff) },
  { what: "a length just too long", fault: /oversized/, greets: true, bytes: () => frameOfLength(4_000_001) },
  {
    what: "a locator of 102",
    fault: /oversized/,
    greets: true,
    bytes: () => frame("getheaders", locatorPayload(Array<string>(102).fill(HASH))),
  },
  {
    what: "an inv of 50,001",
    fault: /oversized/,
    greets: true,
    bytes: () => frame("inv", invPayload(BLOCK_KIND, Array<string>(50_001).fill(HASH))),
  },
  {
    what: "a getdata that claims 2^32 items",
    fault: /oversized|malformed/,
    greets: true,
    bytes: () => frame("getdata", Buffer.from("feffffffff", "hex")),
  },
  {
    what: "headers of 2,001",
    fault: /oversized/,
    greets: true,
    bytes: () => frame("headers", headersPayload(Array<Buffer>(2001).fill(Buffer.alloc(80)))),
  },
  {
    what: "an inv that ends early",
    fault: /malformed/,
    greets: true,
    bytes: () => frame("inv", Buffer.concat([compactSize(10), invPayload(BLOCK_KIND, [HASH]).subarray(1)])),
  },
  { what: "a header without work", fault: /bad-header/, greets: true, bytes: () => frame("headers", idleHeader()) },
];

siteTest("hostile peers: each is shown the door, the log says why, others are served", async (site) => {
  const chain = testChain();
  // Of strangers that fail in one way the log names one a minute, unless it is asked for all.
  const node = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile), "--log", "node=debug"] });
  const honest = await greet(site, node);
  for (const { what, fault, greets, bytes } of ATTACKS) {
    const before = countMatches(node.log, fault);
    const peer = greets ? await greet(site, node) : await dial(site, node);
    peer.sendBytes(bytes());
    await within(`end of the connection after ${what}`, peer.closed);
    await within(`a pong while a peer sends ${what}`, honest.ping(), SERVED_MS);
    // The log comes through a pipe: it may be later than the end of the connection.
    await node.program.line(new RegExp(`(?:^.*(?:${fault.source}).*$[^]*?){${before + 1}}`, "m"));
    assertEquals(countMatches(node.log, fault) - before, 1, `lines about ${what}\n${node.log.slice(-1000)}`);
  }
  await assertServes(honest);
}, {
  ...END_TO_END,
  timeout: 120_000,
});

siteTest("hostile peers: one that says nothing is let go", async (site) => {
  const node = await site.node();
  const peer = await dial(site, node);
  await within("end of a silent connection", peer.closed, SILENCE_MS);
});

siteTest("hostile peers: those that die in the middle of a frame leave nothing behind", async (site) => {
  const node = await site.node();
  for (let i = 0; i < 50; i++) {
    const peer = await greet(site, node);
    peer.dieMidFrame();
    await peer.closed;
  }
  await node.peersUntil("nobody", (peers) => peers.length === 0);
});

siteTest("hostile peers: one that asks for everything and reads nothing costs little", async (site) => {
  const chain = testChain();
  const node = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
  const honest = await greet(site, node);
  const memory = residentBytes(node.pid);
  const request = frame("getdata", invPayload(WITNESS_BLOCK, chain.main.slice(1).map(blockHash)));
  for (let i = 0; i < 20; i++) {
    const peer = await greet(site, node);
    peer.socket.pause();
    // Two full requests each: 200 MB in all, if somebody queued them.
    peer.sendBytes(Buffer.concat([request, request]));
    await within("a pong", honest.ping(), SERVED_MS);
  }
  await assertServes(honest);
  assertGrewLittle(node, memory);
});

siteTest("hostile peers: a storm of connections keeps nobody out who was in", async (site) => {
  const chain = testChain();
  const node = await site.node({ args: ["--import", site.file("main.blk", chain.mainFile)] });
  const honest = await greet(site, node);
  await honest.ping();
  const memory = residentBytes(node.pid);
  const storm: RawPeer[] = [];
  // A connection that is refused at once may look to its dialler as if it had never come about.
  await Promise.allSettled(Array.from({ length: STORM_CONNECTIONS }, async () => storm.push(await dial(site, node))));
  await within("a pong in the storm", honest.ping(), SERVED_MS);
  const peers = await node.peersUntil("no more than the limit", (all) => all.length <= MAX_INBOUND);
  assert(peers.length > 1, "the node refused all");
  await assertServes(honest);
  assertGrewLittle(node, memory);
  for (const peer of storm) peer.close();
  await node.peersUntil("the honest one alone", (all) => all.length === 1);
  const late = await greet(site, node);
  await late.ping();
});

async function dial(site: Site, node: P2pNode): Promise<RawPeer> {
  const peer = await RawPeer.dial(node.port);
  site.onEnd(() => peer.close());
  return peer;
}

async function greet(site: Site, node: P2pNode): Promise<RawPeer> {
  const peer = await dial(site, node);
  await peer.shakeHands();
  return peer;
}

/** The peer gets a block that it asks for. */
async function assertServes(peer: RawPeer): Promise<void> {
  const block = testChain().main.at(-1)!;
  peer.send("getdata", invPayload(WITNESS_BLOCK, [blockHash(block)]));
  assert((await peer.receive("block")).equals(block));
}

function assertGrewLittle(node: P2pNode, before: number | undefined): void {
  const now = residentBytes(node.pid);
  if (before === undefined || now === undefined) return;
  assert(now - before < STORM_MEMORY_BYTES, `grew by ${Math.round((now - before) / MIB)} MiB`);
}

function countMatches(text: string, pattern: RegExp): number {
  return text.split("\n").filter((line) => pattern.test(line)).length;
}

function version(magic?: number): Buffer {
  return frame("version", versionPayload(), magic);
}

function badChecksum(): Buffer {
  const bytes = frame("ping", Buffer.alloc(8));
  bytes[HEADER_SIZE - 1]! ^= 1;
  return bytes;
}

/** A block's frame without the block. */
function frameOfLength(length: number): Buffer {
  const head = frame("block").subarray(0, HEADER_SIZE);
  head.writeUInt32LE(length, 16);
  return head;
}

/** A header on top of our tip whose hash does not meet the target that it states. */
function idleHeader(): Buffer {
  const { main } = testChain();
  const parent = { block: main.at(-1)!, height: main.length - 1 };
  const header = Buffer.from(makeBranch({ parent, count: 1 })[0]!.subarray(0, 80));
  for (let nonce = 0; sha256d(header)[31]! <= 0x7f; nonce++) header.writeUInt32LE(nonce, 76);
  return headersPayload([header]);
}
