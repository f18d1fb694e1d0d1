// What one stranger at the door costs: who has to leave for him, and what his address did before.

import { chooseEviction, type EvictionCandidate } from "../src/net/eviction.ts";
import { identifyHost } from "../src/net/host_identity.ts";
import { Reputation } from "../src/net/reputation.ts";
import { createEnv } from "../src/platform/env.ts";
import { createMemoryStore } from "../src/platform/memory_store.ts";
import { SeededRandom } from "../src/platform/seeded_random.ts";
import { parseSubnet } from "../src/protocol/subnets.ts";
import { timed } from "./support.ts";

const TABLES = [117, 1000, 10_000];
const BANS = 10_000;
const HOUR_MS = 3_600_000;

export const subject = timed("Eviction and reputation (one connection)", () => [
  ...TABLES.map((size) => {
    const table = makeTable(size);
    return { name: `whom to evict of ${size.toLocaleString("en-US")}`, run: () => chooseEviction(table) };
  }),
  { name: "an address: group, site, scope", run: () => identifyHost("93.184.216.34") },
  { name: `its standing, ${BANS.toLocaleString("en-US")} bans of 3 lengths`, run: judge(BANS) },
]);

function makeTable(size: number): EvictionCandidate[] {
  const random = new SeededRandom(1);
  const number = (below: number) => Math.floor(random.number() * below);
  const moment = () => number(2) === 0 ? Number.NEGATIVE_INFINITY : number(1e6);
  return Array.from({ length: size }, (_, id) => ({
    id,
    group: number(size / 2),
    network: number(10) === 0 ? 4 : 1,
    pingMs: number(5) === 0 ? null : number(300),
    blockAt: moment(),
    transactionAt: moment(),
    isBlockOnly: number(5) === 0,
    hasNoban: number(50) === 0,
    isSuspect: number(50) === 0,
  }));
}

function judge(bans: number): () => unknown {
  const reputation = new Reputation({ env: createEnv(), store: createMemoryStore(), permits: [] });
  for (let i = 0; i < bans; i++) {
    reputation.ban(parseSubnet(`10.${i >> 8}.${i & 0xff}.0/${[16, 24, 32][i % 3]}`), HOUR_MS, "");
  }
  const stranger = identifyHost("93.184.216.34");
  return () => reputation.standing(stranger);
}
