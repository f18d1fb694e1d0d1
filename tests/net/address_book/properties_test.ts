import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { AddressBook } from "../../../src/net/address_book.ts";
import { fromStored } from "../../../src/net/address_book/record.ts";
import { formatPeerAddress, ownSource } from "../../../src/net/peer_address.ts";
import type { StoredAddress } from "../../../src/platform/types.ts";
import {
  BUCKET_SLOTS,
  NEW_BUCKETS,
  NEW_PLACES_PER_ADDRESS,
  TRIED_BUCKETS,
} from "../../../src/protocol/address_params.ts";
import { formatAddress } from "../../../src/protocol/addresses.ts";
import type { AddressRecord, NetAddress } from "../../../src/protocol/messages.ts";
import { NOW, recordOf, testBook } from "../../support/address_books.ts";
import { fc } from "../../support/properties.ts";

// Few addresses of few groups, so that they collide; of every network.
const address: fc.Arbitrary<NetAddress> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(fc.integer({ min: 1, max: 3 }), fc.nat(3), fc.nat(255)) },
  { weight: 1, arbitrary: fc.tuple(fc.constant(0), fc.nat(1), fc.nat(255)) },
).map(([first, second, last]): NetAddress => {
  if (first > 0) return { networkId: 1, bytes: Uint8Array.of(first + 10, second, 0, last) };
  const bytes = new Uint8Array(second === 0 ? 16 : 32).fill(last % 4, 3);
  bytes[0] = second === 0 ? 0x2a : last;
  return { networkId: second === 0 ? 2 : 4 + (last % 2), bytes };
});
const record: fc.Arbitrary<AddressRecord> = fc.record({
  address,
  port: fc.constantFrom(0, 1, 8333),
  services: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  time: fc.constantFrom(0, NOW - 40 * 86_400, NOW - 86_400, NOW, NOW + 10_000),
});

type Step = (book: AddressBook, now: number) => void;

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.tuple(record, address).map(([it, source]): Step => (book, now) => void book.add(it, source, now)),
  },
  { weight: 1, arbitrary: record.map((it): Step => (book, now) => void book.add(it, ownSource("seed"), now, 7200)) },
  { weight: 4, arbitrary: record.map((it): Step => (book, now) => book.good(it, now)) },
  { weight: 2, arbitrary: record.map((it): Step => (book, now) => book.failed(it, now)) },
  { weight: 1, arbitrary: record.map((it): Step => (book, now) => book.attempt(it, now)) },
  { weight: 1, arbitrary: record.map((it): Step => (book, now) => book.connected(it, now)) },
  { weight: 1, arbitrary: record.map((it): Step => (book, now) => book.probed(it, it.port === 1, now)) },
  { weight: 1, arbitrary: fc.constant<Step>((book, now) => book.settle(now)) },
  { weight: 1, arbitrary: fc.constant<Step>((book, now) => void book.sample({ count: 5 }, now)) },
);

/** Steps with the time that passes before each, which may run backwards. */
const history = fc.array(fc.tuple(fc.constantFrom(0, 60, 3600, 86_400, -7200), step), { minLength: 1, maxLength: 300 });

function run(book: AddressBook, steps: readonly (readonly [number, Step])[], check = (_now: number) => {}): number {
  let now = NOW;
  for (const [seconds, work] of steps) {
    now += seconds;
    work(book, now);
    check(now);
  }
  return now;
}

/** Everything that the changes written so far leave in a store. */
function write(book: AddressBook, rows: Map<string, string>): void {
  while (book.changeCount > 0) {
    const { put, removed } = book.takeChanges(3);
    for (const endpoint of removed) rows.delete(endpoint);
    for (const row of put) rows.set(row.endpoint, row.record);
  }
}

function stored(rows: ReadonlyMap<string, string>): StoredAddress[] {
  return [...rows].map(([endpoint, record]) => ({ endpoint, record }));
}

test("address book: an address stands in one slot of the tried table or in one to eight of the new", {
  timeout: 60_000,
}, () => {
  fc.assert(
    fc.property(history, (steps) => {
      const book = testBook();
      const rows = new Map<string, string>();
      run(book, steps, (now) => {
        const all = [...book.all()];
        assertEquals(new Set(all.map(formatPeerAddress)).size, book.size);
        assertEquals(all.filter(({ isTried }) => isTried).length, book.triedCount);
        assert(book.size <= (NEW_BUCKETS + TRIED_BUCKETS) * BUCKET_SLOTS);
        assertEquals(book.select({}, now) === undefined, book.size === 0);
        assertEquals(book.select({ newOnly: true }, now) === undefined, book.size === book.triedCount);
        assert(all.every((known) => book.get(known) === known));
      });
      write(book, rows);
      for (const row of stored(rows)) {
        const { tried, buckets } = JSON.parse(row.record);
        const distinct = new Set(buckets).size;
        assertEquals(distinct, buckets.length);
        assert(tried ? distinct === 0 : distinct >= 1 && distinct <= NEW_PLACES_PER_ADDRESS);
      }
      assertEquals(rows.size, book.size);
    }),
    { numRuns: 60 },
  );
});

