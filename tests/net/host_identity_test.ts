import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { identifyHost } from "../../src/net/host_identity.ts";

test("host identity: the interface that an address of one link names is no part of it", () => {
  assertEquals(identifyHost("fe80::1%eth0"), identifyHost("fe80::1"));
  const { address, scope, key } = identifyHost("fe80::1%eth0");
  assertEquals([address?.networkId, scope, key], [2, "none", "fe80::/64"]);
});

test("host identity: one site of IPv6 is one person, an IPv4 address is one, mapped or not, and a name is itself", () => {
  assertEquals(identifyHost("2a00:1:2:3::1").key, identifyHost("2a00:1:2:3:4::9").key);
  assertEquals(identifyHost("::ffff:1.2.3.4"), identifyHost("1.2.3.4"));
  assertEquals([identifyHost("a.example").key, identifyHost("a.example").scope], ["a.example", "global"]);
});
