import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { groupOfHost, networkGroup } from "../../src/protocol/network_group.ts";

test("network group: IPv4 by /16, IPv6 by /32, CJDNS by twelve bits", () => {
  const pairs: readonly (readonly [string, string, boolean])[] = [
    ["192.0.2.1", "192.0.255.254", true],
    ["192.0.2.1", "192.1.2.1", false],
    ["2001:db8:1::1", "2001:db8:ffff::1", true],
    ["2001:db8::1", "2001:db9::1", false],
    ["fc01::1", "fc0f::1", true],
    ["fc01::1", "fc10::1", false],
  ];
  for (const [left, right, same] of pairs) {
    assertEquals(groupOfHost(left) === groupOfHost(right), same, `${left} ${right}`);
  }
});

test("network group: onion addresses, which cost nothing, have sixteen groups together", () => {
  const groups = new Set<string>();
  for (let i = 0; i < 256; i++) groups.add(networkGroup({ networkId: 4, bytes: new Uint8Array(32).fill(i) }));
  assertEquals(groups.size, 16);
});

test("network group: networks do not share groups, and a name is a group of its own", () => {
  assert(
    networkGroup({ networkId: 1, bytes: Uint8Array.of(0, 0, 0, 0) }) !==
      networkGroup({ networkId: 9, bytes: new Uint8Array(4) }),
  );
  assertEquals(groupOfHost("example.org"), "example.org");
});
