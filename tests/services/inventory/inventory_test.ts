import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import type { Peer } from "../../../src/peer/peer.ts";
import { LocalError } from "../../../src/protocol/errors.ts";
import type { InvItem } from "../../../src/protocol/messages.ts";
import { DEDUPE_TTL_MS } from "../../../src/protocol/relay_params.ts";
import type { DedupeMode } from "../../../src/protocol/dedupe.ts";
import { Inventory } from "../../../src/services/inventory/inventory.ts";
import type { InventoryPart, Service } from "../../../src/services/service.ts";
import { ManualEnv } from "../../support/manual_env.ts";
import { startPeer } from "../../support/started_peer.ts";

interface Scene {
  readonly env: ManualEnv;
  readonly inventory: Inventory;
  readonly peer: Peer;
  /** What the services were told, as `service:hash hash`. */
  readonly heard: string[];
  /** Hashes that the services were told of as repetitions only. */
  readonly repeated: string[];
  /** Items whose data came. */
  readonly held: Set<string>;
  announce(...items: InvItem[]): void;
}

function openScene(dedupe: DedupeMode): Scene {
  const env = new ManualEnv();
  const heard: string[] = [];
  const held = new Set<string>();
  const repeated: string[] = [];
  const listener = (name: string, kinds: number[]): Service => ({
    name,
    handles: {},
    inventory: {
      kinds,
      announced: (_, items) => void heard.push(`${name}:${items.map(({ hash }) => hash).join(" ")}`),
      repeated: (_, items) => void repeated.push(...items.map(({ hash }) => hash)),
      lacks: ({ hash }) => !held.has(hash),
    },
  });
  const inventory = new Inventory({ env, services: [listener("blocks", [2]), listener("txs", [1, 5])], dedupe });
  const { peer } = startPeer(env);
  const announce = (...items: InvItem[]) => inventory.handles.inv!(peer, { type: "inv", items });
  return { env, inventory, peer, heard, repeated, held, announce };
}

function tx(hash: string): InvItem {
  return { kind: 1, hash };
}

function block(hash: string): InvItem {
  return { kind: 2, hash };
}

test("inventory: items go to who claims their kind, in order; kinds that nobody claims go nowhere", () => {
  const { heard, announce } = openScene("off");
  announce(tx("a"), block("b"), { kind: 5, hash: "c" }, { kind: 77, hash: "d" }, block("e"));
  announce(tx("f"));
  announce();
  announce({ kind: 77, hash: "g" });
  assertEquals(heard, ["txs:a c", "blocks:b e", "txs:f"]);
});

test("inventory: a part of a kind has one claimant; different parts may have different ones", () => {
  const service = (name: string, inventory: InventoryPart): Service => ({ name, handles: {}, inventory });
  const announced = () => {};
  const build = (...services: Service[]) => new Inventory({ env: new ManualEnv(), services, dedupe: "off" });
  build(service("a", { kinds: [2], announced }), service("b", { kinds: [2], serve: () => undefined }));
  const error = assertThrows(
    () => build(service("a", { kinds: [1, 2], announced }), service("b", { kinds: [2], announced })),
    LocalError,
  );
  assertEquals(error.message.includes(`"announced" of kind 2 is claimed twice: received b`), true);
});

test("dedupe drop: what repeats itself is dropped once its data has come, and counted", () => {
  const { heard, repeated, held, announce, inventory } = openScene("drop");
  announce(tx("a"), block("b"));
  announce(tx("a"), block("b"));
  assertEquals(heard, ["txs:a", "blocks:b", "txs:a", "blocks:b"]);
  held.add("a").add("b");
  announce(tx("a"), block("b"));
  assertEquals([heard.length, repeated], [4, ["a", "b"]]);
  assertEquals(inventory.counts(), { announced: 6, duplicates: 4, dropped: 2 });
});

test("dedupe drop: one item that is new, or that is still lacking, lets the whole announcement pass", () => {
  const { heard, held, announce, inventory } = openScene("drop");
  held.add("a").add("c");
  announce(tx("a"), tx("b"));
  announce(tx("a"), tx("c"));
  announce(tx("a"), tx("b"));
  announce(tx("a"), { kind: 77, hash: "a" });
  assertEquals(heard, ["txs:a b", "txs:a c", "txs:a b", "txs:a"]);
  assertEquals(inventory.counts(), { announced: 8, duplicates: 4, dropped: 0 });
});

test("dedupe drop: an announcement after the time to live passes", () => {
  const { env, heard, held, announce } = openScene("drop");
  held.add("a");
  announce(tx("a"));
  env.advance(DEDUPE_TTL_MS);
  announce(tx("a"));
  env.advance(DEDUPE_TTL_MS + 1);
  announce(tx("a"));
  assertEquals(heard.length, 2);
});

test("dedupe count: duplicates are counted and delivered all the same", () => {
  const { heard, held, announce, inventory } = openScene("count");
  held.add("a");
  announce(tx("a"));
  announce(tx("a"));
  assertEquals(heard.length, 2);
  assertEquals(inventory.counts(), { announced: 2, duplicates: 1, dropped: 0 });
});

test("dedupe off: nothing is looked for", () => {
  const { heard, held, announce, inventory } = openScene("off");
  held.add("a");
  announce(tx("a"));
  announce(tx("a"));
  assertEquals(heard.length, 2);
  assertEquals(inventory.counts(), { announced: 2, duplicates: 0, dropped: 0 });
});
