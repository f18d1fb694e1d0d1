import { test } from "node:test";
import { assert, assertEquals, assertLess, assertLessOrEqual } from "@std/assert";
import { addressGroup } from "../../../src/net/address_group.ts";
import type { AddressBook } from "../../../src/net/address_book.ts";
import { BUCKET_SLOTS, NEW_BUCKETS, NEW_BUCKETS_PER_SOURCE } from "../../../src/protocol/address_params.ts";
import { TRIED_BUCKETS_PER_GROUP } from "../../../src/protocol/address_params.ts";
import type { AddressRecord, NetAddress } from "../../../src/protocol/messages.ts";
import { at, NOW, recordOf, spread, testBook } from "../../support/address_books.ts";

// What an attacker who owns one /16, and so one group of addresses, can have of the book. With B new and T tried buckets
// in use, S groups of sources that tell of the attacker's addresses, and selection by equal chance of both tables:
//
//   new table:   one bucket for each pair of groups, so at most 64 × min(S, 1024) of 65,536 slots;
//   tried table: 8 buckets for each group, so at most 512 of 16,384 slots (3.1 %);
//   selection:   a bucket is chosen by equal chance, so at most min(S, 1024) / B of the new and 8 / T of the tried ones.

const OFFERS = 200_000;
const GROUP_SIZE = 65_536;
const HONEST = 20_000;
const HONEST_SOURCES = 500;
const HONEST_TRIED = 2000;
const SELECTIONS = 1000;
const ATTACKER_GROUP = addressGroup(at("6.6.0.1"));

function isAttacker({ address }: { readonly address: NetAddress }): boolean {
  return addressGroup(address) === ATTACKER_GROUP;
}

/** Each of the 65,536 addresses of 6.6.0.0/16 on several ports. */
function offer(number: number): AddressRecord {
  const address = { networkId: 1, bytes: Uint8Array.of(6, 6, (number >> 8) & 255, number & 255) };
  return recordOf("6.6.0.1", { address, port: 8333 + (number >> 16), time: NOW });
}

function honestBook(): AddressBook {
  const book = testBook({ seed: 9 });
  const records = Array.from({ length: HONEST }, (_, i) => recordOf("1.1.1.1", { address: spread(i) }));
  records.forEach((record, i) => book.add(record, spread(i % HONEST_SOURCES), NOW));
  for (const record of records.slice(0, HONEST_TRIED)) book.good(record, NOW - 7200);
  return book;
}

interface Holdings {
  readonly fresh: number;
  readonly tried: number;
  /** Of SELECTIONS. */
  readonly selected: number;
  readonly honest: number;
}

function holdings(book: AddressBook): Holdings {
  const all = [...book.all()];
  const own = all.filter(isAttacker);
  let selected = 0;
  for (let i = 0; i < SELECTIONS; i++) if (isAttacker(book.select({}, NOW + 3600)!)) selected++;
  const tried = own.filter(({ isTried }) => isTried).length;
  return { fresh: own.length - tried, tried, selected, honest: all.length - own.length };
}

/** Three standard deviations above what is expected of selections with this chance. */
function mostOf(chance: number): number {
  return SELECTIONS * chance + 3 * Math.sqrt(SELECTIONS * chance * (1 - chance)) + 1;
}

const SOURCES: Readonly<Record<string, readonly [groups: number, sourceOf: (i: number) => NetAddress]>> = {
  "from one source": [1, () => at("6.6.6.6")],
  "from 65,536 sources of the same /16": [1, (i) => offer(i * 7).address],
  "by way of 64 honest groups": [64, (i) => spread(i % 64)],
};

for (const [name, [groups, sourceOf]] of Object.entries(SOURCES)) {
  test(
    `address book: 200,000 addresses of one /16 ${name} stay below the bound of the buckets`,
    { timeout: 60_000 },
    () => {
      const book = honestBook();
      const before = holdings(book).honest;
      for (let i = 0; i < OFFERS; i++) book.add(offer(i), sourceOf(i), NOW);
      const told = holdings(book);
      assertLessOrEqual(told.fresh, groups * BUCKET_SLOTS);
      assert(told.fresh > 0, "the attacker got nothing: this tests nothing");
      assertEquals([told.tried, told.honest], [0, before]);
      // All 1,024 buckets are in use by honest addresses, at 20,000 of them.
      assertLess(told.selected, mostOf(groups / NEW_BUCKETS / 2));

      // Then each of them answers, on its first port.
      for (let i = 0; i < GROUP_SIZE; i++) {
        book.add(offer(i), sourceOf(i), NOW);
        book.good(offer(i), NOW);
      }
      book.settle(NOW + 60);
      const answered = holdings(book);
      assertLessOrEqual(answered.tried, TRIED_BUCKETS_PER_GROUP * BUCKET_SLOTS);
      assertLessOrEqual(answered.fresh, groups * BUCKET_SLOTS);
      const triedBuckets = 250; // 2,000 honest ones leave hardly one of 256 empty
      assertLess(answered.selected, mostOf((groups / NEW_BUCKETS + TRIED_BUCKETS_PER_GROUP / triedBuckets) / 2));
      assert(answered.honest >= before - 10, `${before} honest addresses before, ${answered.honest} after`);
    },
  );
}

test("address book: one group of sources reaches 1/16 of the new table, whatever addresses it invents", {
  timeout: 60_000,
}, () => {
  const book = testBook();
  for (let i = 0; i < 100_000; i++) {
    book.add(recordOf("1.1.1.1", { address: spread(i), port: 1 + (i >> 15) }), at("6.6.6.6"), NOW);
  }
  assertLessOrEqual(book.size, NEW_BUCKETS_PER_SOURCE * BUCKET_SLOTS);
  assert(book.size > 0.9 * NEW_BUCKETS_PER_SOURCE * BUCKET_SLOTS, `${book.size}`);
});
