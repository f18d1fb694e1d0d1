import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { createBlockFileWriter, readBlocks } from "../../src/platform/block_file.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { concatBytes, equalBytes } from "../../src/util/bytes.ts";
import { sample, withDirectory } from "./store_fixture.ts";

const MAIN_MAGIC = 0xf9beb4d9;
const REGTEST_MAGIC = 0xfabfb5da;
const MAX_BLOCK_BYTES = 4_000_000;
const DATA = process.env.P2P_TEST_DATA ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));
const REGTEST_FILE = join(DATA, "regtest-2100.blk");

/** One record as Bitcoin writes it, by hand. */
function record(block: Uint8Array, lengthField = block.length): Uint8Array {
  const header = new Uint8Array([0xf9, 0xbe, 0xb4, 0xd9, 0, 0, 0, 0]);
  new DataView(header.buffer).setUint32(4, lengthField, true);
  return concatBytes([header, block]);
}

function withFile<T>(parts: readonly Uint8Array[], work: (path: string) => T): T {
  return withDirectory((directory) => {
    const path = join(directory, "blk00000.dat");
    writeFileSync(path, concatBytes(parts));
    return work(path);
  });
}

/** What is read up to the error, if one comes. */
function readAll(path: string, magic = MAIN_MAGIC) {
  const blocks: Uint8Array[] = [];
  try {
    for (const { raw } of readBlocks(path, magic)) blocks.push(raw);
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    return { blocks, code: error.code, message: error.message };
  }
  return { blocks };
}

const BLOCKS = [0, 1, 2, 3].map((number) => sample(number).block);

test("block file: blocks come with their place and offset, zeros at the end do not count", () => {
  for (const padding of [0, 1, 7, 8, 9, 3_000_000]) {
    withFile([...BLOCKS.map((block) => record(block)), new Uint8Array(padding)], (path) => {
      const found = [...readBlocks(path, MAIN_MAGIC)];
      assertEquals(found.map(({ raw }) => raw), BLOCKS, `${padding} zeros`);
      assertEquals(found.map(({ index, offset }) => [index, offset]), [[0, 0], [1, 89], [2, 397], [3, 5_405]]);
    });
  }
});

test("block file: an empty file has no blocks, nor has one of zeros", () => {
  withFile([], (path) => assertEquals(readAll(path), { blocks: [] }));
  withFile([new Uint8Array(10_000_000)], (path) => assertEquals(readAll(path), { blocks: [] }));
});

test("block file: blocks of the largest size, across every chunk", () => {
  const blocks = [MAX_BLOCK_BYTES, 81, MAX_BLOCK_BYTES - 1, 1_048_576, 1_048_568, MAX_BLOCK_BYTES].map((size, i) =>
    new Uint8Array(size).fill(i + 1)
  );
  withFile(blocks.map((block) => record(block)), (path) => {
    const found = readAll(path);
    assertEquals(found.blocks.map((block) => block.length), blocks.map((block) => block.length));
    assert(found.blocks.every((block, i) => equalBytes(block, blocks[i]!)));
  });
});

test("block file: what is wrong is named by index and offset, and what came before stays", () => {
  const good = record(sample(0).block);
  const cases: readonly (readonly [bad: Uint8Array, why: string])[] = [
    [record(sample(1).block).subarray(0, 200), "the file ends after 192 of its 300 bytes"],
    [record(sample(1).block).subarray(0, 8), "the file ends after 0 of its 300 bytes"],
    [record(sample(1).block).subarray(0, 5), "the file ends after 5 bytes of its header"],
    [record(sample(1).block, 80), "a block has 81 to 4000000 bytes: received a length of 80"],
    [record(sample(1).block, 4_000_001), "a block has 81 to 4000000 bytes: received a length of 4000001"],
    [record(sample(1).block, 0xffff_ffff), "a block has 81 to 4000000 bytes: received a length of 4294967295"],
    [sample(1).block.slice().fill(0xab), "magic f9beb4d9 wanted: received abababab"],
    [concatBytes([new Uint8Array(40), good]), "zeros in its place, but data follows at byte 129"],
    [concatBytes([new Uint8Array(4), good]), "magic f9beb4d9 wanted: received 00000000"],
  ];
  for (const [bad, why] of cases) {
    withFile([good, bad], (path) => {
      const message = `Cannot read ${path}: block 1 at byte 89: ${why}`;
      assertEquals(readAll(path), { blocks: [sample(0).block], code: "bad-file", message });
    });
  }
});

test("block file: another network's file is refused at its first block", () =>
  withFile(BLOCKS.map((block) => record(block)), (path) => {
    const message = `Cannot read ${path}: block 0 at byte 0: magic fabfb5da wanted: received f9beb4d9`;
    assertEquals(readAll(path, REGTEST_MAGIC), { blocks: [], code: "bad-file", message });
  }));

