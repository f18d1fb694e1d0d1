import { test } from "node:test";
import { assertEquals } from "@std/assert";
import {
  hasServices,
  servesBlocks,
  SERVICE_NETWORK,
  SERVICE_NETWORK_LIMITED,
  SERVICE_WITNESS,
  serviceNames,
} from "../../src/protocol/service_flags.ts";

test("services: known bits have names, others their number", () => {
  assertEquals(serviceNames(0n), []);
  assertEquals(serviceNames(0xc4fn), [
    "NETWORK",
    "GETUTXO",
    "BLOOM",
    "WITNESS",
    "COMPACT_FILTERS",
    "NETWORK_LIMITED",
    "P2P_V2",
  ]);
  assertEquals(serviceNames((1n << 63n) | (1n << 24n) | 1n), ["NETWORK", "BIT_24", "BIT_63"]);
});

test("services: all of the wanted ones must be there", () => {
  assertEquals(hasServices(SERVICE_NETWORK | SERVICE_WITNESS, SERVICE_WITNESS), true);
  assertEquals(hasServices(SERVICE_NETWORK, SERVICE_NETWORK | SERVICE_WITNESS), false);
  assertEquals(hasServices(0n, 0n), true);
});

test("services: the whole chain is worth a place, the newest blocks near the tip, and neither without witnesses", () => {
  const offers = [SERVICE_NETWORK, SERVICE_NETWORK_LIMITED, SERVICE_NETWORK | SERVICE_NETWORK_LIMITED, 0n];
  const worth = (isNearTip: boolean) => offers.map((flags) => servesBlocks(flags | SERVICE_WITNESS, isNearTip));
  assertEquals(worth(false), [true, false, true, false]);
  assertEquals(worth(true), [true, true, true, false]);
  assertEquals(offers.map((flags) => servesBlocks(flags, true)), [false, false, false, false]);
});
