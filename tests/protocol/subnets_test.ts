import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { parseAddress } from "../../src/protocol/addresses.ts";
import { formatSubnet, parseSubnet, SubnetMap, subnetsOverlap } from "../../src/protocol/subnets.ts";

test("subnets: an address, a range and a range with bits beyond its length are written one way", () => {
  const spellings = [
    ["192.0.2.7", "192.0.2.7"],
    ["192.0.2.7/32", "192.0.2.7"],
    ["192.0.2.7/24", "192.0.2.0/24"],
    ["10.255.0.0/9", "10.128.0.0/9"],
    ["0.0.0.0/0", "0.0.0.0/0"],
    ["2001:DB8:0::1/33", "2001:db8::/33"],
    ["[2001:db8::1]", "2001:db8::1"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["::ffff:1.2.3.0/120", "1.2.3.0/24"],
    ["::ffff:0.0.0.0/96", "0.0.0.0/0"],
    ["[::ffff:1.2.3.4]/128", "1.2.3.4"],
    ["fc00::/8", "fc00::/8"],
    ["fd00::/8", "fd00::/8"],
  ];
  for (const [text, canonical] of spellings) assertEquals(formatSubnet(parseSubnet(text!)), canonical!);
});

test("subnets: what is none is refused with the reason", () => {
  for (
    const text of [
      "",
      "host",
      "192.0.2.1/33",
      "192.0.2.1/",
      "192.0.2.1/-1",
      "192.0.2.1/8/8",
      "2001:db8::/129",
      "1.2.3/8",
      "::ffff:1.2.3.0/24",
      "fc00::/7",
    ]
  ) {
    assertThrows(() => parseSubnet(text), SyntaxError);
  }
});

test("subnets: two overlap where one lies within the other", () => {
  const overlap = (one: string, other: string) => subnetsOverlap(parseSubnet(one), parseSubnet(other));
  assertEquals([overlap("10.0.0.0/8", "10.1.2.3"), overlap("10.1.2.3", "10.0.0.0/8")], [true, true]);
  assertEquals([overlap("10.0.0.0/9", "10.128.0.0/9"), overlap("0.0.0.0/0", "::1")], [false, false]);
});

test("subnets: an address finds every range that holds it, and no other", () => {
  const map = new SubnetMap<string>();
  for (const text of ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.3", "10.1.2.2/31", "10.2.0.0/16", "2001:db8::/32"]) {
    map.set(parseSubnet(text), text);
  }
  const found = (host: string) => [...map.holding(parseAddress(host)!)].sort();
  assertEquals(found("10.1.2.3"), ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.2/31", "10.1.2.3"]);
  assertEquals(found("10.1.2.4"), ["10.0.0.0/8", "10.1.0.0/16"]);
  assertEquals(found("11.1.2.3"), []);
  assertEquals(found("2001:db8:1::1"), ["2001:db8::/32"]);
});

test("subnets: a removed range holds nothing, and the count follows", () => {
  const map = new SubnetMap<number>();
  map.set(parseSubnet("10.0.0.0/8"), 1);
  map.set(parseSubnet("10.9.9.9/8"), 2);
  assertEquals([map.size, map.get(parseSubnet("10.0.0.0/8"))], [1, 2]);
  assertEquals([map.delete(parseSubnet("10.0.0.0/8")), map.delete(parseSubnet("10.0.0.0/8")), map.size], [
    true,
    false,
    0,
  ]);
  assertEquals([...map.holding(parseAddress("10.0.0.1")!)], []);
});
