import { test } from "node:test";
import { assert, assertEquals, assertGreater } from "@std/assert";
import { withDirectory } from "../platform/store_fixture.ts";
import { examineStore, type Finding, storeChain, type StoredChain, type StoreFiles } from "../support/damaged_store.ts";
import { createSeededRandom } from "../support/random.ts";

const PAGE_BYTES = 8192;
const GARBAGE_BYTES = 64;
const FLIPS = 100;
/** Codes of what may be said of a damaged file. A damaged first page can look like another program's, or a newer one. */
const REFUSALS = ["store-corrupt", "store-mismatch", "store-newer", "bad-file"];
const TIMEOUT = { timeout: 120_000 };

interface Scene {
  readonly chain: StoredChain;
  readonly random: () => number;
  readonly examine: (files: StoreFiles) => Finding;
}

function damageTest(name: string, act: (scene: Scene) => void): void {
  test(`store damage: ${name}`, TIMEOUT, () =>
    withDirectory((directory) => {
      const chain = storeChain(directory);
      const examine = (files: StoreFiles) => {
        const finding = examineStore(directory, chain, files);
        if ("refusal" in finding) assert(REFUSALS.includes(finding.refusal.code), String(finding.refusal));
        return finding;
      };
      act({ chain, random: createSeededRandom(7), examine });
    }));
}

/** The same with a change by chance. */
function changed(bytes: Uint8Array, change: (copy: Uint8Array) => void): Uint8Array {
  const copy = bytes.slice();
  change(copy);
  return copy;
}

function count(findings: readonly Finding[]): { whole: number; refused: number } {
  const refused = findings.filter((finding) => "refusal" in finding).length;
  return { whole: findings.length - refused, refused };
}

damageTest("what is whole is believed", ({ chain, examine }) => {
  assertEquals([examine(chain.closed), examine(chain.killed)], [{ height: 60 }, { height: 60 }]);
});

damageTest("a bit that flips anywhere in the database changes no answer", ({ chain, random, examine }) => {
  const findings = Array.from({ length: FLIPS }, () => {
    const database = changed(chain.closed.database, (copy) => {
      copy[Math.floor(random() * copy.length)]! ^= 1 << Math.floor(random() * 8);
    });
    return examine({ ...chain.closed, database });
  });
  for (const finding of findings) if ("height" in finding) assertEquals(finding.height, 60);
  const { whole, refused } = count(findings);
  // Half of the file is room that nobody uses yet.
  assert(whole > FLIPS / 10 && refused > FLIPS / 10, `${whole} whole, ${refused} refused`);
});

damageTest("garbage at the beginning, in the middle and at the end of each page changes no answer", (scene) => {
  const { chain, random, examine } = scene;
  const { database } = chain.closed;
  const findings: Finding[] = [];
  for (let page = 0; page < database.length; page += PAGE_BYTES) {
    for (const at of [page, page + PAGE_BYTES / 2, page + PAGE_BYTES - GARBAGE_BYTES]) {
      const spoilt = changed(database, (copy) => {
        for (let i = 0; i < GARBAGE_BYTES; i++) copy[at + i] = Math.floor(random() * 256);
      });
      findings.push(examine({ ...chain.closed, database: spoilt }));
    }
  }
  for (const finding of findings) if ("height" in finding) assertEquals(finding.height, 60);
  assertGreater(count(findings).refused, 10);
});

damageTest("a page in the place of another changes no answer", ({ chain, random, examine }) => {
  const { database } = chain.closed;
  const pages = database.length / PAGE_BYTES;
  const page = () => Math.floor(random() * pages) * PAGE_BYTES;
  for (let i = 0; i < pages; i++) {
    const [from, to] = [page(), page()];
    const swapped = changed(database, (copy) => copy.copyWithin(to, from, from + PAGE_BYTES));
    const finding = examine({ ...chain.closed, database: swapped });
    if ("height" in finding) assertEquals(finding.height, 60);
  }
});

damageTest("a database that ends early is refused, or has no block at all", ({ chain, examine }) => {
  const { database } = chain.closed;
  for (let size = 0; size < database.length; size += PAGE_BYTES / 2) {
    const finding = examine({ ...chain.closed, database: database.slice(0, size) });
    if ("height" in finding) assertEquals([finding.height, size], [0, 0]);
  }
});

damageTest("a log that is damaged or ends early counts up to there", ({ chain, random, examine }) => {
  const { log } = chain.killed;
  const heights = new Set<number>();
  for (let i = 0; i < FLIPS / 4; i++) {
    const at = Math.floor(random() * log.length);
    const flipped = changed(log, (copy) => {
      copy[at]! ^= 1 << Math.floor(random() * 8);
    });
    for (const damaged of [flipped, log.slice(0, at)]) {
      const finding = examine({ ...chain.killed, log: damaged });
      if ("height" in finding) heights.add(finding.height);
    }
  }
  // Each frame of the log is one commit's, so what counts is what some moment knew.
  assertGreater(heights.size, 5);
});