test("address book: what was written comes back as it was", { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(history, history, (steps, more) => {
      const book = testBook();
      const rows = new Map<string, string>();
      run(book, steps);
      write(book, rows);
      const now = run(book, more);
      write(book, rows);
      const again = testBook();
      const lost = again.restore(stored(rows), Math.max(now, NOW) + 10 ** 7);
      assertEquals([lost, again.changeCount], [0, 0]);
      const describe = (one: AddressBook) =>
        [...one.all()].map((known) => ({
          ...known,
          text: formatPeerAddress(known),
          uptime: known.uptime?.toNumbers(),
          index: 0,
          countedAt: 0,
          isStored: true,
          slots: [...(known as unknown as { slots: number[] }).slots].sort(),
        })).sort((left, right) => left.text < right.text ? -1 : 1);
      assertEquals(describe(again), describe(book));
    }),
    { numRuns: 40 },
  );
});

test(
  "address book: a book with another secret takes the rows all the same, in other places",
  { timeout: 60_000 },
  () => {
    const book = testBook();
    const rows = new Map<string, string>();
    for (let i = 0; i < 200; i++) book.add(recordOf(`11.${i}.1.1`), recordOf(`12.${i}.1.1`).address, NOW);
    for (let i = 0; i < 100; i++) book.good(recordOf(`11.${i}.1.1`), NOW);
    write(book, rows);
    const other = testBook({ key: 8 });
    const lost = other.restore(stored(rows), NOW);
    assert(lost < 5, `${lost} lost`);
    assert(other.triedCount > 90, `${other.triedCount} tried`);
  },
);

const GOOD = testBook();
GOOD.add(recordOf("1.2.3.4"), recordOf("5.6.7.8").address, NOW);
const [GOOD_ROW] = GOOD.takeChanges(1).put as [StoredAddress];

const POISON: Readonly<Record<string, StoredAddress>> = {
  "no JSON": { ...GOOD_ROW, record: "{" },
  "JSON of something else": { ...GOOD_ROW, record: "[]" },
  "nothing": { ...GOOD_ROW, record: "" },
  "a name as endpoint": { ...GOOD_ROW, endpoint: "example.org:8333" },
  "no port": { ...GOOD_ROW, endpoint: "1.2.3.4" },
  "port 0": { ...GOOD_ROW, endpoint: "1.2.3.4:0" },
  "port 65536": { ...GOOD_ROW, endpoint: "1.2.3.4:65536" },
  "an octal address": { ...GOOD_ROW, endpoint: "0177.0.0.1:8333" },
  "an unroutable address": { ...GOOD_ROW, endpoint: "127.0.0.1:8333" },
  "a bad onion": { ...GOOD_ROW, endpoint: `${"a".repeat(56)}.onion:8333` },
  "a source of no network": change({ source: "?" }),
  "a source too long": change({ source: `own:${"00".repeat(600)}` }),
  "services beyond 64 bits": change({ services: "18446744073709551616" }),
  "services of a million digits": change({ services: "9".repeat(1_000_000) }),
  "negative services": change({ services: "-1" }),
  "a negative time": change({ time: -1 }),
  "a time that is no number": change({ time: "1" }),
  "a fraction of a second": change({ lastTry: 1.5 }),
  "a bucket beyond the table": change({ buckets: [NEW_BUCKETS] }),
  "nine buckets": change({ buckets: [1, 2, 3, 4, 5, 6, 7, 8, 9] }),
  "an uptime cut short": change({ uptime: [1, 2] }),
  "an uptime of nulls": change({ uptime: new Array(13).fill(null) }),
  "attempts without bound": change({ attempts: 1e300 }),
};

function change(changes: Readonly<Record<string, unknown>>): StoredAddress {
  return { ...GOOD_ROW, record: JSON.stringify({ ...JSON.parse(GOOD_ROW.record), ...changes }) };
}

test("address book: a poisoned row costs that row, and is removed", { timeout: 60_000 }, () => {
  for (const [name, row] of Object.entries(POISON)) {
    const book = testBook();
    const fine = { ...GOOD_ROW, endpoint: "4.3.2.1:8333" };
    assertEquals(book.restore([row, fine], NOW), 1, name);
    assertEquals([...book.all()].map((known) => formatAddress(known.address)), ["4.3.2.1"], name);
    assertEquals(book.takeChanges(9), { put: [], removed: [row.endpoint] }, name);
  }
});

test("address book: times from the future in the store become now", { timeout: 60_000 }, () => {
  const book = testBook();
  book.restore([change({ time: 0xffff_ffff, lastTry: 0xffff_ffff, lastSuccess: 0xffff_ffff })], NOW);
  const [known] = [...book.all()];
  assertEquals([known!.time, known!.lastTry, known!.lastSuccess], [NOW, NOW, NOW]);
});

test("address book: no row of any text does harm", { timeout: 60_000 }, () => {
  const row = fc.record({ endpoint: fc.string(), record: fc.oneof(fc.string(), fc.json()) });
  fc.assert(fc.property(row, (one) => assertEquals(fromStored(one, NOW), undefined)));
});

test(
  "address book: services learnt of a known address are written, though nothing else changed",
  { timeout: 60_000 },
  () => {
    const book = testBook();
    const rows = new Map<string, string>();
    const record = { ...recordOf("11.1.1.1"), services: 0n };
    book.add(record, recordOf("12.1.1.1").address, NOW);
    write(book, rows);
    book.add({ ...record, services: 1n }, recordOf("12.1.1.1").address, NOW);
    write(book, rows);
    const again = testBook();
    again.restore(stored(rows), NOW);
    assertEquals([...again.all()].map(({ services }) => services), [1n]);
  },
);
