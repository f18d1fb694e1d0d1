import { test } from "node:test";
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { identifyHost } from "../../src/net/host_identity.ts";
import { decayedScore, type Permit, Reputation } from "../../src/net/reputation.ts";
import { createMemoryStore, type MemoryStore } from "../../src/platform/memory_store.ts";
import { type FaultCode, LocalError } from "../../src/protocol/errors.ts";
import { PENALTIES } from "../../src/protocol/penalties.ts";
import type { Permission } from "../../src/protocol/permissions.ts";
import { parseSubnet } from "../../src/protocol/subnets.ts";
import { ManualEnv } from "../support/manual_env.ts";
import { fc } from "../support/properties.ts";

const HOUR_MS = 3_600_000;
const CODES = Object.keys(PENALTIES) as FaultCode[];

/** A wall clock that the test moves by itself. */
class WallEnv extends ManualEnv {
  wall = 1_700_000_000_000;

  override wallClock(): number {
    return this.wall;
  }
}

function open({ env = new WallEnv(), store = createMemoryStore(), permits = [] }: {
  readonly env?: WallEnv;
  readonly store?: MemoryStore;
  readonly permits?: readonly Permit[];
} = {}) {
  const reputation = new Reputation({ env, store, permits });
  reputation.load();
  return { env, store, reputation };
}

function permit(subnet: string, ...permissions: Permission[]): Permit {
  return { subnet: parseSubnet(subnet), permissions: new Set(permissions) };
}

test("reputation: one fault that no honest node commits discourages for a day", { timeout: 60_000 }, () => {
  const { env, reputation } = open();
  const liar = identifyHost("1.2.3.4");
  assertEquals(reputation.blame(liar, "bad-block"), true);
  assertEquals([reputation.standing(liar), reputation.standing(identifyHost("1.2.3.5"))], ["discouraged", "good"]);
  env.advance(24 * HOUR_MS - 1);
  assertEquals(reputation.standing(liar), "discouraged");
  env.advance(1);
  assertEquals([reputation.standing(liar), reputation.score(liar)], ["good", 0]);
});

test("reputation: a small fault is forgotten within hours, and what comes later is the first one again", () => {
  const { env, reputation } = open();
  const late = identifyHost("1.2.3.4");
  reputation.blame(late, "handshake-timeout");
  env.advance(3 * HOUR_MS);
  assertEquals([reputation.isSuspect(late), reputation.offenders().length], [true, 1]);
  env.advance(HOUR_MS);
  assertEquals([reputation.isSuspect(late), reputation.score(late), reputation.offenders()], [false, 0, []]);
  reputation.blame(late, "handshake-timeout");
  assertEquals(reputation.offenders().map(({ score, faults }) => [score, faults]), [[5, 1]]);
});

test("reputation: who is left alone is suspect and listed for as long, although its score has faded", () => {
  const { env, reputation } = open();
  const liar = identifyHost("1.2.3.4");
  reputation.blame(liar, "bad-block");
  env.advance(23 * HOUR_MS);
  const listed = reputation.offenders().map(({ score, secondsLeft }) => [score, secondsLeft]);
  assertEquals([reputation.isSuspect(liar), listed], [true, [[0, 3600]]]);
  env.advance(HOUR_MS);
  assertEquals([reputation.isSuspect(liar), reputation.offenders()], [false, []]);
});

test("reputation: small faults add up if they come fast, and fade if they do not", { timeout: 60_000 }, () => {
  const { env, reputation } = open();
  const [fast, slow] = [identifyHost("1.2.3.4"), identifyHost("5.6.7.8")];
  const outcomes = Array.from({ length: 4 }, () => reputation.blame(fast, "bad-checksum"));
  assertEquals(outcomes, [false, false, false, true]);
  for (let i = 0; i < 100; i++) {
    assertEquals(reputation.blame(slow, "bad-checksum"), false);
    env.advance(HOUR_MS);
  }
  assert(reputation.score(slow) < 31);
});

test("reputation: who is not to blame has no score", { timeout: 60_000 }, () => {
  const { reputation } = open();
  const stranger = identifyHost("1.2.3.4");
  for (let i = 0; i < 1000; i++) reputation.blame(stranger, "wrong-network");
  assertEquals([reputation.score(stranger), reputation.standing(stranger)], [0, "good"]);
});

