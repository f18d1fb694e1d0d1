import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { assert, assertEquals, assertMatch } from "@std/assert";
import { BINARY, END_TO_END } from "../support/binary.ts";
import { run } from "../support/program.ts";
import { type Site, siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";

/** Room for a part of the chain only. */
const DISK_MIB = 3;
/** A disk of one's own needs a mount namespace: of root's, or of a user who may have one. */
const NAMESPACES = [["--mount"], ["--user", "--map-root-user", "--mount"]] as const;
const NO = 1;

const namespace = NAMESPACES.find((flags) => {
  const mount = "mount -t tmpfs -o size=1m tmpfs /mnt";
  return spawnSync("unshare", [...flags, "sh", "-c", mount]).status === 0;
});

function unless(reason: string, isPossible: boolean) {
  return { ...END_TO_END, skip: END_TO_END.skip || (isPossible ? false : reason) } as const;
}

/** Runs a script of the shell, with the program as $P2P, in `DIR` as its data directory. */
function shell(site: Site, directory: string, script: string) {
  const [file, ...args] = namespace ? ["unshare", ...namespace, "sh"] : ["sh"];
  const env = { P2P: BINARY, DIR: directory, OUT: site.folder };
  return run({ file: file!, args }, ["-c", script], { env, timeoutMs: 60_000 });
}

siteTest("full disk: a node ends with a line that says so, and has what it had before", async (site) => {
  const directory = site.directory();
  const file = site.file("main.blk", testChain().mainFile);
  const place = '--network regtest --no-discover --no-listen --data-dir "$DIR"';
  const { code, stdout, stderr } = await shell(
    site,
    directory,
    `mount -t tmpfs -o size=${DISK_MIB}m tmpfs "$DIR" || exit 9
    "$P2P" node ${place} --import "${file}"; echo "code $?"
    mount -o remount,size=64m "$DIR"
    "$P2P" node ${place} --export "$OUT/left.blk"; echo "code $?"`,
  );
  assertEquals([code, stdout.trim()], [0, `code ${NO}\ncode 0`], stderr);
  assertMatch(stderr, /^p2p: Cannot write \S+: no space left; free some, or prune, and start again$/m);
  const left = readFileSync(join(site.folder, "left.blk"));
  assert(left.length > 300_000, `${left.length} bytes of blocks survived`);
  assert(left.equals(testChain().mainFile.subarray(0, left.length)), "what survived is not what was imported");
}, unless("this system lets us mount nothing", namespace !== undefined));

siteTest("full disk: a limit on the size of files is one, too", async (site) => {
  const directory = site.directory();
  const file = site.file("main.blk", testChain().mainFile);
  // In blocks of 512 bytes. The signal that comes with it would end the process without a word.
  const { stdout, stderr } = await run({ file: "sh", args: [] }, [
    "-c",
    `trap '' XFSZ; ulimit -f 4000
    "${BINARY}" node --network regtest --no-discover --no-listen --data-dir "${directory}" --import "${file}"
    echo "code $?"`,
  ]);
  assertEquals(stdout.trim(), `code ${NO}`, stderr);
  assertMatch(stderr, /^p2p: Cannot write \S+: (?:no space left|the disk reported an error)/m);
});

siteTest("read-only disk: a node ends with a line that says so", async (site) => {
  const directory = site.directory();
  const { code, stdout, stderr } = await shell(
    site,
    directory,
    `mount -t tmpfs tmpfs "$DIR" || exit 9
    "$P2P" node --network regtest --data-dir "$DIR" --export "$OUT/one.blk" 2>/dev/null || exit 8
    mount -o remount,ro "$DIR"
    "$P2P" node --network regtest --data-dir "$DIR" --no-discover --no-listen; echo "code $?"`,
  );
  assertEquals([code, stdout.trim()], [0, `code ${NO}`], stderr);
  assertMatch(stderr, /^p2p: Cannot .*: .*read-only/m);
}, unless("this system lets us mount nothing", namespace !== undefined));

siteTest("damaged store: a block that is not what it was ends the node, and is not told", async (site) => {
  const { mainFile, main } = testChain();
  const dataDir = site.directory();
  const args = ["--import", site.file("main.blk", mainFile)];
  const first = await site.node({ dataDir, args });
  assertEquals((await first.stop()).code, 0);
  const path = join(dataDir, "chain.db");
  const block = main[2000]!;
  const database = readFileSync(path);
  // More than a header, which lies elsewhere, too.
  const at = database.indexOf(block.subarray(0, 100));
  assert(at > 0 && !existsSync(`${path}-wal`), "the block is not where it was looked for");
  database[at + 99]! ^= 1;
  writeFileSync(path, database);
  const node = await site.node({ dataDir });
  const before = await node.request("/v1/blocks/1999?raw=1");
  assertEquals([before.status, before.body.trim()], [200, main[1999]!.toString("hex")]);
  const answer = await node.request("/v1/blocks/2000?raw=1");
  assertEquals(answer.status, 503, answer.body);
  const { code } = await node.program.exited;
  assertEquals(code, NO, node.log);
  assertMatch(
    node.log,
    /^p2p: Cannot read \S+: the file is damaged; move it away and sync again, or put back a copy$/m,
  );
  const exported = await run({ file: BINARY, args: [] }, [
    ...["node", "--network", "regtest", "--data-dir", dataDir],
    ...["--export", join(site.folder, "damaged.blk")],
  ]);
  assertEquals(exported.code, NO, exported.stderr);
  assertMatch(exported.stderr, /the file is damaged/);
  assert(!existsSync(join(site.folder, "damaged.blk")));
});
