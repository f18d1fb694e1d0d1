import { test } from "node:test";
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { MESSAGE_FORMS, readSending } from "../../src/cli/message_text.ts";
import type { Message } from "../../src/protocol/messages.ts";
import { PROTOCOL_VERSION } from "../../src/protocol/params.ts";
import { ZERO_HASH } from "../../src/util/hash.ts";

const HASH = "ab".repeat(32);
const OTHER = "cd".repeat(32);
const GENESIS = "01".repeat(32);
const NONCE = 7n;
const defaults = { genesisHash: GENESIS, newNonce: () => NONCE, newRequestId: () => 9 };

function locator(type: "getheaders" | "getblocks", hashes: readonly string[], stop = ZERO_HASH): Message {
  return { type, protocolVersion: PROTOCOL_VERSION, locator: hashes, stop };
}

const utf8 = new TextEncoder();

function publish(topic: string, text: string): Message {
  return { type: "publish", topic, id: NONCE, payload: utf8.encode(text) };
}

const LINES: readonly (readonly [string, Message])[] = [
  ["ping", { type: "ping", nonce: NONCE }],
  ["ping 18446744073709551615", { type: "ping", nonce: 0xffff_ffff_ffff_ffffn }],
  ["pong 0x10", { type: "pong", nonce: 16n }],
  ["getaddr", { type: "getaddr" }],
  ["  mempool  ", { type: "mempool" }],
  ["getheaders", locator("getheaders", [GENESIS])],
  [`getheaders ${HASH} ${OTHER}`, locator("getheaders", [HASH, OTHER])],
  [`getblocks stop=${OTHER}`, locator("getblocks", [GENESIS], OTHER)],
  [`getdata block ${HASH.toUpperCase()}`, { type: "getdata", items: [{ kind: 2, hash: HASH }] }],
  [`getdata witness-block ${HASH}`, { type: "getdata", items: [{ kind: 0x4000_0002, hash: HASH }] }],
  [`inv tx ${HASH} ${OTHER}`, { type: "inv", items: [{ kind: 1, hash: HASH }, { kind: 1, hash: OTHER }] }],
  ["feefilter 1000", { type: "feefilter", feeRate: 1000n }],
  ["sendcmpct 1", { type: "sendcmpct", highBandwidth: true, version: 2n }],
  ["sendcmpct 0 1", { type: "sendcmpct", highBandwidth: false, version: 1n }],
  [`getblocktxn ${HASH} 0 5`, { type: "getblocktxn", blockHash: HASH, indexes: [0, 5] }],
  ["topic:chat=hello world ", publish("chat", "hello world ")],
  ["  topic:a/b=x=y", publish("a/b", "x=y")],
  ["topic:chat=", publish("chat", "")],
  ["topic:é=€", publish("é", "€")],
  ["request:echo=hi there", { type: "request", id: 9, method: "echo", payload: utf8.encode("hi there") }],
  ["request:time", { type: "request", id: 9, method: "time", payload: utf8.encode("") }],
  ["app:a b: c=d", { type: "app", payload: utf8.encode("a b: c=d") }],
  ["app:", { type: "app", payload: utf8.encode("") }],
  ["subscribe chat news", { type: "subscribe", topics: ["chat", "news"] }],
  ["unsubscribe chat", { type: "unsubscribe", topics: ["chat"] }],
  ["cancel 7", { type: "cancel", id: 7 }],
  ["tx 00ff", { type: "tx", transaction: Uint8Array.of(0, 255) }],
];

for (const [line, message] of LINES) {
  test(`message text: ${line.trim().slice(0, 30)}`, () => {
    assertEquals(readSending(line, defaults), { kind: "message", message });
  });
}

test("message text: raw bytes may be written in groups", () => {
  assertEquals(readSending("raw f9be b4D9", defaults), { kind: "raw", bytes: Uint8Array.of(0xf9, 0xbe, 0xb4, 0xd9) });
});

test("message text: what is wrong is said, with what would be right", () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    ["", /no message ""/],
    ["pnig", /did you mean ping/],
    ["constructor", /no message "constructor"/],
    ["ping x", /not a number from 0 to 18446744073709551615: "x": write ping \[NONCE\]/],
    ["ping 18446744073709551616", /not a number/],
    ["ping 1 2", /one nonce/],
    ["getaddr now", /nothing follows/],
    ["getheaders abc", /not a hash of 64 hex digits: "abc"/],
    [`getheaders stop=${HASH} stop=${HASH}`, /two stops/],
    ["getdata", /a kind is one of tx, block/],
    ["getdata block", /no hash/],
    ["getdata toString 1", /a kind is one of/],
    [`getblocktxn ${HASH}`, /no index/],
    ["sendcmpct 2", /a mode is 0 or 1/],
    ["topic:chat", /no = after the topic: write topic:NAME=TEXT/],
    ["topic:=x", /a topic has from 1 to 64 bytes: ""/],
    [`topic:${"é".repeat(33)}=x`, /from 1 to 64 bytes/],
    ["request:", /a method has from 1 to 64 bytes/],
    ["topc:chat=x", /did you mean topic:/],
    ["subscribe", /no topic: write subscribe TOPIC …/],
    [`subscribe ${"a ".repeat(257)}`, /more than 256 topics/],
    ["cancel 4294967296", /not a number from 0 to 4294967295/],
    ["raw", /hex/],
    ["raw f", /hex/],
    ["raw zz", /hex/],
  ];
  for (const [line, says] of cases) {
    assertMatch(assertThrows(() => readSending(line, defaults), SyntaxError).message, says, line);
  }
});

test("message text: each form names what follows it", () => {
  assertEquals(MESSAGE_FORMS.get("getdata "), "KIND HASH …");
  assertEquals(MESSAGE_FORMS.get("getaddr "), "");
  assertEquals(MESSAGE_FORMS.get("topic:"), "NAME=TEXT");
});
