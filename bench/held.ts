// What is kept for long takes so much memory once garbage is collected: a header, an address of a full book.
// Under Node: node --expose-gc bench/index.ts held

import process from "node:process";
import { HeaderTree } from "../src/chain/header_tree.ts";
import type { AddressBook } from "../src/net/address_book.ts";
import { currentHost } from "../src/platform/host.ts";
import { bytesToHex } from "../src/util/hex.ts";
import { fullBook } from "./addresses.ts";
import type { Row, Subject } from "./support.ts";

const HEADERS = 1_000_000;
const HASH_BYTES = 32;
const NUMBER_AT = 28;
const BITS = 0x207f_ffff;
const WORK = 2n;
const MS_PER_SECOND = 1000;
const MB = 1e6;

export const subject: Subject = {
  name: "Memory that is held",
  run() {
    const headers = hold("a header", chainOfHeaders, ({ size }) => size);
    const addresses = hold("an address", storedBook, (book) => book.size);
    return Promise.resolve([headers, addresses]);
  },
};

/** Makes it, and looks at what the process holds more than before. */
function hold<T>(name: string, make: () => T, countOf: (made: T) => number): Row {
  const before = heldBytes();
  const startedAt = performance.now();
  const made = make();
  const seconds = (performance.now() - startedAt) / MS_PER_SECOND;
  const bytes = heldBytes() - before;
  const count = countOf(made);
  const each = `${Math.round(bytes / count)} bytes, ${(bytes / MB).toFixed(0)} MB for ${count}`;
  return { name: `${name}: ${each}`, perSecond: count / seconds };
}

/** A full book whose entries the store has. */
function storedBook(): AddressBook {
  const book = fullBook();
  book.takeChanges(book.changeCount);
  return book;
}

function heldBytes(): number {
  currentHost().collectGarbage();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  // Of Bun's heap, what arrays of bytes take is a part.
  return "Bun" in globalThis ? heapUsed : heapUsed + arrayBuffers;
}

function chainOfHeaders(): HeaderTree {
  const header = (number: number, previous: string) => ({
    version: 1,
    previous,
    merkleRoot: hashOf(number + HEADERS),
    time: number,
    bits: BITS,
    nonce: number,
  });
  const tree = new HeaderTree(hashOf(0), header(0, hashOf(HEADERS)), WORK);
  let tip = tree.genesis;
  for (let i = 1; i < HEADERS; i++) tip = tree.insert(hashOf(i), header(i, tip.hash), tip, WORK);
  return tree;
}

/** Any hash, another one for each number. */
function hashOf(number: number): string {
  const bytes = new Uint8Array(HASH_BYTES);
  new DataView(bytes.buffer).setUint32(NUMBER_AT, number);
  return bytesToHex(bytes);
}