test("reputation: a /64 of IPv6 answers for all its addresses, this machine and private networks for none", {
  timeout: 60_000,
}, () => {
  const { reputation } = open();
  reputation.blame(identifyHost("2a00:1:2:3::1"), "bad-block");
  assertEquals(reputation.standing(identifyHost("2a00:1:2:3:ffff::9")), "discouraged");
  assertEquals(reputation.standing(identifyHost("2a00:1:2:4::1")), "good");
  for (const host of ["127.0.0.1", "127.3.4.5", "::1", "::ffff:127.0.0.1", "10.88.0.1", "172.17.0.1", "fd00::1"]) {
    reputation.blame(identifyHost(host), "bad-block");
    assertEquals(reputation.standing(identifyHost(host)), "good", host);
  }
});

test("reputation: a ban holds for its subnet, survives a crash, and ends when it ends", { timeout: 60_000 }, () => {
  const { env, store, reputation } = open();
  const ban = reputation.ban(parseSubnet("10.1.0.0/16"), 2 * HOUR_MS, "spam");
  assertEquals([ban.subnet, ban.secondsLeft, ban.reason], ["10.1.0.0/16", 7200, "spam"]);
  store.commit();
  env.wall += HOUR_MS;
  env.advance(HOUR_MS);
  const again = open({ env, store: store.crash() });
  assertEquals(again.reputation.bans().map(({ secondsLeft }) => secondsLeft), [3600]);
  assertEquals(again.reputation.standing(identifyHost("10.1.2.3")), "banned");
  assertEquals(again.reputation.standing(identifyHost("10.2.2.3")), "good");
  env.advance(HOUR_MS);
  assertEquals(again.reputation.standing(identifyHost("10.1.2.3")), "good");
  assertEquals([again.reputation.bans(), again.store.bans()], [[], []]);
});

test("reputation: a clock on the wall that jumps neither ends a ban nor prolongs it", { timeout: 60_000 }, () => {
  const { env, reputation } = open();
  reputation.ban(parseSubnet("1.2.3.4"), HOUR_MS, "");
  for (const jumpMs of [365 * 24 * HOUR_MS, -730 * 24 * HOUR_MS]) {
    env.wall += jumpMs;
    assertEquals(reputation.standing(identifyHost("1.2.3.4")), "banned");
    assertEquals(reputation.bans()[0]!.secondsLeft, 3600);
  }
  env.advance(HOUR_MS);
  assertEquals(reputation.standing(identifyHost("1.2.3.4")), "good");
});

test("reputation: what is no ban in the store is dropped, and what ended is too", { timeout: 60_000 }, () => {
  const env = new WallEnv();
  const store = createMemoryStore();
  const now = Math.floor(env.wall / 1000);
  for (const subnet of ["nonsense", "1.2.3.4/99", ""]) store.putBan({ subnet, until: now + 60, reason: "x" });
  store.putBan({ subnet: "9.9.9.9", until: now - 1, reason: "over" });
  store.putBan({ subnet: "8.8.8.8", until: now + 60, reason: "now" });
  const { reputation } = open({ env, store });
  assertEquals(reputation.bans().map(({ subnet }) => subnet), ["8.8.8.8"]);
  assertEquals(store.bans().map(({ subnet }) => subnet), ["8.8.8.8"]);
});

test(
  "reputation: unban ends a ban of that very subnet, and the discouragement of an address",
  { timeout: 60_000 },
  () => {
    const { reputation, store } = open();
    reputation.ban(parseSubnet("1.2.0.0/16"), HOUR_MS, "");
    assertEquals([reputation.unban(parseSubnet("1.2.3.4")), reputation.unban(parseSubnet("1.2.0.0/16"))], [
      false,
      true,
    ]);
    assertEquals([reputation.standing(identifyHost("1.2.3.4")), store.bans()], ["good", []]);
    reputation.blame(identifyHost("1.2.3.4"), "bad-block");
    assertEquals(reputation.unban(parseSubnet("1.2.3.4")), true);
    assertEquals([reputation.standing(identifyHost("1.2.3.4")), reputation.score(identifyHost("1.2.3.4"))], [
      "good",
      0,
    ]);
  },
);

