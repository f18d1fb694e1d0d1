import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { RemoteFault } from "../../src/protocol/errors.ts";
import { Handshake } from "../../src/protocol/handshake.ts";
import type { MessageOf } from "../../src/protocol/messages.ts";
import { MIN_PROTOCOL_VERSION, PROTOCOL_VERSION } from "../../src/protocol/params.ts";

const NOBODY = { services: 0n, address: { networkId: 2, bytes: new Uint8Array(16) }, port: 0 };
const OUR_NONCE = 7n;

function version(changes: Partial<MessageOf<"version">> = {}): MessageOf<"version"> {
  return {
    type: "version",
    protocolVersion: PROTOCOL_VERSION,
    services: 9n,
    time: 0n,
    receiver: NOBODY,
    sender: NOBODY,
    nonce: 1n,
    userAgent: "/test/",
    startHeight: 0,
    relay: true,
    ...changes,
  };
}

function begin(role: "dialler" | "listener"): Handshake {
  return new Handshake({
    role,
    ourVersion: () => version({ nonce: OUR_NONCE }),
    isOurNonce: (nonce) => nonce === OUR_NONCE,
  });
}

function types(messages: readonly { readonly type: string }[]): string[] {
  return messages.map(({ type }) => type);
}

function assertFault(code: string, run: () => unknown): void {
  assertEquals(assertThrows(run, RemoteFault).code, code);
}

test("handshake: the dialler speaks first, the listener waits", () => {
  assertEquals(types(begin("dialler").open()), ["version"]);
  assertEquals(types(begin("listener").open()), []);
});

test("handshake: the listener answers a version with its own, features and verack", () => {
  const handshake = begin("listener");
  assertEquals(types(handshake.step(version())), ["version", "wtxidrelay", "sendaddrv2", "verack"]);
  assertEquals(handshake.state, "awaiting-verack");
});

test("handshake: features are not sent to peers of an older version", () => {
  assertEquals(types(begin("dialler").step(version({ protocolVersion: 70015 }))), ["verack"]);
});

test("handshake: it is done with the verack and tells what was agreed on", () => {
  const handshake = begin("dialler");
  handshake.step(version({ protocolVersion: 70016, userAgent: "/other/" }));
  assertEquals(handshake.agreement(), undefined);
  for (const type of ["sendaddrv2", "wtxidrelay", "verack"] as const) assertEquals(handshake.step({ type }), []);
  assertEquals(handshake.state, "ready");
  const agreement = handshake.agreement()!;
  assertEquals(agreement.version.userAgent, "/other/");
  assertEquals([agreement.addrv2, agreement.wtxidRelay, agreement.protocolVersion], [true, true, PROTOCOL_VERSION]);
});

test("handshake: the lower version counts", () => {
  const handshake = begin("dialler");
  handshake.step(version({ protocolVersion: 70012 }));
  handshake.step({ type: "verack" });
  assertEquals(handshake.agreement()!.protocolVersion, 70012);
});

test("handshake: features of the future pass between version and verack, and only there", () => {
  const unknown = { type: "unknown", command: "sendfuture", payload: new Uint8Array(3) } as const;
  assertFault("unexpected-message", () => begin("listener").step(unknown));
  const greeted = begin("listener");
  greeted.step(version());
  assertEquals(greeted.step(unknown), []);
});

test("handshake: whatever the table does not name is a fault", () => {
  for (const type of ["verack", "sendaddrv2", "wtxidrelay", "getaddr", "mempool"] as const) {
    assertFault("unexpected-message", () => begin("listener").step({ type }));
  }
  for (const role of ["listener", "dialler"] as const) {
    const handshake = begin(role);
    handshake.step(version());
    assertFault("unexpected-message", () => handshake.step(version()));
    assertFault("unexpected-message", () => handshake.step({ type: "ping", nonce: 1n }));
  }
});

test("handshake: ourselves and obsolete versions are refused by name", () => {
  assertFault("self-connection", () => begin("listener").step(version({ nonce: OUR_NONCE })));
  const old = version({ protocolVersion: MIN_PROTOCOL_VERSION - 1 });
  assertFault("obsolete-version", () => begin("dialler").step(old));
});
