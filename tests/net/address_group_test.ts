import { test } from "node:test";
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { addressGroup } from "../../src/net/address_group.ts";
import { addressScope, parseAddress } from "../../src/protocol/addresses.ts";
import type { NetAddress } from "../../src/protocol/messages.ts";

function at(text: string): NetAddress {
  const address = parseAddress(text);
  if (!address) throw new Error(text);
  return address;
}

function bytesOf(networkId: number, first: number): NetAddress {
  return { networkId, bytes: new Uint8Array(32).fill(first, 0, 1) };
}

const SAME: readonly (readonly [string, string])[] = [
  ["1.2.3.4", "1.2.255.255"],
  ["2a00:1:2::1", "2a00:1:ffff::2"],
  ["fc01::1", "fc0f::2"],
  // 1.2.3.4 behind 6to4, translators of both kinds, and Teredo.
  ["1.2.3.4", "2002:102:304::1"],
  ["1.2.3.4", "64:ff9b::1.2.9.9"],
  ["1.2.3.4", "::ffff:0:1.2.9.9"],
  ["1.2.3.4", "2001::fefd:fcfb"],
];

const DIFFERENT: readonly (readonly [string, string])[] = [
  ["1.2.3.4", "1.3.3.4"],
  ["2a00:1::1", "2a00:2::1"],
  ["fc01::1", "fc11::1"],
  ["1.2.3.4", "102:304::1"],
  ["2002:102:304::1", "2002:103:304::1"],
];

test("address group: addresses of one owner are of one group", { timeout: 60_000 }, () => {
  for (const [left, right] of SAME) assertEquals(addressGroup(at(left)), addressGroup(at(right)), `${left} ${right}`);
  for (const [left, right] of DIFFERENT) {
    assertNotEquals(addressGroup(at(left)), addressGroup(at(right)), `${left} ${right}`);
  }
});

test("address group: Tor and I2P have sixteen groups each, and share none", { timeout: 60_000 }, () => {
  for (const networkId of [4, 5]) {
    const groups = Array.from({ length: 256 }, (_, first) => addressGroup(bytesOf(networkId, first)));
    assertEquals(new Set(groups).size, 16);
  }
  assertNotEquals(addressGroup(bytesOf(4, 0)), addressGroup(bytesOf(5, 0)));
});

test("address group: an unknown network's addresses have a group each", { timeout: 60_000 }, () => {
  assertNotEquals(addressGroup({ networkId: 9, bytes: new Uint8Array(3) }), addressGroup(bytesOf(9, 1)));
  assert(addressGroup({ networkId: 9, bytes: new Uint8Array(0) }).length > 0);
});

const SCOPES: Readonly<Record<string, readonly string[]>> = {
  loopback: ["127.0.0.1", "127.255.1.2", "::1"],
  private: ["10.1.2.3", "172.31.0.1", "192.168.1.1", "100.64.0.1", "fd00::1"],
  global: ["1.2.3.4", "172.32.0.1", "2a00::1", "fc00::1"],
  none: ["0.0.0.0", "169.254.1.1", "192.0.2.1", "255.255.255.255", "::", "fe80::1", "2001:db8::1"],
};

test("address scope: this machine, around it, everywhere, nowhere", { timeout: 60_000 }, () => {
  for (const [scope, texts] of Object.entries(SCOPES)) {
    for (const text of texts) assertEquals(addressScope(at(text)), scope, text);
  }
});

test("address scope: forms that belong to another network reach nowhere", { timeout: 60_000 }, () => {
  const ipv6 = (bytes: readonly number[]) => ({ networkId: 2, bytes: Uint8Array.from(bytes) });
  const mapped = ipv6([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4]);
  const onionCat = ipv6([0xfd, 0x87, 0xd8, 0x7e, 0xeb, 0x43, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  const cjdnsAsIpv6 = ipv6([0xfc, ...new Array(15).fill(1)]);
  const notCjdns = { networkId: 6, bytes: new Uint8Array(16).fill(0xfd) };
  const shortTor = { networkId: 4, bytes: new Uint8Array(10) };
  const unknown = { networkId: 9, bytes: new Uint8Array(4) };
  for (const address of [mapped, onionCat, cjdnsAsIpv6, notCjdns, shortTor, unknown]) {
    assertEquals(addressScope(address), "none");
  }
  assertEquals(addressScope(bytesOf(4, 1)), "global");
  assertEquals(addressScope(bytesOf(5, 1)), "global");
});
