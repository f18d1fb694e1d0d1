import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { LaneAccounts } from "../../../src/node/shards/lane_accounts.ts";
import { Outbox } from "../../../src/peer/outbox.ts";
import { LANE_OF } from "../../../src/protocol/lanes.ts";
import type { MessageType } from "../../../src/protocol/messages.ts";
import { REGTEST } from "../../../src/protocol/networks.ts";
import { bitcoinCodec } from "../../../src/wire/bitcoin.ts";
import { ManualEnv } from "../../support/manual_env.ts";
import { createSeededRandom } from "../../support/random.ts";
import { testHasher } from "../../support/test_hasher.ts";

const TYPES: readonly MessageType[] = ["publish", "response", "inv", "block", "app", "cancel", "tx"];
const FRAMES = 1000;
const SIZES = [100, 10_000, 1_000_000];

test("lane accounts: they admit what an outbox would, by type and size", () => {
  const random = createSeededRandom(5);
  const codec = bitcoinCodec(REGTEST.magic, testHasher);
  const outbox = new Outbox({ env: new ManualEnv(), codec, owner: { write: () => false, onRoom: () => {} } });
  const accounts = new LaneAccounts();
  const frames = SIZES.map((size) => new Uint8Array(size));
  const outcomes = new Set<string>();
  for (let i = 0; i < FRAMES; i++) {
    const type = TYPES[Math.floor(random() * TYPES.length)]!;
    const frame = frames[Math.floor(random() * frames.length)]!;
    const outcome = outbox.offerFrame(frame, LANE_OF[type], type);
    outcomes.add(`${LANE_OF[type]} ${outcome}`);
    assertEquals(accounts.add(type, frame.length), outcome, `${type} of ${frame.length} bytes, number ${i}`);
  }
  assertEquals([accounts.bytes, accounts.dropped], [outbox.bytes, outbox.dropped]);
  assertEquals(outcomes.has("data dropped") && outcomes.has("sync overflow"), true);
});
