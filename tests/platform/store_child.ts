// Commits batches until it is killed, and says so after each: "<first> <end>" means that samples first to end - 1 are
// committed. Arguments: path of the store, number of the first sample.
import { writeSync } from "node:fs";
import process from "node:process";
import { openSqliteStore } from "../../src/platform/sqlite_store.ts";
import { REGTEST, sample } from "./store_fixture.ts";

const STDOUT = 1;
const [path, first] = process.argv.slice(2);
const store = openSqliteStore(path!, REGTEST);

for (let start = Number(first), size = 1;; size = 1 + (size % 5)) {
  for (let number = start; number < start + size; number++) {
    const { hash, header, block } = sample(number);
    store.putHeader(hash, header);
    store.putBlock(hash, block);
  }
  store.putSetting("count", String(start + size));
  store.commit();
  writeSync(STDOUT, `${start} ${start + size}\n`);
  start += size;
}
