import { test } from "node:test";
import { assert, assertAlmostEquals, assertEquals, assertLess } from "@std/assert";
import type { AddressBook } from "../../src/net/address_book.ts";
import { Placement } from "../../src/net/address_book/placement.ts";
import { addressGroup } from "../../src/net/address_group.ts";
import { addressKey, ownSource } from "../../src/net/peer_address.ts";
import {
  GOSSIP_PENALTY_SECONDS,
  HORIZON_SECONDS,
  MAX_RETRIES,
  UNKNOWN_AGE_SECONDS,
} from "../../src/protocol/address_params.ts";
import { formatAddress } from "../../src/protocol/addresses.ts";
import type { AddressRecord } from "../../src/protocol/messages.ts";
import { at, NOW, recordOf, spread, testBook } from "../support/address_books.ts";

const SOURCE = at("9.9.9.9");
const DAY = 86_400;

function texts(book: AddressBook): string[] {
  return [...book.all()].map(({ address }) => formatAddress(address)).sort();
}

/** Two addresses for one slot of the tried table, of which the first stands there and the other one waits. */
function rivals(book: AddressBook): [incumbent: AddressRecord, rival: AddressRecord] {
  const placement = new Placement(new Uint8Array(16).fill(7));
  const slotOf = (record: AddressRecord) => placement.triedSlot(addressGroup(record.address), addressKey(record));
  const incumbent = recordOf("5.5.0.1");
  const candidates = Array.from({ length: 60_000 }, (_, i) => recordOf(`5.5.${i >> 8}.${i & 255}`, { port: 1000 }));
  const rival = candidates.find((candidate) => slotOf(candidate) === slotOf(incumbent))!;
  for (const record of [incumbent, rival]) {
    book.add(record, SOURCE, NOW);
    book.good(record, NOW);
  }
  return [incumbent, rival];
}

test("address book: what it is told is new, what answers is tried", { timeout: 60_000 }, () => {
  const book = testBook();
  assertEquals(book.add(recordOf("1.2.3.4"), SOURCE, NOW), true);
  assertEquals([book.size, book.triedCount], [1, 0]);
  book.good(recordOf("1.2.3.4"), NOW);
  assertEquals([book.size, book.triedCount], [1, 1]);
  assertEquals(book.get(recordOf("1.2.3.4"))?.lastSuccess, NOW);
  assertEquals(book.get(recordOf("1.2.3.4", { port: 1 })), undefined);
});

test("address book: nothing is selected from an empty one, and something from any other", { timeout: 60_000 }, () => {
  const book = testBook();
  assertEquals([book.select({}, NOW), book.select({ newOnly: true }, NOW)], [undefined, undefined]);
  book.add(recordOf("1.2.3.4"), SOURCE, NOW);
  book.good(recordOf("1.2.3.4"), NOW);
  assertEquals(formatAddress(book.select({}, NOW)!.address), "1.2.3.4");
  assertEquals(book.select({ newOnly: true }, NOW), undefined);
});

const REFUSED: Readonly<Record<string, ReturnType<typeof recordOf>>> = {
  "port 0": recordOf("1.2.3.4", { port: 0 }),
  loopback: recordOf("127.0.0.1"),
  private: recordOf("192.168.1.1"),
  unspecified: recordOf("0.0.0.0"),
  broadcast: recordOf("255.255.255.255"),
  documentation: recordOf("2001:db8::1"),
  "IPv4 mapped into IPv6": recordOf("1.2.3.4", {
    address: { networkId: 2, bytes: Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 1, 2, 3, 4) },
  }),
  "Tor v2 wrapped into IPv6": recordOf("1.2.3.4", {
    address: { networkId: 2, bytes: Uint8Array.of(0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0) },
  }),
  "Tor v3 of the wrong size": recordOf("1.2.3.4", { address: { networkId: 4, bytes: new Uint8Array(10) } }),
  "CJDNS outside its range": recordOf("1.2.3.4", { address: { networkId: 6, bytes: new Uint8Array(16) } }),
  "an unknown network": recordOf("1.2.3.4", { address: { networkId: 42, bytes: new Uint8Array(20) } }),
  "a source's network": recordOf("1.2.3.4", { address: ownSource("seed") }),
};

for (const [name, record] of Object.entries(REFUSED)) {
  test(`address book: refuses ${name}`, { timeout: 60_000 }, () => {
    const book = testBook();
    assertEquals([book.add(record, SOURCE, NOW), book.add(record, ownSource("seed"), NOW)], [false, false]);
    assertEquals([...book.all()], []);
  });
}

test("address book: takes every network that there is", { timeout: 60_000 }, () => {
  const book = testBook();
  const onion = { networkId: 4, bytes: new Uint8Array(32).fill(3) };
  const i2p = { networkId: 5, bytes: new Uint8Array(32).fill(3) };
  for (const address of [at("1.2.3.4"), at("2a00::1"), at("fc00::1"), onion, i2p]) {
    assert(book.add(recordOf("1.2.3.4", { address }), SOURCE, NOW), formatAddress(address));
  }
  assertEquals(book.size, 5);
});

