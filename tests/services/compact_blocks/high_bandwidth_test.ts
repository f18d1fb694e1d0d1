import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { type Chosen, HighBandwidthPeers } from "../../../src/services/compact_blocks/high_bandwidth.ts";
import { fc } from "../../support/properties.ts";

interface Named extends Chosen {
  readonly name: string;
}

function peers(direction: Named["direction"], ...names: string[]): Named[] {
  return names.map((name) => ({ name, direction }));
}

test("high bandwidth: the three who brought new blocks last are chosen", () => {
  const [a, b, c, d] = peers("outbound", "a", "b", "c", "d") as [Named, Named, Named, Named];
  const chosen = new HighBandwidthPeers<Named>(3);
  for (const peer of [a, b, c]) assertEquals(chosen.delivered(peer), { joined: peer, left: undefined });
  assertEquals(chosen.delivered(a), { joined: undefined, left: undefined });
  assertEquals(chosen.delivered(d), { joined: d, left: b });
  assertEquals([a, b, c, d].map((peer) => chosen.has(peer)), [true, false, true, true]);
});

test("high bandwidth: the last one that we dialled does not give way to a stranger", () => {
  const [dialled] = peers("outbound", "dialled") as [Named];
  const [a, b, c] = peers("inbound", "a", "b", "c") as [Named, Named, Named];
  const [other] = peers("outbound", "other") as [Named];
  const chosen = new HighBandwidthPeers<Named>(3);
  for (const peer of [dialled, a, b]) chosen.delivered(peer);
  assertEquals(chosen.delivered(c), { joined: c, left: a });
  assertEquals(chosen.delivered(other), { joined: other, left: dialled });
});

test("high bandwidth: a place is free again when its peer is gone", () => {
  const [a, b, c, d] = peers("inbound", "a", "b", "c", "d") as [Named, Named, Named, Named];
  const chosen = new HighBandwidthPeers<Named>(3);
  for (const peer of [a, b, c]) chosen.delivered(peer);
  chosen.closed(b);
  assertEquals(chosen.delivered(d), { joined: d, left: undefined });
});

test("high bandwidth: never more than three, and an outbound one stays once there was one", () => {
  const all = [...peers("inbound", "a", "b", "c", "d", "e"), ...peers("outbound", "x", "y")];
  fc.assert(fc.property(fc.array(fc.constantFrom(...all), { maxLength: 50 }), (deliveries) => {
    const chosen = new HighBandwidthPeers<Named>(3);
    let hadOutbound = false;
    for (const peer of deliveries) {
      chosen.delivered(peer);
      hadOutbound ||= peer.direction === "outbound";
      const now = all.filter((each) => chosen.has(each));
      assert(chosen.has(peer) && now.length <= 3);
      assertEquals(now.some(({ direction }) => direction === "outbound"), hadOutbound);
    }
  }));
});

test("high bandwidth: where places are plenty, newcomers have them, until others prove to be quick", () => {
  const chosen = new HighBandwidthPeers<Named>(4);
  const [a, b, c, d, e] = ["a", "b", "c", "d", "e"].map((name) => ({ name, direction: "outbound" }) as const);
  assertEquals([a, b, c, d, e].map((peer) => chosen.greeted(peer!)), [true, true, true, true, false]);
  assertEquals(chosen.delivered(d!), { joined: undefined, left: undefined });
  assertEquals(chosen.delivered(e!), { joined: e, left: c });
});
