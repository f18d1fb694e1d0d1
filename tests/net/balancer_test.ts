import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Balancer } from "../../src/net/balancer.ts";
import type { Member } from "../../src/net/balancing/member.ts";
import { type BalancingRule, compileRules, STRATEGY_NAMES } from "../../src/net/balancing/rules.ts";
import { ManualEnv } from "../support/manual_env.ts";
import { fc } from "../support/properties.ts";

const BREAKER = { failures: 2, failureShare: 0.5, windowMs: 10_000, openMs: 1000, maxOpenMs: 4000 };

function world(count: number, options: { readonly weights?: ReadonlyMap<string, number>; region?: string } = {}) {
  const env = new ManualEnv();
  const balancer = new Balancer({ env, breaker: BREAKER, ...options });
  for (let id = 1; id <= count; id++) balancer.add({ id, name: `peer-${id}` });
  const members = () => [...balancer.members()];
  return { env, balancer, members };
}

function ruleOf(changes: Partial<BalancingRule> = {}) {
  return compileRules([{ class: "*", strategy: "round-robin", ...changes }])("any");
}

function breakIt(member: Member): void {
  for (let i = 0; i < BREAKER.failures; i++) {
    member.begin();
    member.failed();
  }
}

test("balancer: no strategy ever chooses one that drains or whose breaker is open", { timeout: 60_000 }, () => {
  const state = fc.constantFrom("well", "draining", "broken", "half-open");
  fc.assert(fc.property(fc.array(state, { maxLength: 8 }), fc.constantFrom(...STRATEGY_NAMES), (states, strategy) => {
    const { env, balancer, members } = world(states.length);
    members().forEach((member, i) => states[i] === "half-open" && breakIt(member));
    env.advance(BREAKER.openMs);
    members().forEach((member, i) => {
      if (states[i] === "broken") breakIt(member);
      if (states[i] === "draining") member.drained = true;
    });
    const rule = ruleOf({ strategy });
    const allowed = states.filter((each) => each === "well" || each === "half-open").length;
    for (let i = 0; i < 10; i++) {
      const chosen = balancer.choose(rule, members(), { key: `${i}` });
      assertEquals(chosen === undefined, allowed === 0);
      if (chosen) assert(["well", "half-open"].includes(states[chosen.id - 1]!));
    }
  }));
});

test("balancer: a peer that is half-open is probed by one request, however slow it was", { timeout: 60_000 }, () => {
  const { env, balancer, members } = world(3);
  const [broken] = members();
  breakIt(broken!);
  env.advance(BREAKER.openMs);
  const rule = ruleOf({ strategy: "least-outstanding" });
  const probe = balancer.choose(rule, members())!;
  assertEquals(probe.id, 1);
  probe.begin();
  for (let i = 0; i < 20; i++) assert(balancer.choose(rule, members())!.id !== 1);
  probe.succeeded(5);
  assertEquals(probe.breaker, "closed");
});

test("balancer: a session stays with its peer while that one may be asked, and then moves for good", {
  timeout: 60_000,
}, () => {
  const { env, balancer, members } = world(4);
  const rule = ruleOf({ stickyMs: 60_000 });
  const ask = () => balancer.choose(rule, members(), { session: "s" })!;
  const first = ask();
  for (let i = 0; i < 5; i++) assertEquals(ask().id, first.id);
  first.drained = true;
  const second = ask();
  assert(second.id !== first.id);
  first.drained = false;
  assertEquals(ask().id, second.id);
  env.advance(60_000);
  balancer.tick(env.now());
  assertEquals(balancer.sessions, 0);
});

test("balancer: one session has a peer for each rule", { timeout: 60_000 }, () => {
  const { balancer, members } = world(4);
  const rules = compileRules([
    { class: "read", strategy: "round-robin", stickyMs: 60_000 },
    { class: "write", strategy: "round-robin", stickyMs: 60_000 },
  ]);
  const [one, two] = [members().slice(0, 2), members().slice(2)];
  const ask = (name: string, among: readonly Member[]) => balancer.choose(rules(name), among, { session: "s" })!.id;
  const [reader, writer] = [ask("read", one), ask("write", two)];
  for (let i = 0; i < 5; i++) assertEquals([ask("read", members()), ask("write", members())], [reader, writer]);
});

