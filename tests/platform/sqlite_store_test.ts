import { Buffer } from "node:buffer";
import { chmodSync, closeSync, copyFileSync, mkdirSync, openSync, readFileSync, statSync, truncateSync } from "node:fs";
import { writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { assert, assertEquals, assertGreater, assertLess, assertStringIncludes, assertThrows } from "@std/assert";
import { openSqliteStore } from "../../src/platform/sqlite_store.ts";
import { explainSqliteError } from "../../src/platform/sqlite_error.ts";
import { migrate, MIGRATIONS, STORE_FORMAT } from "../../src/platform/store_schema.ts";
import type { Store } from "../../src/platform/types.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { startChild } from "./children.ts";
import { REGTEST, sample, UNWRITABLE, withDirectory } from "./store_fixture.ts";

const MAIN = {
  name: "main",
  genesisHash: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
};
const MIB = 1_048_576;

function withPath<T>(work: (path: string) => T): T {
  return withDirectory((directory) => work(join(directory, "store.db")));
}

const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;

/** Root may write whatever the mode of a file says. */
function asNobody<T>(work: () => T): T {
  if (!isRoot) return work();
  process.seteuid?.(NOBODY);
  try {
    return work();
  } finally {
    process.seteuid?.(0);
  }
}

function assertLocal(code: string, includes: string, work: () => unknown): void {
  const error = assertThrows(work, LocalError, includes);
  assertEquals(error.code, code);
}

function putSamples(store: Store, from: number, to: number): void {
  for (let number = from; number < to; number++) {
    const { hash, header, block } = sample(number);
    store.putHeader(hash, header);
    store.putBlock(hash, block);
  }
}

/** The numbers of samples are 0 to n - 1, each complete; returns n. */
function checkSamples(store: Store): number {
  let count = 0;
  for (const { hash, raw, blockSize } of store.headers()) {
    const wanted = sample(count);
    assertEquals({ hash, raw, blockSize }, { hash: wanted.hash, raw: wanted.header, blockSize: wanted.block.length });
    assertEquals(store.block(hash), wanted.block);
    count++;
  }
  return count;
}

function withDatabase<T>(path: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    return work(database);
  } finally {
    database.close();
  }
}

function checkIntegrity(path: string): void {
  const row = withDatabase(path, (database) => database.prepare("PRAGMA integrity_check").get());
  assertEquals({ ...row }, { integrity_check: "ok" });
}

test("sqlite store: a process killed at any moment loses nothing that it acknowledged", async () => {
  await withDirectory(async (directory) => {
    const path = join(directory, "store.db");
    let acknowledged = 0;
    for (let round = 0; round < 20; round++) {
      const child = startChild("store_child.ts", [path, String(acknowledged)]);
      // The child goes on while the line is on its way, so the kill comes at any point of its loop.
      for (let line = 0; line <= round; line++) acknowledged = Number((await child.line())!.split(" ")[1]);
      await child.kill();
      for (let line = await child.line(); line !== undefined; line = await child.line()) {
        if (line.includes(" ")) acknowledged = Number(line.split(" ")[1]);
      }
      const store = openSqliteStore(path, REGTEST);
      const count = checkSamples(store);
      assertEquals(store.setting("count"), String(count), `round ${round}: half of a batch was found`);
      assert(count >= acknowledged, `round ${round}: ${acknowledged} acknowledged, ${count} found`);
      store.close();
      checkIntegrity(path);
      acknowledged = count;
    }
    assertGreater(acknowledged, 20);
  });
});

test("sqlite store: whatever part of the log reached the disk before a power failure, it opens at some commit", () => {
  withDirectory((directory) => {
    const path = join(directory, "store.db");
    const store = openSqliteStore(path, REGTEST);
    const commits = new Set<number>([0]);
    for (let number = 0; number < 24; number += 3) {
      putSamples(store, number, number + 3);
      store.commit();
      commits.add(number + 3);
    }
    const logSize = statSync(`${path}-wal`).size;
    const found = new Set<number>();
    for (let cut = 0; cut <= 40; cut++) {
      const copy = join(directory, String(cut));
      mkdirSync(copy);
      copyFileSync(path, join(copy, "store.db"));
      copyFileSync(`${path}-wal`, join(copy, "store.db-wal"));
      truncateSync(join(copy, "store.db-wal"), Math.floor((logSize * cut) / 40));
      const survivor = openSqliteStore(join(copy, "store.db"), REGTEST);
      found.add(checkSamples(survivor));
      survivor.close();
      checkIntegrity(join(copy, "store.db"));
    }
    assertEquals(found, commits);
    store.close();
  });
});

test("sqlite store: a second one of the same file is refused while the first is open", () =>
  withPath((path) => {
    const store = openSqliteStore(path, REGTEST);
    assertLocal("store-locked", `Cannot open ${path}: in use`, () => openSqliteStore(path, REGTEST));
    store.close();
    openSqliteStore(path, REGTEST).close();
  }));