test("reputation: the table of bans and their reasons are bounded", { timeout: 60_000 }, () => {
  const { reputation } = open();
  for (let i = 0; i < 10_000; i++) reputation.ban(parseSubnet(`10.${i >> 8}.${i & 255}.1`), HOUR_MS, "");
  const full = assertThrows(() => reputation.ban(parseSubnet("11.0.0.1"), HOUR_MS, ""));
  assertInstanceOf(full, LocalError);
  assertEquals(full.code, "limit");
  reputation.ban(parseSubnet("10.0.0.1"), HOUR_MS, "changed");
  assertEquals(reputation.bans().length, 10_000);
  assertThrows(() => reputation.ban(parseSubnet("10.0.0.1"), HOUR_MS, "x".repeat(257)), LocalError);
});

test("reputation: permits of all subnets that hold an address add up", { timeout: 60_000 }, () => {
  const { reputation } = open({
    permits: [permit("10.0.0.0/8", "noban"), permit("10.1.0.0/16", "relay", "addr"), permit("10.1.0.0/16", "mempool")],
  });
  assertEquals([...reputation.permissions(identifyHost("10.1.1.1"))].sort(), ["addr", "mempool", "noban", "relay"]);
  assertEquals([...reputation.permissions(identifyHost("10.2.1.1"))], ["noban"]);
  assertEquals([...reputation.permissions(identifyHost("11.1.1.1"))], []);
});

test(
  "reputation: a score is never negative, never above its limit, and never rises by itself",
  { timeout: 60_000 },
  () => {
    const steps = fc.array(fc.tuple(fc.constantFrom(...CODES), fc.integer({ min: 0, max: 4 * HOUR_MS })), {
      maxLength: 60,
    });
    fc.assert(
      fc.property(steps, (faults) => {
        const { env, reputation } = open();
        const who = identifyHost("1.2.3.4");
        for (const [code, pauseMs] of faults) {
          const before = reputation.score(who);
          reputation.blame(who, code);
          const after = reputation.score(who);
          assert(
            after >= before && after <= Math.min(100, before + PENALTIES[code]) + 1e-9,
            `${before} ${code} ${after}`,
          );
          env.advance(pauseMs);
          const later = reputation.score(who);
          assert(later >= 0 && later <= after, `${after} ${pauseMs} ${later}`);
        }
      }),
    );
  },
);

test("reputation: decay in two parts is decay in one", { timeout: 60_000 }, () => {
  const span = fc.integer({ min: 0, max: 10 * HOUR_MS });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), span, span, (score, first, second) => {
      const parts = decayedScore(decayedScore(score, first), second);
      assert(Math.abs(parts - decayedScore(score, first + second)) < 1e-9);
    }),
  );
});

test("reputation: who did what last is told, also of those who are never left alone", () => {
  const { env, reputation } = open();
  const [stranger, self] = [identifyHost("1.2.3.4"), identifyHost("127.0.0.5")];
  reputation.blame(stranger, "bad-checksum");
  env.advance(5_000);
  reputation.blame(stranger, "bad-block");
  env.advance(2_000);
  reputation.blame(self, "bad-block");
  env.advance(1_000);
  assertEquals(reputation.offenders(), [
    { address: "127.0.0.5", score: 100, fault: "bad-block", faults: 1, secondsAgo: 1, secondsLeft: null },
    { address: "1.2.3.4", score: 100, fault: "bad-block", faults: 2, secondsAgo: 3, secondsLeft: 86_397 },
  ]);
  reputation.blame(identifyHost("1.2.3.5"), "wrong-network");
  assertEquals(reputation.offenders().length, 2);
});

test("reputation: who is banned is left alone as long as that, whoever else shares the ban", () => {
  const { reputation } = open();
  for (const host of ["127.0.0.5", "127.0.1.5", "2001:db8::1"]) reputation.blame(identifyHost(host), "bad-magic");
  const left = () => reputation.offenders().map(({ address, secondsLeft }) => [address, secondsLeft]);
  reputation.ban(parseSubnet("127.0.0.0/24"), 60_000, "");
  reputation.ban(parseSubnet("2001:db8::"), 60_000, "one of many there");
  assertEquals(left(), [["2001:db8::/64", null], ["127.0.1.5", null], ["127.0.0.5", 60]]);
  reputation.ban(parseSubnet("2001:db8::/32"), 90_000, "");
  assertEquals(left()[0], ["2001:db8::/64", 90]);
});
