import { test } from "node:test";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { messageToJson, messageToLine } from "../../src/cli/render_message.ts";
import type { Message } from "../../src/protocol/messages.ts";

const HASH = "ab".repeat(32);
const ADDRESS = { networkId: 1, bytes: Uint8Array.of(127, 0, 0, 1) };
const version: Message = {
  type: "version",
  protocolVersion: 70016,
  services: 9n,
  time: 1_700_000_000n,
  receiver: { services: 0n, address: ADDRESS, port: 8333 },
  sender: { services: 0n, address: ADDRESS, port: 0 },
  nonce: 0xffff_ffff_ffff_ffffn,
  userAgent: "/evil\x1b[31m/",
  startHeight: 5,
  relay: undefined,
};

test("render: JSON holds every field, large numbers as text, services and addresses by name", () => {
  const json = messageToJson(version);
  assertEquals(JSON.parse(JSON.stringify(json)), json);
  assertEquals(json, {
    type: "version",
    protocolVersion: 70016,
    services: ["NETWORK", "WITNESS"],
    time: "1700000000",
    receiver: { services: [], address: "127.0.0.1", port: 8333 },
    sender: { services: [], address: "127.0.0.1", port: 0 },
    nonce: "18446744073709551615",
    userAgent: "/evil\x1b[31m/",
    startHeight: 5,
    relay: null,
  });
});

test("render: bytes in hex, kinds of inventory by name", () => {
  assertEquals(messageToJson({ type: "tx", transaction: Uint8Array.of(0, 255) }), { type: "tx", transaction: "00ff" });
  const items = [{ kind: 0x4000_0002, hash: HASH }, { kind: 99, hash: HASH }];
  assertEquals(messageToJson({ type: "inv", items }), {
    type: "inv",
    items: [{ kind: "witness-block", hash: HASH }, { kind: "0x63", hash: HASH }],
  });
});

test("render: a line is one line, printable, and short however long the message", () => {
  assertMatch(
    messageToLine(version),
    /^version protocolVersion=70016 services=\[NETWORK, WITNESS\] .*127\.0\.0\.1:8333/,
  );
  assertMatch(messageToLine(version), /^[\x20-\x7e]+$/);
  const line = messageToLine({ type: "block", block: new Uint8Array(1_000_000) });
  assert(line.length < 300, line);
  const many = Array.from({ length: 50_000 }, () => ({ kind: 1, hash: HASH }));
  assertMatch(messageToLine({ type: "inv", items: many }), /^inv items=50000×\[tx (ab)+, tx (ab)+, tx (ab)+, …\]$/);
});

test("render: a message without fields is its name", () => {
  assertEquals(messageToLine({ type: "verack" }), "verack");
});

test("render: what an application says is shown as text where it is text, a status by its name", () => {
  const response: Message = { type: "response", id: 3, status: 1, payload: new TextEncoder().encode("no\x1b[2J") };
  assertEquals(messageToJson(response), {
    type: "response",
    id: 3,
    status: "no-method",
    payload: "6e6f1b5b324a",
    text: "no\x1b[2J",
  });
  assertEquals(messageToLine(response), "response id=3 status=no-method text=no\\x1b[2J");
  const binary = { type: "publish", topic: "chat", id: 7n, payload: Uint8Array.of(0xff, 0xfe) } as const;
  assertEquals(messageToLine(binary), "publish topic=chat id=7 payload=fffe");
  assertEquals(
    messageToLine({ type: "response", id: 3, status: 99, payload: new Uint8Array(0) }),
    "response id=3 status=status 99 text=",
  );
  assertEquals(messageToLine({ type: "app", payload: new TextEncoder().encode("hi") }), "app text=hi");
});