test("sqlite store: a store of another network is refused", () =>
  withPath((path) => {
    openSqliteStore(path, REGTEST).close();
    assertLocal("store-mismatch", "it holds network regtest", () => openSqliteStore(path, MAIN));
    // All signets share one genesis block, and so do main and its forks.
    assertLocal("store-mismatch", "received other", () => openSqliteStore(path, { ...REGTEST, name: "other" }));
    openSqliteStore(path, REGTEST).close();
  }));

test("sqlite store: another program's database is refused and left as it was", () =>
  withPath((path) => {
    withDatabase(path, (database) => database.exec("CREATE TABLE notes (text TEXT)"));
    const before = readFileSync(path);
    assertLocal("store-mismatch", "a database of another program", () => openSqliteStore(path, REGTEST));
    assertEquals(readFileSync(path).equals(before), true);
  }));

test("sqlite store: an older format is brought up to date with its data", () =>
  withPath((path) => {
    const store = openSqliteStore(path, REGTEST);
    putSamples(store, 0, 10);
    store.close();
    const newer = [...MIGRATIONS, "CREATE TABLE notes (text TEXT PRIMARY KEY) STRICT"];
    withDatabase(path, (database) => {
      migrate(database, STORE_FORMAT, newer);
      assertEquals({ ...database.prepare("SELECT count(*) AS n FROM headers").get() }, { n: 10 });
      database.exec("INSERT INTO notes VALUES ('a')");
      migrate(database, newer.length, newer);
      assertEquals({ ...database.prepare("PRAGMA user_version").get() }, { user_version: STORE_FORMAT + 1 });
    });
  }));

test("sqlite store: a store of format 1 gets what later formats have", () =>
  withPath((path) => {
    withDatabase(path, (database) => {
      migrate(database, 0, MIGRATIONS.slice(0, 1));
      database.prepare("INSERT INTO network VALUES (?, ?)").run(REGTEST.name, Buffer.from(REGTEST.genesisHash, "hex"));
      database.prepare("INSERT INTO settings VALUES ('tip', 'a')").run();
    });
    const store = openSqliteStore(path, REGTEST);
    store.putAnchors(["192.0.2.1:1"]);
    assertEquals([store.setting("tip"), store.anchors()], ["a", ["192.0.2.1:1"]]);
    store.close();
  }));

test("sqlite store: a ban whose end is no number of ours ends late, and hides no other", () =>
  withPath((path) => {
    openSqliteStore(path, REGTEST).close();
    withDatabase(path, (database) => {
      database.exec(
        "INSERT INTO bans (subnet, until, reason) VALUES ('192.0.2.1', 9223372036854775807, 'x'), ('192.0.2.2', -5, 'y')",
      );
    });
    const store = openSqliteStore(path, REGTEST);
    assertEquals(store.bans().map(({ until }) => until), [Number.MAX_SAFE_INTEGER, 0]);
    store.close();
  }));

/** What a flipped bit makes of a row of each table that is no part of the chain, and who reads it. */
const CHANGES: readonly (readonly [statement: string, read: (store: Store) => unknown])[] = [
  ["UPDATE settings SET value = 'c'", (store) => store.setting("a")],
  ["UPDATE settings SET name = 'c'", (store) => store.setting("c")],
  ["UPDATE addresses SET endpoint = '192.0.2.3:1'", (store) => store.addresses()],
  ["UPDATE addresses SET record = '[]'", (store) => store.addresses()],
  ["UPDATE bans SET subnet = '192.0.2.5'", (store) => store.bans()],
  ["UPDATE bans SET until = until + 1", (store) => store.bans()],
  ["UPDATE bans SET reason = 'none'", (store) => store.bans()],
  ["UPDATE anchors SET endpoint = '192.0.2.6:1'", (store) => store.anchors()],
];

test("sqlite store: a changed setting, address, ban or anchor is noticed", () => {
  for (const [statement, read] of CHANGES) {
    withPath((path) => {
      const store = openSqliteStore(path, REGTEST);
      store.putSetting("a", "b");
      store.putAddress({ endpoint: "192.0.2.2:1", record: "{}" });
      store.putBan({ subnet: "192.0.2.4", until: 5, reason: "some" });
      store.putAnchors(["192.0.2.7:1"]);
      assertEquals([store.setting("a"), store.addresses().length, store.bans().length], ["b", 1, 1]);
      assertEquals(store.anchors(), ["192.0.2.7:1"]);
      store.close();
      withDatabase(path, (database) => database.exec(statement));
      const reopened = openSqliteStore(path, REGTEST);
      const { code } = assertThrows(() => read(reopened), LocalError);
      assertEquals(code, "store-corrupt");
      reopened.close();
    });
  }
});

test("sqlite store: a migration that fails leaves the old format whole", () =>
  withPath((path) => {
    const store = openSqliteStore(path, REGTEST);
    putSamples(store, 0, 10);
    store.close();
    const broken = [...MIGRATIONS, "DELETE FROM blocks; CREATE TABLE headers (id)"];
    withDatabase(path, (database) => assertThrows(() => migrate(database, STORE_FORMAT, broken), Error, "headers"));
    const reopened = openSqliteStore(path, REGTEST);
    assertEquals(checkSamples(reopened), 10);
    reopened.close();
  }));

