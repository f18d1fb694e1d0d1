import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { endedByRemote } from "../../src/peer/endings.ts";

const HINT = "before its first word: it may be on another network, or full, or have banned this address";
const CUT = new Error("the remote cut the connection");

test("endings: who was dialled and ends the connection without a word may have reasons that we can name", () => {
  assertEquals(endedByRemote(undefined, "outbound", "awaiting-version"), { code: "closed-by-remote", detail: HINT });
  const cut = { code: "connection-lost", detail: `${CUT.message} ${HINT}` } as const;
  assertEquals(endedByRemote(CUT, "outbound", "awaiting-version"), cut);
});

test("endings: of a stranger who dialled and left, and of a peer, no more is said than what was seen", () => {
  const { detail } = endedByRemote(undefined, "inbound", "awaiting-version");
  assertEquals(detail, "while awaiting-version");
  assertEquals(endedByRemote(CUT, "inbound", "ready").detail, CUT.message);
});
