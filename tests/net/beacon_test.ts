import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { BEACON_BYTES, decodeBeacon, encodeBeacon } from "../../src/net/beacon.ts";
import { hexToBytes } from "../../src/util/hex.ts";
import { fc } from "../support/properties.ts";

const MAGIC = fc.integer({ min: 0, max: 0xffff_ffff });
const BEACON = fc.record({
  port: fc.integer({ min: 1, max: 65_535 }),
  nonce: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
}, { noNullPrototype: true });

test("beacon: the bytes are magic, version, port and nonce", () => {
  const beacon = { port: 0x1234, nonce: 0x0807_0605_0403_0201n };
  assertEquals(encodeBeacon(0xfabf_b5da, beacon), hexToBytes("fabfb5da011234" + "0102030405060708"));
});

test("beacon: what was said is what is heard, on its network only", () => {
  fc.assert(fc.property(MAGIC, MAGIC, BEACON, (magic, other, beacon) => {
    const bytes = encodeBeacon(magic, beacon);
    assertEquals(bytes.length, BEACON_BYTES);
    assertEquals(decodeBeacon(magic, bytes), beacon);
    assertEquals(decodeBeacon(other, bytes), other === magic ? beacon : "foreign");
  }));
});

test("beacon: other lengths, versions and port 0 are malformed, and nothing throws", () => {
  fc.assert(fc.property(MAGIC, fc.uint8Array({ maxLength: 40 }), (magic, bytes) => {
    const heard = decodeBeacon(magic, bytes);
    if (bytes.length !== BEACON_BYTES) assertEquals(heard, "malformed");
  }));
  fc.assert(fc.property(MAGIC, BEACON, fc.integer({ min: 0, max: 255 }), (magic, beacon, version) => {
    const bytes = encodeBeacon(magic, beacon);
    bytes[4] = version;
    assertEquals(decodeBeacon(magic, bytes), version === 1 ? beacon : "malformed");
  }));
  assertEquals(decodeBeacon(1, encodeBeacon(1, { port: 0, nonce: 1n })), "malformed");
});
