import { test } from "node:test";
import { assertEquals, assertFalse } from "@std/assert";
import {
  addressFromIpv6,
  addressScope,
  addressToIpv6,
  formatAddress,
  hasIpv6Form,
  parseAddress,
  sameAddress,
} from "../../src/protocol/addresses.ts";
import type { NetAddress } from "../../src/protocol/messages.ts";
import { hexToBytes } from "../../src/util/hex.ts";
import { anyAddress } from "../support/arbitrary_messages.ts";
import { fc } from "../support/properties.ts";

const TOR = "pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion";
const I2P = "ukeu3k5oycgaauneqgtnvselmt4yemvoilkln7jpvamvfx7dnkdq.b32.i2p";

/** Text, network and bytes; the onion and I2P names are the examples of BIP155. */
const SPELLINGS: readonly (readonly [text: string, networkId: number, hex: string])[] = [
  ["1.2.3.4", 1, "01020304"],
  ["255.255.255.255", 1, "ffffffff"],
  ["::", 2, "00000000000000000000000000000000"],
  ["::1", 2, "00000000000000000000000000000001"],
  ["2001:db8::1:0:0:1", 2, "20010db8000000000001000000000001"],
  ["2001:db8:0:1:1:1:1:1", 2, "20010db8000000010001000100010001"],
  ["1a1b:2a2b:3a3b:4a4b:5a5b:6a6b:7a7b:8a8b", 2, "1a1b2a2b3a3b4a4b5a5b6a6b7a7b8a8b"],
  [TOR, 4, "79bcc625184b05194975c28b66b66b0469f7f6556fb1ac3189a79b40dda32f1f"],
  [I2P, 5, "a2894dabaec08c0051a481a6dac88b64f98232ae42d4b6fd2fa81952dfe36a87"],
  ["fc00:1:2:3:4:5:6:7", 6, "fc000001000200030004000500060007"],
];

test("addresses: each has one text, and the text names it", () => {
  for (const [text, networkId, hex] of SPELLINGS) {
    const address = { networkId, bytes: hexToBytes(hex) };
    assertEquals(formatAddress(address), text);
    assertEquals(parseAddress(text), address, text);
    assertEquals(parseAddress(text.toUpperCase()), address, text.toUpperCase());
  }
});

test("addresses: other spellings of IPv6 are read, IPv4 inside it is IPv4", () => {
  assertEquals(formatAddress(parseAddress("2001:0DB8:0:0:1:0:0:1")!), "2001:db8::1:0:0:1");
  assertEquals(formatAddress(parseAddress("::ffff:1.2.3.4")!), "1.2.3.4");
  assertEquals(formatAddress(parseAddress("::ffff:102:304")!), "1.2.3.4");
});

test("addresses: what is none is refused", () => {
  const wrongChecksum = TOR.replace("pg6m", "pg7m");
  const wrongLetter = I2P.replace("ukeu", "uke1");
  const texts = ["", "localhost", "1.2.3", "01.2.3.4", "0x7f.0.0.1", "256.1.1.1", "1.2.3.4:8333", "[::1]", "::1%eth0"];
  for (const text of [...texts, "1::2::3", wrongChecksum, wrongLetter, TOR.slice(1), I2P.slice(1), ".onion"]) {
    assertEquals(parseAddress(text), undefined, text);
  }
});

test("addresses: of an unknown network or a wrong size they read as hex", () => {
  assertEquals(formatAddress({ networkId: 0x77, bytes: Uint8Array.of(1, 2) }), "119:0102");
  assertEquals(formatAddress({ networkId: 1, bytes: Uint8Array.of(1, 2) }), "1:0102");
});

test("addresses: the IPv6 form holds IPv4 and IPv6, and is zero for the rest", () => {
  fc.assert(fc.property(anyAddress, (address) => {
    const form = addressToIpv6(address);
    assertEquals(form.length, 16);
    if (!hasIpv6Form(address)) return assertEquals(form, new Uint8Array(16));
    assertEquals(addressToIpv6(addressFromIpv6(form)), form);
  }));
  const mapped = hexToBytes("ee00000000000000000000ffff01020304");
  assertEquals(addressFromIpv6(mapped, 1), { networkId: 1, bytes: Uint8Array.of(1, 2, 3, 4) });
});

test("addresses: every formatted address of a known network is read back", () => {
  fc.assert(fc.property(anyAddress, (address) => {
    const text = formatAddress(address);
    const parsed = parseAddress(text);
    // CJDNS outside fc00::/8 has no spelling of its own; unknown networks have none at all.
    if (address.networkId === 6 || address.networkId === 0x77) return assertFalse(text === "");
    assertEquals(formatAddress(parsed!), text);
  }));
});

function isGlobal(address: NetAddress): boolean {
  return addressScope(address) === "global";
}

test("addresses: those of no use on the internet are not global", () => {
  const unroutable =
    `0.0.0.0 0.1.2.3 10.0.0.1 100.64.0.1 100.127.255.255 127.0.0.1 169.254.1.1 172.16.0.1 172.31.255.255
    192.0.2.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 239.255.255.255 240.0.0.1
    255.255.255.255 :: ::1 2001:10::1 2001:1f:: 2001:20::1 2001:2f:ffff:: 2001:db8::1 fd00::1 fd87:d87e:eb43::1 fe80::1
    febf::1 ff02::1`;
  const routable = `1.1.1.1 8.8.8.8 100.63.255.255 100.128.0.1 172.15.255.255 172.32.0.1 192.0.3.1 198.17.255.255
    198.20.0.1 223.255.255.255 ::2 2001:f:: 2001:30::1 2001:db7::1 2001:db9::1 2600::1 fbff::1 fc00::1 fec0::1 ${TOR} ${I2P}`;
  for (const text of unroutable.split(/\s+/)) assertEquals(isGlobal(parseAddress(text)!), false, text);
  for (const text of routable.split(/\s+/)) assertEquals(isGlobal(parseAddress(text)!), true, text);
});

test("addresses: of an unknown network, of a wrong size, or IPv4 disguised as IPv6 are not global", () => {
  assertEquals(isGlobal({ networkId: 0x77, bytes: new Uint8Array(16).fill(0x20) }), false);
  assertEquals(isGlobal({ networkId: 1, bytes: Uint8Array.of(8, 8, 8) }), false);
  assertEquals(isGlobal({ networkId: 2, bytes: hexToBytes("00000000000000000000ffff08080808") }), false);
  assertEquals(isGlobal({ networkId: 6, bytes: hexToBytes("fd000001000200030004000500060007") }), false);
});

test("addresses: are the same when network and bytes are", () => {
  const address = parseAddress("1.2.3.4")!;
  assertEquals(sameAddress(address, parseAddress("1.2.3.4")!), true);
  assertEquals(sameAddress(address, parseAddress("1.2.3.5")!), false);
  assertEquals(sameAddress(address, { ...address, networkId: 2 }), false);
});