test("block file: a missing file and a directory are refused", () =>
  withDirectory((directory) => {
    const missing = join(directory, "none.dat");
    assertEquals(readAll(missing).message, `Cannot read ${missing}: no such file or directory`);
    assertEquals(readAll(directory).message, `Cannot read ${directory}: it is a directory`);
  }));

test("block file: one that is scrambled with the key beside it is read, its padding in clear or not", () => {
  const key = new Uint8Array([0x1f, 0xc3, 0, 0x77, 0xe9, 0x02, 0x5a, 0xb4]);
  const plain = concatBytes(BLOCKS.map((block) => record(block)));
  const scrambled = plain.map((byte, i) => byte ^ key[i % key.length]!);
  withFile([scrambled, new Uint8Array(1_000)], (path) => {
    writeFileSync(join(path, "..", "xor.dat"), key);
    assertEquals(readAll(path), { blocks: BLOCKS });
    writeFileSync(path, plain);
    assertEquals(readAll(path), { blocks: BLOCKS }, "a file in clear beside a key");
  });
});

test("block file: reading can be given up at any block", () =>
  withFile(BLOCKS.map((block) => record(block)), (path) => {
    for (const { raw } of readBlocks(path, MAIN_MAGIC)) {
      assertEquals(raw, BLOCKS[0]);
      break;
    }
    assertEquals(readAll(path).blocks.length, BLOCKS.length);
  }));

test("block file: what is written is what is read, and appears only when it is finished", () =>
  withDirectory((directory) => {
    const path = join(directory, "out.dat");
    const blocks = [...BLOCKS, new Uint8Array(MAX_BLOCK_BYTES).fill(9), ...BLOCKS];
    const writer = createBlockFileWriter(path, MAIN_MAGIC);
    for (const block of blocks) writer.write(block);
    assertEquals(writer.count, blocks.length);
    assertEquals(existsSync(path), false);
    writer.finish();
    writer.abort();
    assertEquals(readdirSync(directory), ["out.dat"]);
    assert(readFileSync(path).equals(concatBytes(blocks.map((block) => record(block)))));
    assertEquals(readAll(path).blocks.length, blocks.length);
  }));

test("block file: an existing file is replaced only when asked, an aborted one leaves nothing", () =>
  withFile([record(BLOCKS[0]!)], (path) => {
    assertThrows(() => createBlockFileWriter(path, MAIN_MAGIC), LocalError, `Cannot write ${path}: it exists already`);

    const aborted = createBlockFileWriter(path, MAIN_MAGIC, { overwrite: true });
    aborted.write(BLOCKS[1]!);
    aborted[Symbol.dispose]();
    aborted.abort();
    assertThrows(() => aborted.write(BLOCKS[1]!), LocalError, "the file is closed");
    assertEquals(readdirSync(join(path, "..")), ["blk00000.dat"]);
    assertEquals(readAll(path), { blocks: [BLOCKS[0]!] });

    const writer = createBlockFileWriter(path, MAIN_MAGIC, { overwrite: true });
    writer.write(BLOCKS[2]!);
    writer.finish();
    assertThrows(() => writer.finish(), LocalError, "the file is closed");
    assertEquals(readAll(path), { blocks: [BLOCKS[2]!] });
  }));

test("block file: a file that appeared meanwhile is not replaced", () =>
  withDirectory((directory) => {
    const path = join(directory, "out.dat");
    const writer = createBlockFileWriter(path, MAIN_MAGIC);
    writer.write(BLOCKS[0]!);
    writeFileSync(path, "somebody else's");
    assertThrows(() => writer.finish(), LocalError, "it exists already");
    writer.abort();
    assertEquals(readdirSync(directory), ["out.dat"]);
    assertEquals(readFileSync(path, "utf8"), "somebody else's");
  }));

test("block file: what no reader would take is not written", () =>
  withDirectory((directory) => {
    const writer = createBlockFileWriter(join(directory, "out.dat"), MAIN_MAGIC);
    for (const size of [0, 80, MAX_BLOCK_BYTES + 1]) {
      assertThrows(() => writer.write(new Uint8Array(size)), LocalError, `received ${size}`);
    }
    writer.abort();
    const nowhere = join(directory, "missing", "out.dat");
    assertThrows(() => createBlockFileWriter(nowhere, MAIN_MAGIC), LocalError, "no such file or directory");
  }));

test(
  "block file: a real node's regtest chain survives reading and writing",
  { skip: !existsSync(REGTEST_FILE) },
  () =>
    withDirectory((directory) => {
      const path = join(directory, "copy.blk");
      const writer = createBlockFileWriter(path, REGTEST_MAGIC);
      for (const { raw } of readBlocks(REGTEST_FILE, REGTEST_MAGIC)) writer.write(raw);
      assertEquals(writer.count, 2_101);
      writer.finish();
      assert(readFileSync(path).equals(readFileSync(REGTEST_FILE)));
    }),
);
