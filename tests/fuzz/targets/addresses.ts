import { assert, assertEquals } from "@std/assert";
import { formatPeerAddress } from "../../../src/net/peer_address.ts";
import type { StoredAddress } from "../../../src/platform/types.ts";
import { RemoteFault } from "../../../src/protocol/errors.ts";
import { formatAddress, parseAddress } from "../../../src/protocol/addresses.ts";
import { at, NOW, recordOf, testBook } from "../../support/address_books.ts";
import { bitcoinFrames, REGTEST_BITCOIN, repairBitcoinFrame } from "../corpora.ts";
import { type FuzzTarget, textOf, texts } from "../target.ts";

const TYPES = /^addr(v2)?\0/;
const SAMPLE = 50;

/** What strangers say of others, from the wire into the book. */
export const ADDRESSES: FuzzTarget = {
  name: "addresses",
  corpus() {
    const addresses = ["11.0.0.1", "2a00::1", "1.1.1.1", "fc00::7"].map((text) => recordOf(text));
    const made = ([{ type: "addr", addresses: addresses.slice(0, 3) }, { type: "addrv2", addresses }] as const)
      .map((message) => REGTEST_BITCOIN.encode(message));
    return [...made, ...bitcoinFrames().filter((frame) => TYPES.test(textOf(frame.subarray(4, 16))))];
  },
  repair: repairBitcoinFrame,
  open() {
    const book = testBook();
    const source = at("203.0.113.7");
    return (input) => {
      const decoder = REGTEST_BITCOIN.createDecoder();
      decoder.feed(input);
      let message;
      try {
        message = decoder.next();
      } catch (error) {
        if (!(error instanceof RemoteFault)) throw error;
        return error.code;
      }
      if (message?.type !== "addr" && message?.type !== "addrv2") return `${message?.type}`;
      const before = book.size;
      let added = 0;
      for (const record of message.addresses) {
        if (!book.add(record, source, NOW)) continue;
        added++;
        // Whatever it is, it has a name, and one that means the same.
        const parsed = parseAddress(formatAddress(record.address));
        if (parsed) {
          assertEquals([parsed.networkId, ...parsed.bytes], [record.address.networkId, ...record.address.bytes]);
        }
      }
      assert(book.size <= before + added);
      const sample = book.sample({ count: SAMPLE }, NOW);
      assertEquals(new Set(sample.map(formatPeerAddress)).size, sample.length);
      assertEquals(book.select({}, NOW) === undefined, book.size === 0);
      return `${message.type} ${Math.min(added, 3)}`;
    };
  },
};

const SEPARATOR = "\n";

/** Rows of the book as some file has them: an endpoint, a line end, a record. */
export const ADDRESS_ROWS: FuzzTarget = {
  name: "address-rows",
  corpus: () => texts(...goodRows().map(({ endpoint, record }) => endpoint + SEPARATOR + record)),
  open: () => (input) => {
    const [endpoint = "", ...record] = textOf(input).split(SEPARATOR);
    const book = testBook();
    const lost = book.restore([{ endpoint, record: record.join(SEPARATOR) }], NOW);
    assertEquals(book.size + lost, 1);
    for (const known of book.all()) {
      assert(known.time <= NOW, "from the future");
      book.good(known, NOW);
      book.failed(known, NOW + 1);
    }
    const again = testBook();
    const { put } = book.takeChanges(9);
    assertEquals(again.restore(put, NOW + 9), 0);
    return lost ? "lost" : "kept";
  },
};

function goodRows(): readonly StoredAddress[] {
  const book = testBook();
  const all = ["11.0.0.1", "2a00::1", "12.3.4.5", "abcd::9"].map((text) => recordOf(text));
  all.forEach((record, i) => book.add(record, at(`1${i}.9.9.9`), NOW));
  book.good(all[0]!, NOW);
  book.probed(all[1]!, true, NOW);
  return book.takeChanges(all.length).put;
}
