import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { Chain } from "../../src/chain/chain.ts";
import { Presync, type PresyncStep } from "../../src/chain/presync.ts";
import { createHasher } from "../../src/platform/hasher.ts";
import { type BlockHeader, encodeBlockHeader } from "../../src/protocol/block_header.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { type Hash, hash256 } from "../../src/util/hash.ts";

const hasher = createHasher();

const NOW = 1_800_000_000;
const PAGE = 2_000;
const TARGET_TOP = "7fffff";

/** Headers with nothing under them; chains of different seeds share only their start. */
function mineHeaders(count: number, seed = 0): BlockHeader[] {
  const headers: BlockHeader[] = [];
  let previous: Hash = REGTEST.genesisHash;
  for (let i = 0; i < count; i++) {
    const template = { ...REGTEST.genesis, version: 4, previous, time: REGTEST.genesis.time + 1 + i };
    for (let nonce = seed * 1_000_000;; nonce++) {
      const header = { ...template, nonce };
      previous = hash256(hasher, encodeBlockHeader(header));
      if (previous <= TARGET_TOP) {
        headers.push(header);
        break;
      }
    }
  }
  return headers;
}

function begin(threshold: bigint, nowSeconds = NOW): { chain: Chain; presync: Presync } {
  const chain = new Chain({ params: REGTEST, hasher });
  const salt = Uint8Array.from({ length: 32 }, (_, i) => i + 1);
  const start = chain.genesis;
  return { chain, presync: new Presync({ params: REGTEST, hasher, start, threshold, salt, nowSeconds }) };
}

/** Serves a chain page by page, as the locators ask, until the presync ends; answers its last step and all releases. */
function serve(
  presync: Presync,
  first: readonly BlockHeader[],
  second = first,
): { last: PresyncStep; released: BlockHeader[]; mostBuffered: number } {
  const released: BlockHeader[] = [];
  let mostBuffered = 0;
  let position = 0;
  for (;;) {
    const pass = presync.pass;
    const source = pass === 1 ? first : second;
    const page = source.slice(position, position + PAGE);
    position += page.length;
    const step = presync.accept(page, page.length === PAGE);
    mostBuffered = Math.max(mostBuffered, presync.bufferedHeaders);
    if (step.kind !== "failed") released.push(...step.release);
    if (step.kind !== "continue") return { last: step, released, mostBuffered };
    if (presync.pass !== pass) position = 0;
    const expected = position === 0 ? REGTEST.genesisHash : source[position]?.previous ?? step.locator[0];
    assertEquals([step.locator[0], step.locator.at(-1)], [expected, REGTEST.genesisHash]);
  }
}

const LONG = mineHeaders(17_500);

test("presync: a chain with enough work is released whole, in order, and only in the second pass", () => {
  const { chain, presync } = begin(2n * 17_001n);
  const { last, released, mostBuffered } = serve(presync, LONG);
  assertEquals([last.kind, presync.pass], ["done", 2]);
  assertEquals(released, LONG.slice(0, released.length));
  assert(released.length >= 17_000);
  assertEquals(mostBuffered, 14_400, "what waits for successors");
  assertEquals(chain.acceptHeaders(released, NOW).stopped, undefined);
});

test("presync: the first pass keeps nothing", () => {
  const { presync } = begin(2n * 17_001n);
  for (let at = 0; at < 8 * PAGE; at += PAGE) {
    const step = presync.accept(LONG.slice(at, at + PAGE), true);
    assert(step.kind === "continue" && step.release.length === 0);
  }
  assertEquals([presync.pass, presync.height, presync.bufferedHeaders], [1, 16_000, 0]);
});

test("presync: the threshold counts the work from the genesis block on", () => {
  const exact = begin(2n * 101n);
  assertEquals(serve(exact.presync, LONG.slice(0, 100)).last.kind, "done");
  const short = begin(2n * 101n + 1n);
  const failed = { kind: "failed", reason: "too-little-work", fault: false };
  assertEquals(serve(short.presync, LONG.slice(0, 100)).last, failed as PresyncStep);
});

test("presync: another chain in the second pass is noticed before anything of it is released", () => {
  const { presync } = begin(2n * 17_001n);
  const { last, released } = serve(presync, LONG, mineHeaders(16_500, 1));
  assertEquals(last, { kind: "failed", reason: "other-chain", fault: false });
  assertEquals(released, []);
});

test("presync: a second pass that ends early releases nothing more", () => {
  const { presync } = begin(2n * 17_001n);
  const { last, released } = serve(presync, LONG, LONG.slice(0, 5_000));
  assertEquals([last, released], [{ kind: "failed", reason: "too-little-work", fault: false }, []]);
});

const BAD_PAGES: readonly (readonly [what: string, page: BlockHeader[], step: PresyncStep])[] = [
  ["a gap", [LONG[0]!, LONG[2]!], { kind: "failed", reason: "unlinked", fault: false }],
  ["no work", [LONG[0]!, withoutWork(LONG[1]!)], { kind: "failed", reason: "bad-header", fault: true }],
  ["a claim of much work", [{ ...LONG[0]!, bits: 0x1d00ffff }], { kind: "failed", reason: "bad-header", fault: true }],
  ["another difficulty", [easierStep()], { kind: "failed", reason: "bad-header", fault: true }],
];

function withoutWork(header: BlockHeader): BlockHeader {
  for (let nonce = 0;; nonce++) {
    const candidate = { ...header, nonce };
    if (hash256(hasher, encodeBlockHeader(candidate)) > TARGET_TOP) return candidate;
  }
}

/** Proven, but not a difficulty that may follow the genesis block's. */
function easierStep(): BlockHeader {
  for (let nonce = 0;; nonce++) {
    const candidate = { ...LONG[0]!, bits: 0x2000ffff, nonce };
    if (hash256(hasher, encodeBlockHeader(candidate)) < "00ffff") return candidate;
  }
}

for (const [what, page, step] of BAD_PAGES) {
  test(`presync: ${what} ends it`, () => {
    assertEquals(begin(1_000_000n).presync.accept(page, true), step);
  });
}

test("presync: more headers than the time allows end it", () => {
  // No time has passed: two hours of tolerance, at six headers a second.
  const { presync } = begin(1_000_000n, REGTEST.genesis.time);
  const headers = mineHeaders(43_201);
  const allowed = presync.accept(headers.slice(0, 43_200), true);
  assertEquals([allowed.kind, presync.height], ["continue", 43_200]);
  const step = presync.accept(headers.slice(43_200), true);
  assertEquals(step, { kind: "failed", reason: "too-many-headers", fault: true });
});
