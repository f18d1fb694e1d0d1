import { copyFileSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { assert, assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { createMemoryStore, type MemoryStore } from "../../src/platform/memory_store.ts";
import { openSqliteStore } from "../../src/platform/sqlite_store.ts";
import type { Store } from "../../src/platform/types.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { REGTEST, sample, withDirectory } from "./store_fixture.ts";

// What any store must do, run against each.

/** A store and the way to find it again after its process died without a word. */
interface Subject {
  readonly store: Store;
  crash(): Subject;
}

const SUBJECTS: Readonly<Record<string, (directory: string) => Subject>> = {
  memory: () => memorySubject(createMemoryStore()),
  sqlite: (directory) => sqliteSubject(directory),
};

function memorySubject(store: MemoryStore): Subject {
  return { store, crash: () => memorySubject(store.crash()) };
}

/** A crash is simulated by copying the files under the open store: what the system holds is what survives. */
function sqliteSubject(directory: string): Subject {
  const store = openSqliteStore(join(directory, "store.db"), REGTEST);

  function crash(): Subject {
    const next = join(directory, "next");
    mkdirSync(next);
    for (const name of ["store.db", "store.db-wal"]) {
      if (existsSync(join(directory, name))) copyFileSync(join(directory, name), join(next, name));
    }
    store.close();
    return sqliteSubject(next);
  }

  return { store, crash };
}

function eachStore(behaviour: string, check: (subject: Subject) => void): void {
  for (const [name, open] of Object.entries(SUBJECTS)) {
    test(`${name} store: ${behaviour}`, () =>
      withDirectory((directory) => {
        const subject = open(directory);
        try {
          check(subject);
        } finally {
          subject.store.close();
        }
      }));
  }
}

function assertLocal(code: string, work: () => unknown): LocalError {
  const error = assertThrows(work, LocalError);
  assertEquals(error.code, code);
  return error;
}

/** All that the store holds, for comparison. */
function contents(store: Store) {
  return [...store.headers()].map((header) => ({ ...header, block: store.block(header.hash) }));
}

function sorted<T>(rows: readonly T[]): readonly T[] {
  return [...rows].sort((left, right) => JSON.stringify(left) < JSON.stringify(right) ? -1 : 1);
}

/** What it knows of other nodes. */
function acquaintances(store: Store) {
  return { addresses: sorted(store.addresses()), bans: sorted(store.bans()), anchors: store.anchors() };
}

eachStore("gives headers back in the order of arrival", ({ store }) => {
  // More than one read of the SQLite store, and an order that no key has.
  const samples = Array.from({ length: 2_500 }, (_, i) => sample(i));
  for (const { hash, header } of samples) store.putHeader(hash, header);
  store.commit();
  assertEquals(
    [...store.headers()],
    samples.map(({ hash, header }) => ({ hash, raw: header, invalid: false, blockSize: 0 })),
  );
});

eachStore("keeps a header that is put twice as it was", ({ store }) => {
  const { hash, header, block } = sample(1);
  store.putHeader(hash, header);
  store.putBlock(hash, block);
  store.setInvalid(hash, true);
  store.putHeader(hash, header);
  assertEquals([...store.headers()], [{ hash, raw: header, invalid: true, blockSize: block.length }]);
});

eachStore("gives a block back, and its size without it", ({ store }) => {
  for (let i = 0; i < 8; i++) {
    const { hash, header, block } = sample(i);
    store.putHeader(hash, header);
    assertEquals(store.block(hash), undefined);
    store.putBlock(hash, block);
    assertEquals(store.block(hash), block);
  }
  assertEquals([...store.headers()].map(({ blockSize }) => blockSize), [
    81,
    300,
    5_000,
    70_000,
    81,
    300,
    5_000,
    70_000,
  ]);
});

eachStore("gives bytes that are the caller's to change", ({ store }) => {
  const { hash, header, block } = sample(2);
  store.putHeader(hash, header);
  store.putBlock(hash, block);
  store.block(hash)!.fill(0);
  for (const { raw } of store.headers()) raw.fill(0);
  assertEquals(contents(store), [{ hash, raw: header, invalid: false, blockSize: block.length, block }]);
});

eachStore("replaces a block that is put again", ({ store }) => {
  const { hash, header } = sample(1);
  store.putHeader(hash, header);
  store.putBlock(hash, sample(2).block);
  store.putBlock(hash, sample(3).block);
  assertEquals(store.block(hash), sample(3).block);
  assertEquals([...store.headers()][0]!.blockSize, sample(3).block.length);
});

eachStore("forgets a removed block but keeps its header", ({ store }) => {
  const { hash, header, block } = sample(1);
  store.putHeader(hash, header);
  store.putBlock(hash, block);
  store.commit();
  store.removeBlock(hash);
  store.removeBlock(hash);
  store.removeBlock(sample(9).hash);
  assertEquals(store.block(hash), undefined);
  assertEquals([...store.headers()], [{ hash, raw: header, invalid: false, blockSize: 0 }]);
});

eachStore("marks blocks invalid and valid again", ({ store }) => {
  const { hash, header } = sample(1);
  store.putHeader(hash, header);
  store.setInvalid(hash, true);
  assert([...store.headers()][0]!.invalid);
  store.setInvalid(hash, false);
  assert(![...store.headers()][0]!.invalid);
});

eachStore("keeps settings", ({ store }) => {
  assertEquals(store.setting("tip"), undefined);
  store.putSetting("tip", "a");
  store.putSetting("tip", "bé");
  store.putSetting("", "empty name");
  assertEquals([store.setting("tip"), store.setting(""), store.setting("Tip")], ["bé", "empty name", undefined]);
});

eachStore("keeps addresses, one row an endpoint", ({ store }) => {
  assertEquals(store.addresses(), []);
  store.putAddress({ endpoint: "192.0.2.1:1", record: "a" });
  store.putAddress({ endpoint: "192.0.2.1:2", record: "b" });
  store.putAddress({ endpoint: "192.0.2.1:1", record: "cé" });
  store.removeAddress("192.0.2.1:2");
  store.removeAddress("192.0.2.1:3");
  assertEquals(store.addresses(), [{ endpoint: "192.0.2.1:1", record: "cé" }]);
});

eachStore("keeps bans, one row a subnet", ({ store }) => {
  store.putBan({ subnet: "192.0.2.0/24", until: 1, reason: "spam" });
  store.putBan({ subnet: "2001:db8::1", until: Number.MAX_SAFE_INTEGER, reason: "" });
  store.putBan({ subnet: "192.0.2.0/24", until: 2, reason: "more spam" });
  store.removeBan("192.0.2.0/25");
  assertEquals(sorted(store.bans()), [
    { subnet: "192.0.2.0/24", until: 2, reason: "more spam" },
    { subnet: "2001:db8::1", until: Number.MAX_SAFE_INTEGER, reason: "" },
  ]);
  store.removeBan("192.0.2.0/24");
  assertEquals(store.bans().length, 1);
});

eachStore("keeps anchors in their order", ({ store }) => {
  assertEquals(store.anchors(), []);
  store.putAnchors(["b:1", "a:1"]);
  assertEquals(store.anchors(), ["b:1", "a:1"]);
  store.putAnchors(["c:1", "a:1", "b:1"]);
  assertEquals(store.anchors(), ["c:1", "a:1", "b:1"]);
  store.putAnchors([]);
  assertEquals(store.anchors(), []);
});

eachStore("refuses what cannot be stored and goes on", ({ store }) => {
  const { hash, header, block } = sample(1);
  assertLocal("bad-argument", () => store.putBlock(hash, block));
  assertLocal("bad-argument", () => store.setInvalid(hash, true));
  assertLocal("bad-argument", () => store.putHeader(hash, header.subarray(1)));
  assertLocal("bad-argument", () => store.putHeader(hash.slice(2), header));
  assertLocal("bad-argument", () => store.putHeader(`${hash.slice(2)}xy`, header));
  assertLocal("bad-argument", () => store.block(`${hash}00`));
  for (const until of [-1, 1.5, NaN, 2 ** 53]) {
    assertLocal("bad-argument", () => store.putBan({ subnet: "::/0", until, reason: "" }));
  }
  store.putHeader(hash, header);
  assertLocal("bad-argument", () => store.putBlock(hash, new Uint8Array(0)));
  store.commit();
  assertEquals(contents(store), [{ hash, raw: header, invalid: false, blockSize: 0, block: undefined }]);
});

eachStore("can be written to while its headers are read", ({ store }) => {
  for (let i = 0; i < 1_500; i++) store.putHeader(sample(i).hash, sample(i).header);
  let count = 0;
  for (const { hash } of store.headers()) {
    if (count++ < 1_500) store.putBlock(hash, sample(0).block);
    if (count === 1_200) {
      store.commit();
      store.putHeader(sample(2_000).hash, sample(2_000).header);
    }
  }
  assertEquals(count, 1_501);
  assertEquals([...store.headers()].filter(({ blockSize }) => blockSize === 81).length, 1_500);
});

eachStore("finds after a crash what was committed, and nothing else", (subject) => {
  const { store } = subject;
  const [a, b, c] = [sample(1), sample(2), sample(3)];
  for (const { hash, header } of [a, b]) store.putHeader(hash, header);
  store.putBlock(a.hash, a.block);
  store.putSetting("tip", a.hash);
  store.putAddress({ endpoint: "kept:1", record: "1" });
  store.putBan({ subnet: "::/0", until: 1, reason: "" });
  store.putAnchors(["kept:1"]);
  store.commit();
  const committed = contents(store);
  const acquainted = acquaintances(store);

  store.putHeader(c.hash, c.header);
  store.putBlock(b.hash, b.block);
  store.putBlock(a.hash, c.block);
  store.removeBlock(a.hash);
  store.setInvalid(b.hash, true);
  store.putSetting("tip", b.hash);
  store.putSetting("new", "1");
  store.putAddress({ endpoint: "kept:1", record: "2" });
  store.putAddress({ endpoint: "lost:1", record: "3" });
  store.removeAddress("kept:1");
  store.removeBan("::/0");
  store.putAnchors(["lost:1", "kept:1"]);
  assertNotEquals(contents(store), committed);
  assertNotEquals(acquaintances(store), acquainted);

  const next = subject.crash().store;
  assertEquals(contents(next), committed);
  assertEquals(acquaintances(next), acquainted);
  assertEquals([next.setting("tip"), next.setting("new")], [a.hash, undefined]);
  next.close();
});

eachStore("commits when it is closed, and is closed from then on", (subject) => {
  const { store } = subject;
  const { hash, header } = sample(1);
  store.putHeader(hash, header);
  store.close();
  store.close();
  assertLocal("stopped", () => store.putHeader(hash, header));
  assertLocal("stopped", () => store.block(hash));
  assertLocal("stopped", () => store.setting("tip"));
  assertLocal("stopped", () => store.addresses());
  assertLocal("stopped", () => store.removeBan("::/0"));
  assertLocal("stopped", () => store.putAnchors([]));
  assertLocal("stopped", () => store.commit());
  assertLocal("stopped", () => [...store.headers()]);
  const next = subject.crash().store;
  assertEquals([...next.headers()].length, 1);
  next.close();
});

/** A small generator of numbers, so that a failure can be repeated. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const KEYS = 12;

/** One call chosen by chance, made to both. */
function randomCall(next: (below: number) => number): (store: Store) => void {
  const { hash, header } = sample(next(KEYS));
  const { block } = sample(next(KEYS));
  const invalid = next(2) === 1;
  const calls: ((store: Store) => void)[] = [
    (store) => store.putHeader(hash, header),
    (store) => store.putBlock(hash, block),
    (store) => store.removeBlock(hash),
    (store) => store.setInvalid(hash, invalid),
    (store) => store.putSetting(`setting ${block.length}`, hash),
    (store) => store.putAddress({ endpoint: `${block.length}:1`, record: hash }),
    (store) => store.removeAddress(`${block.length}:1`),
    (store) => store.putBan({ subnet: `${block.length}`, until: block.length, reason: hash }),
    (store) => store.removeBan(`${block.length}`),
    (store) => store.putAnchors([hash, String(block.length)]),
    (store) => store.commit(),
  ];
  return calls[next(calls.length)]!;
}

function outcome(call: (store: Store) => void, store: Store): string {
  try {
    call(store);
    return "done";
  } catch (error) {
    if (error instanceof LocalError) return error.message;
    throw error;
  }
}

test("memory and sqlite store: any calls have the same outcome in both, crashes included", () => {
  for (let seed = 1; seed <= 12; seed++) {
    withDirectory((directory) => {
      const next = numbersFrom(seed);
      let memory = memorySubject(createMemoryStore());
      let sqlite = sqliteSubject(directory);
      for (let step = 0; step < 150; step++) {
        const call = randomCall(next);
        assertEquals(outcome(call, memory.store), outcome(call, sqlite.store), `seed ${seed}, step ${step}`);
        if (next(40) !== 0) continue;
        [memory, sqlite] = [memory.crash(), sqlite.crash()];
        assertEquals(contents(memory.store), contents(sqlite.store), `seed ${seed}, crash after step ${step}`);
      }
      assertEquals(contents(memory.store), contents(sqlite.store), `seed ${seed}, at the end`);
      assertEquals(acquaintances(memory.store), acquaintances(sqlite.store), `seed ${seed}, at the end`);
      sqlite.store.close();
    });
  }
});
