import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { RetryBudget } from "../../src/net/retry_budget.ts";
import { fc } from "../support/properties.ts";

const OPTIONS = { share: 0.2, reserve: 10, capacity: 100 };

test("retry budget: when every request fails, retries are a share of requests and no more", { timeout: 60_000 }, () => {
  const budget = new RetryBudget(OPTIONS);
  let retries = 0;
  for (let i = 0; i < 1000; i++) {
    budget.earn();
    while (budget.spend()) retries++;
  }
  assert(Math.abs(retries - (0.2 * 1000 + 10)) <= 1, `${retries} retries`);
  assertEquals(budget.refused, 1000);
});

test("retry budget: quiet times save up to the capacity", { timeout: 60_000 }, () => {
  const budget = new RetryBudget(OPTIONS);
  for (let i = 0; i < 10_000; i++) budget.earn();
  assertEquals(budget.tokens, 100);
});

test("retry budget: retries never exceed the reserve and the share", { timeout: 60_000 }, () => {
  fc.assert(fc.property(fc.array(fc.boolean(), { maxLength: 500 }), (steps) => {
    const budget = new RetryBudget(OPTIONS);
    let [requests, retries] = [0, 0];
    for (const isRequest of steps) {
      if (isRequest) {
        requests++;
        budget.earn();
      } else if (budget.spend()) retries++;
      assert(retries <= OPTIONS.reserve + OPTIONS.share * requests + 1e-9);
    }
  }));
});
