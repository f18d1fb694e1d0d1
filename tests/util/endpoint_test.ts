import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { formatEndpoint, ipVersion, isLoopback, parseHostPort } from "../../src/util/endpoint.ts";

test("parseHostPort: addresses and names with their port", () => {
  const cases: readonly (readonly [string, string, number])[] = [
    ["127.0.0.1:8333", "127.0.0.1", 8333],
    ["[::1]:8333", "::1", 8333],
    ["[2001:DB8:0:0::1]:1", "2001:db8::1", 1],
    ["[::ffff:1.2.3.4]:1", "::ffff:102:304", 1],
    ["Seed.Example.com:65535", "seed.example.com", 65535],
    ["localhost:0", "localhost", 0],
  ];
  for (const [text, host, port] of cases) assertEquals(parseHostPort(text), { host, port }, text);
});

test("parseHostPort: without a port the given default, else a refusal", () => {
  assertEquals(parseHostPort("127.0.0.1", 8333), { host: "127.0.0.1", port: 8333 });
  assertEquals(parseHostPort("::1", 8333), { host: "::1", port: 8333 });
  assertEquals(parseHostPort("[::1]", 8333), { host: "::1", port: 8333 });
  assertThrows(() => parseHostPort("127.0.0.1"), SyntaxError, "no port");
});

test("parseHostPort: what could be an IPv6 address or a shorter one with a port is no guess of ours", () => {
  assertThrows(() => parseHostPort("::1:80", 8333), SyntaxError, "write [::1]:80, or [::1:80] where 80 is no port");
  assertThrows(() => parseHostPort("2001:db8::1:8333"), SyntaxError, "write [2001:db8::1]:8333, or [2001:db8::1:8333]");
  for (const text of ["2001:db8::10", "::80", "::a:b", "::1:5", "::1:080", "1:2:3:4:5:6:7:80", "::ffff:1.2.3.4"]) {
    assertEquals(parseHostPort(text, 8333).port, 8333, text);
  }
  assertEquals(parseHostPort("[::1:80]", 8333), { host: "::1:80", port: 8333 });
  assertEquals(parseHostPort("[::1]:80", 8333), { host: "::1", port: 80 });
});

test("parseHostPort: refuses other spellings of an address, and what is no endpoint", () => {
  const wrong = ["127.1:1", "1:1", "0177.0.0.1:1", "0x7f.0.0.1:1", "127.0.0.256:1", "1.2.3.4.5:1", "0x7f000001:1"]
    .concat("a:65536", "a:-1", "a:", "a:1x", ":1", "", "a:b:c", "::1:1:1::", "[fe80::1%eth0]:1", "[1.2.3.4]:1")
    .concat("a b:1", "-a:1", "a..b:1", "a.0177:1", `${"a".repeat(64)}:1`, "[::01.2.3.4]:1", "1.2.3.4.:1");
  for (const text of wrong) assertThrows(() => parseHostPort(text), SyntaxError, undefined, text);
});

test("formatEndpoint: the reverse of parsing, and paths as they are", () => {
  for (const text of ["127.0.0.1:1", "[::1]:2", "seed.example.com:3"]) {
    assertEquals(formatEndpoint(parseHostPort(text)), text);
  }
  assertEquals(formatEndpoint({ path: "/run/p2p.sock" }), "/run/p2p.sock");
});

test("ipVersion and isLoopback: strict spellings only", () => {
  assertEquals(["1.2.3.4", "::", "01.2.3.4", "1.2.3", "localhost", ""].map(ipVersion), [4, 6, 0, 0, 0, 0]);
  assertEquals(["127.0.0.1", "127.255.0.9", "::1", "128.0.0.1", "::2", "localhost"].map(isLoopback), [
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
});
