import { AddressBook } from "../../src/net/address_book.ts";
import { SeededRandom } from "../../src/platform/seeded_random.ts";
import { parseAddress } from "../../src/protocol/addresses.ts";
import type { AddressRecord, NetAddress } from "../../src/protocol/messages.ts";

/** Unix seconds at which the tests of the book take place. */
export const NOW = 1_750_000_000;

export function testBook({ seed = 1, allowsLocal = false, key = 7 } = {}): AddressBook {
  const random = new SeededRandom(seed, "book");
  return new AddressBook({ key: new Uint8Array(16).fill(key), random: () => random.number(), allowsLocal });
}

/** The address that a text spells. */
export function at(text: string): NetAddress {
  const address = parseAddress(text);
  if (!address) throw new Error(`no address: ${text}`);
  return address;
}

export function recordOf(text: string, changes: Partial<AddressRecord> = {}): AddressRecord {
  return { address: at(text), port: 8333, services: 9n, time: NOW - 3600, ...changes };
}

/** The n-th of many addresses, each of another group as far as there are groups: 1.0.0.1, 1.1.0.1, … */
export function spread(number: number): NetAddress {
  const group = number % 28_000;
  // First bytes 11 to 120 are global unicast but for a few blocks, which begin above 99.
  return {
    networkId: 1,
    bytes: Uint8Array.of(11 + Math.floor(group / 256) % 85, group % 256, Math.floor(number / 28_000), 1),
  };
}