test("address book: local addresses are taken where that is wanted, and from those who are there only", {
  timeout: 60_000,
}, () => {
  const book = testBook({ allowsLocal: true });
  assertEquals(book.add(recordOf("127.0.0.1"), SOURCE, NOW), false);
  assertEquals(book.add(recordOf("192.168.1.1"), SOURCE, NOW), false);
  assertEquals(book.add(recordOf("127.0.0.1"), at("192.168.1.2"), NOW), false);
  assertEquals(book.add(recordOf("192.168.1.1"), at("10.0.0.1"), NOW), true);
  assertEquals(book.add(recordOf("127.0.0.1"), at("127.0.0.9"), NOW), true);
  assertEquals(book.add(recordOf("10.0.0.1"), ownSource("settings"), NOW), true);
  assertEquals(texts(book), ["10.0.0.1", "127.0.0.1", "192.168.1.1"]);
});

test("address book: a hundred nodes on one machine find room", { timeout: 60_000 }, () => {
  const book = testBook({ allowsLocal: true });
  for (let port = 20_000; port < 20_100; port++) book.add(recordOf("127.0.0.1", { port }), at("127.0.0.1"), NOW);
  assert(book.size >= 95, `${book.size}`);
});

test("address book: times from the future and from the dawn of time count as days old", { timeout: 60_000 }, () => {
  const book = testBook();
  const times = { "1.1.1.1": NOW + 601, "2.2.2.2": 0xffff_ffff, "3.3.3.3": 0, "4.4.4.4": NOW + 600 };
  for (const [text, time] of Object.entries(times)) book.add(recordOf(text, { time }), SOURCE, NOW);
  const found = Object.keys(times).map((text) => book.get(recordOf(text))!.time);
  assertEquals(found, [...new Array(3).fill(NOW - UNKNOWN_AGE_SECONDS), NOW + 600]);
});

test("address book: hearsay is taken for older than it says", { timeout: 60_000 }, () => {
  const book = testBook();
  book.add(recordOf("1.1.1.1", { time: NOW }), SOURCE, NOW, GOSSIP_PENALTY_SECONDS);
  assertEquals(book.get(recordOf("1.1.1.1"))!.time, NOW - GOSSIP_PENALTY_SECONDS);
});

test("address book: services add up from hearsay, and are what the node itself says", { timeout: 60_000 }, () => {
  const book = testBook();
  book.add(recordOf("1.1.1.1", { services: 1n }), SOURCE, NOW);
  book.add(recordOf("1.1.1.1", { services: 8n, time: NOW }), SOURCE, NOW);
  assertEquals(book.get(recordOf("1.1.1.1"))!.services, 9n);
  book.setServices(recordOf("1.1.1.1"), 1024n);
  assertEquals(book.get(recordOf("1.1.1.1"))!.services, 1024n);
});

test(
  "address book: failures count once between two successes: an outage of ours condemns nobody",
  { timeout: 60_000 },
  () => {
    const book = testBook();
    book.add(recordOf("1.1.1.1"), SOURCE, NOW);
    book.add(recordOf("2.2.2.2"), SOURCE, NOW);
    for (let i = 0; i < 20; i++) book.failed(recordOf("1.1.1.1"), NOW + i);
    assertEquals(book.get(recordOf("1.1.1.1"))!.attempts, 1);
    for (let i = 0; i < MAX_RETRIES; i++) {
      book.good(recordOf("2.2.2.2"), NOW + i);
      book.failed(recordOf("1.1.1.1"), NOW + i);
    }
    assertEquals(book.get(recordOf("1.1.1.1"))!.attempts, 1 + MAX_RETRIES);
    assertEquals(book.sample({ count: 9 }, NOW + 300).map(({ address }) => formatAddress(address)), ["2.2.2.2"]);
  },
);

test("address book: what was dialled a moment ago is chosen seldom, and still chosen when there is nothing else", {
  timeout: 60_000,
}, () => {
  const book = testBook();
  for (let i = 0; i < 50; i++) book.add(recordOf("1.1.1.1", { address: spread(i) }), SOURCE, NOW);
  const [first] = [...book.all()];
  book.attempt(first!, NOW);
  let count = 0;
  for (let i = 0; i < 1000; i++) if (book.select({}, NOW + 10) === first) count++;
  assertLess(count, 10);
  const lonely = testBook();
  lonely.add(recordOf("1.1.1.1"), SOURCE, NOW);
  lonely.attempt(recordOf("1.1.1.1"), NOW);
  assert(lonely.select({}, NOW) !== undefined);
});

