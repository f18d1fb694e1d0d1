import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { Chain } from "../../src/chain/chain.ts";
import { isNearTip } from "../../src/node/near_tip.ts";
import { MAIN, REGTEST } from "../../src/protocol/networks.ts";
import { NEAR_TIP_BLOCKS } from "../../src/protocol/sync_params.ts";
import { testHasher } from "../support/test_hasher.ts";

test("near the tip: by the clock, and at any time where a chain needs no work", () => {
  const chain = new Chain({ params: MAIN, hasher: testHasher });
  const limit = MAIN.genesis.time + NEAR_TIP_BLOCKS * MAIN.spacingSeconds;
  assertEquals([limit - 1, limit].map((seconds) => isNearTip(chain, seconds * 1000)), [true, false]);
  const ours = new Chain({ params: REGTEST, hasher: testHasher });
  assertEquals(isNearTip(ours, limit * 1000), true);
});
