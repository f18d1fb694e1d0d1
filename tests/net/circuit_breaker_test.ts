import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { CircuitBreaker } from "../../src/net/circuit_breaker.ts";
import { fc } from "../support/properties.ts";

const OPTIONS = { failures: 3, failureShare: 0.5, windowMs: 1000, openMs: 100, maxOpenMs: 350 };

function broken(now = 0): CircuitBreaker {
  const breaker = new CircuitBreaker(OPTIONS);
  for (let i = 0; i < OPTIONS.failures; i++) breaker.failed(now);
  return breaker;
}

test("circuit breaker: it opens at the threshold and lets one probe pass after the pause", { timeout: 60_000 }, () => {
  const breaker = new CircuitBreaker(OPTIONS);
  breaker.failed(0);
  breaker.failed(10);
  assertEquals(breaker.state(10), "closed");
  breaker.failed(20);
  assertEquals([breaker.state(20), breaker.pauseMs(20), breaker.state(119)], ["open", 100, "open"]);
  assertEquals([breaker.state(120), breaker.pauseMs(120)], ["half-open", 0]);
  breaker.begin(120);
  assertEquals(breaker.state(120), "open", "one probe at a time");
});

test("circuit breaker: a good probe closes it, and the failures before it are forgotten", { timeout: 60_000 }, () => {
  const breaker = broken();
  breaker.begin(100);
  breaker.succeeded(105);
  assertEquals(breaker.state(105), "closed");
  breaker.failed(106);
  breaker.failed(107);
  assertEquals(breaker.state(107), "closed");
});

test("circuit breaker: each failed probe doubles the pause, up to its bound; a good one starts anew", {
  timeout: 60_000,
}, () => {
  const breaker = broken();
  let now = 0;
  const pauses: number[] = [];
  for (let i = 0; i < 4; i++) {
    const pause = breaker.pauseMs(now);
    pauses.push(pause);
    now += pause;
    breaker.begin(now);
    breaker.failed(now);
  }
  assertEquals(pauses, [100, 200, 350, 350]);
  now += breaker.pauseMs(now);
  breaker.begin(now);
  breaker.succeeded(now);
  for (let i = 0; i < OPTIONS.failures; i++) breaker.failed(now);
  assertEquals(breaker.pauseMs(now), 100);
});

test("circuit breaker: a probe without an outcome makes room for another one", { timeout: 60_000 }, () => {
  const breaker = broken();
  breaker.begin(100);
  breaker.released();
  assertEquals(breaker.state(100), "half-open");
});

test("circuit breaker: outcomes of requests from before it opened neither close it nor prolong the pause", {
  timeout: 60_000,
}, () => {
  const breaker = broken();
  breaker.succeeded(50);
  breaker.failed(60);
  assertEquals([breaker.state(99), breaker.state(100)], ["open", "half-open"]);
});

test("circuit breaker: failures far apart, or few among many successes, do not open it", { timeout: 60_000 }, () => {
  const sparse = new CircuitBreaker(OPTIONS);
  for (let now = 0; now < 60_000; now += 600) {
    sparse.failed(now);
    assertEquals(sparse.state(now), "closed", `at ${now}`);
  }
  const busy = new CircuitBreaker(OPTIONS);
  for (let now = 0; now < 5000; now++) {
    if (now % 3 === 0) busy.failed(now);
    else busy.succeeded(now);
    if (now > 2) assertEquals(busy.state(now), "closed", `at ${now}`);
  }
});

test("circuit breaker: whatever happens, whatever the clock does, it is never stuck", { timeout: 60_000 }, () => {
  const event = fc.record({
    kind: fc.constantFrom("begin" as const, "succeeded" as const, "failed" as const, "released" as const),
    leapMs: fc.oneof(fc.integer({ min: -5000, max: 5000 }), fc.constantFrom(0, 1e12, -1e12)),
  });
  fc.assert(fc.property(fc.array(event, { maxLength: 60 }), (events) => {
    const breaker = new CircuitBreaker(OPTIONS);
    let now = 0;
    for (const { kind, leapMs } of events) {
      now = Math.max(-1e13, now + leapMs);
      if (kind === "released") breaker.released();
      else breaker[kind](now);
    }
    // A probe that is lost is released by whoever sent it; then the longest pause is all that there is to wait for.
    breaker.released();
    now += breaker.pauseMs(now);
    assert(breaker.state(now) !== "open");
    breaker.begin(now);
    breaker.succeeded(now);
    assertEquals(breaker.state(now), "closed");
  }));
});

test(
  "circuit breaker: it is open only after a failure, and for no longer than the longest pause",
  { timeout: 60_000 },
  () => {
    const event = fc.tuple(fc.constantFrom("begin" as const, "succeeded" as const, "failed" as const), fc.nat(400));
    fc.assert(fc.property(fc.array(event, { maxLength: 80 }), (events) => {
      const breaker = new CircuitBreaker(OPTIONS);
      let now = 0;
      for (const [kind, afterMs] of events) {
        now += afterMs;
        const before = breaker.state(now);
        breaker[kind](now);
        if (before === "closed" && breaker.state(now) !== "closed") assertEquals(kind, "failed");
        assert(breaker.pauseMs(now) <= OPTIONS.maxOpenMs);
      }
    }));
  },
);