test("sqlite store: a process killed before the schema was complete leaves a file that opens", () =>
  withPath((path) => {
    withDatabase(path, (database) => {
      database.exec("PRAGMA journal_mode = WAL");
      database.exec("BEGIN");
      database.exec(MIGRATIONS[0]!);
      copyFileSync(path, `${path}.copy`);
      copyFileSync(`${path}-wal`, `${path}.copy-wal`);
    });
    openSqliteStore(`${path}.copy`, REGTEST).close();
    writeFileSync(`${path}.empty`, "");
    openSqliteStore(`${path}.empty`, REGTEST).close();
  }));

test("sqlite store: a newer format is refused", () =>
  withPath((path) => {
    openSqliteStore(path, REGTEST).close();
    withDatabase(path, (database) => database.exec(`PRAGMA user_version = ${STORE_FORMAT + 3}`));
    const message = `Cannot open ${path}: written by a newer p2p (format ${STORE_FORMAT + 3}, ` +
      `this one reads up to ${STORE_FORMAT})`;
    assertLocal("store-newer", message, () => openSqliteStore(path, REGTEST));
  }));

test("sqlite store: a file that is no database is called damaged", () =>
  withPath((path) => {
    writeFileSync(path, "no database at all, ".repeat(500));
    assertLocal("store-corrupt", "the file is damaged; move it away", () => openSqliteStore(path, REGTEST));
  }));

test("sqlite store: damaged pages are reported when they are read", () =>
  withPath((path) => {
    const store = openSqliteStore(path, REGTEST);
    putSamples(store, 0, 200);
    store.close();
    const file = openSync(path, "r+");
    const garbage = new Uint8Array(statSync(path).size - 8 * 8_192).fill(0xa5);
    writeSync(file, garbage, 0, garbage.length, 8 * 8_192);
    closeSync(file);
    assertLocal("store-corrupt", `${path}: the file is damaged`, () => {
      const damaged = openSqliteStore(path, REGTEST);
      try {
        checkSamples(damaged);
      } finally {
        damaged.close();
      }
    });
  }));

test("sqlite store: a full disk ends it, and undoes the batch as a whole", () =>
  withPath((path) => {
    const store = openSqliteStore(path, REGTEST, { maxBytes: MIB });
    putSamples(store, 0, 8);
    store.commit();
    assertLocal("store-full", `Cannot write ${path}: no space left`, () => {
      putSamples(store, 8, 1_000);
      store.commit();
    });
    assertLocal("store-full", "no space left", () => store.putHeader(sample(0).hash, sample(0).header));
    assertLocal("store-full", "no space left", () => store.commit());
    assertLocal("store-full", "no space left", () => store.block(sample(0).hash));
    store.close();

    assertLess(statSync(path).size, MIB + 1);
    const reopened = openSqliteStore(path, REGTEST);
    assertEquals(checkSamples(reopened), 8);
    reopened.close();
    checkIntegrity(path);
  }));

test("sqlite store: removed blocks make room for new ones", () =>
  withPath((path) => {
    const store = openSqliteStore(path, REGTEST, { maxBytes: MIB });
    for (let number = 0; number < 200; number++) {
      putSamples(store, number, number + 1);
      store.commit();
      if (number >= 12) store.removeBlock(sample(number - 12).hash);
    }
    assertEquals([...store.headers()].filter(({ blockSize }) => blockSize > 0).length, 12);
    store.close();
  }));

test("sqlite store: a missing directory, a directory and a place that cannot be written to are named", () =>
  withDirectory((directory) => {
    const unwritable = UNWRITABLE.map((parent) => join(parent, "store.db"));
    for (const path of [join(directory, "missing", "store.db"), directory, ...unwritable]) {
      assertLocal("bad-file", `Cannot open ${path}: the file cannot be opened`, () => openSqliteStore(path, REGTEST));
    }
  }));

test(
  "sqlite store: a file that this user may only read is named, with what to do",
  { skip: !process.geteuid },
  () =>
    asNobody(() =>
      withPath((path) => {
        openSqliteStore(path, REGTEST).close();
        chmodSync(path, 0o444);
        assertLocal("bad-file", `Cannot write ${path}: the file is read-only for this user; let it write there`, () => {
          openSqliteStore(path, REGTEST);
        });
        chmodSync(path, 0o644);
        openSqliteStore(path, REGTEST).close();
      })
    ),
);

test("sqlite store: a database that may only be read is called so", () =>
  withPath((path) => {
    openSqliteStore(path, REGTEST).close();
    const database = new DatabaseSync(path, { readOnly: true });
    const refusal = assertThrows(() => database.exec("DELETE FROM settings"), Error);
    database.close();
    const explained = explainSqliteError("write it", refusal);
    assert(explained instanceof LocalError);
    assertStringIncludes(explained.message, "Cannot write it: the file or its directory is read-only");
  }));
