import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { PingOrder } from "../../../src/node/shards/ping_order.ts";

test("ping order: the shard answers only while nothing of the peer is left in the main thread", () => {
  const pings = new PingOrder();
  assertEquals(pings.passes(), true, "it was just greeted");
  pings.answered();
  assertEquals(pings.passes(), false);
  pings.passedOn();
  assertEquals([pings.passes(), pings.passes()], [true, true]);
  pings.answered();
  assertEquals(pings.passes(), true, "one of two was answered");
  pings.answered();
  pings.passedOn();
  pings.answered();
  assertEquals(pings.passes(), true, "a frame came behind the last ping");
  pings.answered();
  assertEquals(pings.passes(), false);
  pings.answered();
  assertEquals(pings.passes(), false, "a pong that answers no ping of its changes nothing");
});
