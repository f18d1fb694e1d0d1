import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { secondConnection } from "../../src/net/second_connection.ts";
import type { Peer } from "../../src/peer/peer.ts";
import { NO_PERMISSIONS, type Permissions } from "../../src/protocol/permissions.ts";

type Party = Pick<Peer, "remote" | "direction" | "kind" | "permissions">;

const IN = { kind: "inbound", direction: "inbound" } as const;
const OUT = { kind: "full", direction: "outbound" } as const;
const MANUAL = { kind: "manual", direction: "outbound" } as const;
const NOBAN: Permissions = new Set(["noban"]);

function party(changes: Pick<Party, "kind" | "direction">, permissions = NO_PERMISSIONS, host = "20.1.0.1"): Party {
  return { ...changes, permissions, remote: { host, port: 1 } };
}

test("second connection: of two that dialled each other, the lower id's dial stays; each side ends its own", () => {
  const [inbound, outbound] = [party(IN), party(OUT)];
  assertEquals(secondConnection(inbound, outbound, false), outbound);
  assertEquals(secondConnection(outbound, inbound, false), outbound);
  assertEquals(secondConnection(inbound, outbound, true), undefined);
  assertEquals(secondConnection(party(IN), party(IN), false), undefined);
});

test("second connection: of two dials of ours the older stays, unless the newer is the owner's wish", () => {
  const [newer, older, wanted] = [party(OUT), party(OUT), party(MANUAL)];
  for (const isOurIdLower of [true, false]) {
    assertEquals(secondConnection(newer, older, isOurIdLower), newer);
    assertEquals(secondConnection(wanted, older, isOurIdLower), older);
    assertEquals(secondConnection(wanted, party(MANUAL), isOurIdLower), undefined);
  }
});

test("second connection: what the owner wants or spares stays, and so does what another address claims", () => {
  assertEquals(secondConnection(party(IN), party(MANUAL), false), undefined);
  assertEquals(secondConnection(party(IN), party(OUT, NOBAN), false), undefined);
  assertEquals(secondConnection(party(IN, NO_PERMISSIONS, "20.1.0.2"), party(OUT), false), undefined);
  const local = [party(IN, NO_PERMISSIONS, "127.0.0.1"), party(OUT, NO_PERMISSIONS, "127.44.0.3")] as const;
  assertEquals(secondConnection(...local, false), local[1]);
  const overSocket: Party = { ...party(IN), remote: { path: "/run/p2p" } };
  assertEquals(secondConnection(overSocket, overSocket, false), undefined);
});
