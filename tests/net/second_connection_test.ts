import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { secondConnection } from "../../src/net/second_connection.ts";
import type { Peer } from "../../src/peer/peer.ts";
import { NO_PERMISSIONS, type Permissions } from "../../src/protocol/permissions.ts";

type Party = Pick<Peer, "id" | "remote" | "direction" | "kind" | "permissions">;

const IN = { kind: "inbound", direction: "inbound" } as const;
const OUT = { kind: "full", direction: "outbound" } as const;
const MANUAL = { kind: "manual", direction: "outbound" } as const;
const NOBAN: Permissions = new Set(["noban"]);

let made = 0;

/** The first one that is made is the older. */
function party(changes: Pick<Party, "kind" | "direction">, permissions = NO_PERMISSIONS, host = "20.1.0.1"): Party {
  return { ...changes, id: ++made, permissions, remote: { host, port: 1 } };
}

/** Whoever says it first. */
function assertEnds(one: Party, other: Party, isOurIdLower: boolean, expected: Party | undefined): void {
  assertEquals(secondConnection(one, other, isOurIdLower), expected);
  assertEquals(secondConnection(other, one, isOurIdLower), expected);
}

test("second connection: of two that dialled each other, the lower id's dial stays; each side ends its own", () => {
  const [inbound, outbound] = [party(IN), party(OUT)];
  assertEnds(inbound, outbound, false, outbound);
  assertEnds(inbound, outbound, true, undefined);
  assertEnds(inbound, party(IN), false, undefined);
});

test("second connection: of two dials of ours the older stays, unless the newer is the owner's wish", () => {
  const [older, newer, wanted] = [party(OUT), party(OUT), party(MANUAL)];
  for (const isOurIdLower of [true, false]) {
    assertEnds(older, newer, isOurIdLower, newer);
    assertEnds(older, wanted, isOurIdLower, older);
    assertEnds(wanted, party(MANUAL), isOurIdLower, undefined);
  }
});

test("second connection: what the owner wants or spares stays", () => {
  assertEnds(party(IN), party(MANUAL), false, undefined);
  assertEnds(party(IN), party(OUT, NOBAN), false, undefined);
});

test("second connection: this machine, and a site of IPv6, are one host; a unix socket is none", () => {
  for (const [one, other] of [["127.0.0.1", "127.44.0.3"], ["2a02:1:2:3::1", "2a02:1:2:3:4:5:6:7"]] as const) {
    const outbound = party(OUT, NO_PERMISSIONS, other);
    assertEnds(party(IN, NO_PERMISSIONS, one), outbound, false, outbound);
  }
  const overSocket: Party = { ...party(IN), remote: { path: "/run/p2p" } };
  assertEnds(overSocket, { ...overSocket, id: 0 }, false, undefined);
});

test("second connection: between two hosts the later claimant goes, if we dialled both", () => {
  const [one, other] = [party(OUT), party(OUT, NO_PERMISSIONS, "30.1.0.1")];
  for (const isOurIdLower of [true, false]) {
    assertEquals(secondConnection(one, other, isOurIdLower), one);
    assertEquals(secondConnection(other, one, isOurIdLower), other);
  }
});

test("second connection: no dial of ours gives way to another host that takes its name, before or after", () => {
  const stranger = party(IN, NO_PERMISSIONS, "30.1.0.1");
  assertEnds(stranger, party(OUT), false, undefined);
  const first = party(OUT, NO_PERMISSIONS, "30.1.0.1");
  for (const spared of [party(MANUAL), party(OUT, NOBAN)]) {
    assertEquals(secondConnection(spared, first, false), undefined);
  }
});