test("address book: a tried address keeps its place while it answers, and loses it when it is found gone", {
  timeout: 60_000,
}, () => {
  const book = testBook();
  const [incumbent, rival] = rivals(book);
  book.settle(NOW + 100);
  assertEquals([book.get(incumbent)!.isTried, book.get(rival)!.isTried], [true, false]);

  // Hours later the rival answers again; the incumbent is dialled in vain.
  const later = NOW + 5 * 3600;
  book.good(rival, later);
  const chosen = book.selectIncumbent(later)!;
  assertEquals(formatAddress(chosen.address), formatAddress(incumbent.address));
  book.attempt(incumbent, later);
  book.settle(later + 30);
  assertEquals(book.get(rival)!.isTried, false);
  book.failed(incumbent, later);
  book.settle(later + 120);
  assertEquals([book.get(rival)!.isTried, book.get(incumbent)?.isTried], [true, false]);
});

test("address book: a rival waits no longer than the test may take", { timeout: 60_000 }, () => {
  const book = testBook();
  const [incumbent, rival] = rivals(book);
  const later = NOW + DAY;
  book.good(rival, later);
  book.settle(later + 60);
  assertEquals(book.get(rival)!.isTried, false);
  book.settle(later + 41 * 60);
  assertEquals([book.get(rival)!.isTried, book.get(incumbent)?.isTried], [true, false]);
});

test(
  "address book: what was not heard of for a month is no answer, and gives its place away",
  { timeout: 60_000 },
  () => {
    const book = testBook();
    book.add(recordOf("1.1.1.1"), SOURCE, NOW);
    assertEquals(book.sample({ count: 9 }, NOW + HORIZON_SECONDS + DAY), []);
    book.connected(recordOf("1.1.1.1"), NOW + HORIZON_SECONDS);
    assertEquals(book.sample({ count: 9 }, NOW + HORIZON_SECONDS + DAY).length, 1);
  },
);

test("address book: a clock that jumps to and fro costs no address", { timeout: 60_000 }, () => {
  const book = testBook();
  for (let i = 0; i < 200; i++) book.add(recordOf("1.1.1.1", { address: spread(i) }), spread(i), NOW);
  for (let i = 0; i < 50; i++) book.good(recordOf("1.1.1.1", { address: spread(i) }), NOW);
  const before = texts(book);
  for (const now of [0, NOW - 10 * 365 * DAY, NOW + 10 * 365 * DAY, NOW]) {
    book.settle(now);
    const chosen = book.select({}, now)!;
    book.attempt(chosen, now);
    book.failed(chosen, now);
    book.good(chosen, now);
    book.connected(chosen, now);
    book.sample({ count: 10 }, now);
  }
  assertEquals(texts(book), before);
  // Back from the past, everything is as good as it was.
  assert(book.sample({ count: 1000 }, NOW).length >= 195);
  const ahead = testBook();
  ahead.add(recordOf("1.1.1.1", { time: NOW }), SOURCE, NOW);
  assertEquals(ahead.sample({ count: 9 }, NOW - 365 * DAY).length, 1);
});

test("address book: a sample is of distinct addresses, no more than asked for, the preferred first", {
  timeout: 60_000,
}, () => {
  const book = testBook();
  for (let i = 0; i < 500; i++) book.add(recordOf("1.1.1.1", { address: spread(i) }), spread(i), NOW);
  const sample = book.sample({ count: 100 }, NOW);
  assertEquals(new Set(sample).size, 100);
  assert(sample.some((entry, i) => entry !== book.sample({ count: 100 }, NOW)[i]), "two samples are equal");
  const prefers = ({ address }: { address: { bytes: Uint8Array } }) => address.bytes[1]! % 10 === 0;
  const wants = ({ address }: { address: { bytes: Uint8Array } }) => address.bytes[1]! % 2 === 0;
  const some = book.sample({ count: 100, prefers, wants }, NOW);
  const preferred = [...book.all()].filter(prefers).length;
  assertEquals([some.length, some.filter(prefers).length], [100, preferred]);
  assertEquals(some.slice(0, preferred).every(prefers), true);
  assertEquals(some.every(wants), true);
});

test("address book: the same seed and calls select the same", { timeout: 60_000 }, () => {
  const runs = [1, 2].map(() => {
    const book = testBook({ seed: 5 });
    for (let i = 0; i < 300; i++) book.add(recordOf("1.1.1.1", { address: spread(i) }), spread(i), NOW);
    return Array.from({ length: 50 }, () => formatAddress(book.select({}, NOW)!.address));
  });
  assertEquals(runs[0], runs[1]);
  assertEquals(new Set(runs[0]).size > 30, true);
});

test(
  "address book: new and tried are chosen equally often, however many there are of each",
  { timeout: 60_000 },
  () => {
    const book = testBook();
    for (let i = 0; i < 1000; i++) book.add(recordOf("1.1.1.1", { address: spread(i) }), spread(i), NOW);
    for (let i = 0; i < 20; i++) book.good(recordOf("1.1.1.1", { address: spread(i) }), NOW - DAY);
    let tried = 0;
    for (let i = 0; i < 2000; i++) if (book.select({}, NOW)!.isTried) tried++;
    assertAlmostEquals(tried / 2000, 0.5, 0.05);
  },
);
