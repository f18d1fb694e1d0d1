import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { type BalancingRule, compileRules } from "../../../src/net/balancing/rules.ts";
import type { StrategyName } from "../../../src/net/balancing/strategies.ts";
import { LocalError } from "../../../src/protocol/errors.ts";

test("rules: the most exact one counts, and without any there is a default", { timeout: 60_000 }, () => {
  const find = compileRules([
    { class: "*", strategy: "round-robin", retries: 1 },
    { class: "files.*", strategy: "round-robin", retries: 2 },
    { class: "files.big.*", strategy: "round-robin", retries: 4 },
    { class: "files.big", strategy: "round-robin", retries: 5 },
  ]);
  const names = ["other", "files.x", "files.big.x", "files.big", ""];
  assertEquals(names.map((name) => find(name).retries), [1, 2, 4, 5, 1]);
  assertEquals([compileRules([])("any").retries, compileRules([])("any").stickyMs], [3, 0]);
});

test("rules: what makes no sense is refused with what was received", { timeout: 60_000 }, () => {
  const rule: BalancingRule = { class: "a", strategy: "adaptive" };
  const cases: readonly [readonly BalancingRule[], string][] = [
    [[{ ...rule, class: "" }], 'a class needs a name: received ""'],
    [[{ ...rule, class: "a*b" }], '* stands at the end of a class only: received "a*b"'],
    [[{ ...rule, class: "a**" }], '* stands at the end of a class only: received "a**"'],
    [[{ ...rule, class: "x".repeat(257) }], "a class has at most 256 characters: received 257 characters"],
    [[rule, rule], 'two rules for one class: received "a"'],
    [[{ ...rule, retries: 1.5 }], "retries is no whole number from 0 to 10: received 1.5"],
    [[{ ...rule, retries: 11 }], "retries is no whole number from 0 to 10: received 11"],
    [[{ ...rule, stickyMs: -1 }], "stickyMs is not from 0 to 3600000: received -1"],
    [[{ ...rule, stickyMs: NaN }], "stickyMs is not from 0 to 3600000: received NaN"],
    [Array.from({ length: 257 }, (_, i) => ({ ...rule, class: `${i}` })), "at most 256 rules: received 257"],
  ];
  for (const [rules, text] of cases) {
    const error = assertThrows(() => compileRules(rules), LocalError);
    assertEquals([error.code, error.message], ["bad-argument", `Cannot compile the rules of balancing: ${text}`]);
  }
  const misspelt = { class: "a", strategy: "roundrobin" as StrategyName };
  assertThrows(() => compileRules([misspelt]), LocalError, 'received "roundrobin" (did you mean round-robin?)');
  assertThrows(() => compileRules([{ class: "a", strategy: "toString" as StrategyName }]), LocalError);
});

test("rules: each rule has a strategy of its own, made once", { timeout: 60_000 }, () => {
  const find = compileRules([{ class: "a", strategy: "round-robin" }, { class: "b", strategy: "round-robin" }]);
  assertEquals(find("a"), find("a"));
  assertEquals(find("a").strategy === find("b").strategy, false);
});
