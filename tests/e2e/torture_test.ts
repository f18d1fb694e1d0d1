import { assert, assertEquals } from "@std/assert";
import { END_TO_END } from "../support/binary.ts";
import { siteTest } from "../support/site.ts";
import { torture } from "../support/torture.ts";

/** A minute on two busy cores; scripts/torture.ts does any number. */
const KILLS = 200;
/** As many run at once. */
const SEEDS = [1, 2];

siteTest("torture: a node killed 200 times has each time what it had told before", async (site) => {
  const runs = SEEDS.map((seed) => torture(site, { kills: KILLS / SEEDS.length, seed }));
  const all = await Promise.all(runs);
  const sum = (field: keyof (typeof all)[number]) => all.reduce((total, counts) => total + counts[field], 0);
  assertEquals(sum("kills"), KILLS);
  // Kills that hit nothing would prove nothing.
  assert(sum("early") > KILLS / 10, JSON.stringify(all));
  assert(sum("midSync") > KILLS / 4, JSON.stringify(all));
  assert(sum("midReorganisation") > KILLS / 20, JSON.stringify(all));
  assert(sum("disconnected") > KILLS, JSON.stringify(all));
}, {
  ...END_TO_END,
  timeout: 400_000,
});
