// What a full address book costs: 65,536 new and 16,384 tried places, filled as far as chance fills them.

import { AddressBook } from "../src/net/address_book.ts";
import { SeededRandom } from "../src/platform/seeded_random.ts";
import type { AddressRecord, NetAddress } from "../src/protocol/messages.ts";
import { timed } from "./support.ts";

const NOW = 1_750_000_000;
const FILL = 400_000;
const TRIED = 120_000;
const SOURCES = 5000;
const BATCH = 1000;
const ANSWER = 1000;

/** One of 85 × 256 groups. */
function addressOf(number: number): NetAddress {
  const group = number % 21_760;
  const host = Math.floor(number / 21_760);
  return { networkId: 1, bytes: Uint8Array.of(11 + (group >> 8), group & 255, host >> 8, host & 255) };
}

function recordOf(number: number): AddressRecord {
  return { address: addressOf(number), port: 8333, services: 9n, time: NOW - 3600 };
}

/** A book into which chance fits no more. */
export function fullBook(): AddressBook {
  const random = new SeededRandom(1, "bench");
  const book = new AddressBook({ key: new Uint8Array(16).fill(7), random: () => random.number(), allowsLocal: false });
  for (let i = 0; i < FILL; i++) {
    book.add(recordOf(i), addressOf(i % SOURCES), NOW);
    if (i < TRIED) book.good(recordOf(i), NOW);
  }
  return book;
}

export const subject = timed(
  "Address book, full: some 60,000 new and 16,000 tried addresses (times are means over 1,000)",
  () => {
    const book = fullBook();
    book.takeChanges(book.changeCount);
    const known = [...book.all()].slice(0, BATCH).map((entry) => ({ ...entry }));
    const unknown = Array.from({ length: BATCH }, (_, i) => recordOf(FILL + i));
    const repeat = (work: (i: number) => unknown) => ({
      run: () => {
        for (let i = 0; i < BATCH; i++) work(i);
      },
      operations: BATCH,
    });
    return [
      { name: "select", ...repeat(() => book.select({}, NOW)) },
      { name: "select a new one", ...repeat(() => book.select({ newOnly: true }, NOW)) },
      { name: "add a known one", ...repeat((i) => book.add(known[i]!, addressOf(i), NOW)) },
      { name: "add an unknown one", ...repeat((i) => book.add(unknown[i]!, addressOf(i), NOW)) },
      { name: "good", ...repeat((i) => book.good(known[i]!, NOW)) },
      { name: "failed", ...repeat((i) => book.failed(known[i]!, NOW)) },
      { name: `sample ${ANSWER}`, run: () => book.sample({ count: ANSWER }, NOW) },
      {
        name: "change and give to the store",
        run: () => {
          for (const [i, one] of known.entries()) book.setServices(one, BigInt(i));
          book.takeChanges(BATCH);
        },
        operations: BATCH,
      },
    ];
  },
);
