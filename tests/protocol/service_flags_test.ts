import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { hasServices, SERVICE_NETWORK, SERVICE_WITNESS, serviceNames } from "../../src/protocol/service_flags.ts";

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