test("balancer: a peer that comes from another address each time is known again by the name it goes by", {
  timeout: 60_000,
}, () => {
  const { balancer, members } = world(1);
  const rule = ruleOf({ stickyMs: 60_000 });
  balancer.recognise(1, "node-a");
  breakIt(members()[0]!);
  assertEquals(members()[0]!.breaker, "open");
  balancer.remove(1);
  balancer.add({ id: 2, name: "elsewhere:1" });
  assertEquals(members()[0]!.breaker, "closed");
  balancer.recognise(2, "node-a");
  assertEquals([members()[0]!.breaker, members()[0]!.name], ["open", "elsewhere:1"]);

  balancer.add({ id: 3, name: "elsewhere:2" });
  balancer.recognise(3, "node-b");
  assertEquals(balancer.choose(rule, members(), { session: "s" })!.id, 3);
  balancer.remove(3);
  balancer.add({ id: 4, name: "elsewhere:4" });
  balancer.add({ id: 5, name: "elsewhere:3" });
  balancer.recognise(5, "node-b");
  for (let i = 0; i < 5; i++) assertEquals(balancer.choose(rule, members(), { session: "s" })!.id, 5);
});

test("balancer: keys stay with peers that come from another port, or address, each time", () => {
  const { balancer, members } = world(0);
  const rule = compileRules([{ class: "*", strategy: "consistent-hash" }])("x");
  const keys = Array.from({ length: 200 }, (_, i) => `key-${i}`);
  const owners = () => keys.map((key) => balancer.choose(rule, members(), { key })!.id % 10);
  const join = (firstId: number, isHere: boolean) => {
    for (let i = 0; i < 5; i++) {
      const home = `10.0.${isHere ? 0 : firstId}.${i}`;
      balancer.add({ id: firstId + i, name: `${home}:${firstId + i}`, home });
    }
  };
  const leave = (firstId: number) => [0, 1, 2, 3, 4].forEach((i) => balancer.remove(firstId + i));
  const recognise = (firstId: number) => [0, 1, 2, 3, 4].forEach((i) => balancer.recognise(firstId + i, `node-${i}`));
  join(10, true);
  const byHost = owners();
  leave(10);
  join(20, true);
  assertEquals(owners(), byHost);
  recognise(20);
  const byId = owners();
  leave(20);
  join(30, false);
  recognise(30);
  assertEquals([owners(), new Set(byId).size], [byId, 5]);
});

test("balancer: what a peer did on this connection counts more than its record under another name", () => {
  const { balancer, members } = world(1);
  breakIt(members()[0]!);
  balancer.remove(1);
  const member = balancer.add({ id: 2, name: "other" });
  member.begin();
  balancer.recognise(2, "peer-1");
  member.succeeded(5);
  assertEquals([member.breaker, member.outstanding, member.answered], ["closed", 0, 1]);
});

test(
  "balancer: a broken peer that reconnects is still broken, for as long as it is remembered",
  { timeout: 60_000 },
  () => {
    const { env, balancer, members } = world(1);
    breakIt(members()[0]!);
    balancer.remove(1);
    balancer.add({ id: 2, name: "peer-1" });
    assertEquals([members()[0]!.breaker, members()[0]!.outstanding], ["open", 0]);
    balancer.remove(2);
    env.advance(20 * 60_000);
    balancer.tick(env.now());
    balancer.add({ id: 3, name: "peer-1" });
    assertEquals(members()[0]!.breaker, "closed");
  },
);

test("balancer: a probe that left with its connection does not keep the breaker open", { timeout: 60_000 }, () => {
  const { env, balancer, members } = world(1);
  breakIt(members()[0]!);
  env.advance(BREAKER.openMs);
  members()[0]!.begin();
  balancer.remove(1);
  assertEquals(balancer.add({ id: 2, name: "peer-1" }).breaker, "half-open");
});

test("balancer: what is remembered of peers that left is bounded", { timeout: 60_000 }, () => {
  const { balancer, members } = world(1);
  breakIt(members()[0]!);
  balancer.remove(1);
  for (let id = 10; id < 1000; id++) {
    balancer.add({ id, name: `other-${id}` });
    balancer.remove(id);
  }
  assertEquals(balancer.add({ id: 2, name: "peer-1" }).breaker, "closed");
});

test("balancer: weights are looked up by name, then by region", { timeout: 60_000 }, () => {
  const { balancer, members } = world(2, { weights: new Map([["peer-1", 3], ["eu", 2]]) });
  balancer.add({ id: 3, name: "peer-3", region: "eu" });
  assertEquals(members().map(({ weight }) => weight), [3, 1, 2]);
});

test("member: health and speed follow real answers", { timeout: 60_000 }, () => {
  const { members } = world(1);
  const [member] = members();
  assertEquals([member!.latencyMs, member!.health], [undefined, 1]);
  for (let i = 0; i < 100; i++) {
    member!.begin();
    member!.succeeded(50);
  }
  assertEquals([Math.round(member!.latencyMs!), member!.health], [50, 1]);
  member!.begin();
  member!.failed(2000);
  assert(member!.health < 1 && member!.latencyMs! > 50 && member!.outstanding === 0);
});
