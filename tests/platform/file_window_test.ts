import { test } from "node:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { assertEquals, assertThrows } from "@std/assert";
import { FileWindow } from "../../src/platform/file_window.ts";
import { LocalError } from "../../src/protocol/errors.ts";

const SIZE = 3_500_000;

function byteAt(position: number): number {
  return (position * 7 + (position >>> 8)) & 0xff;
}

function inFile(act: (path: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "p2p-"));
  try {
    const path = join(folder, "file");
    writeFileSync(path, Uint8Array.from({ length: SIZE }, (_, i) => byteAt(i)));
    act(path);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

test("file window: small pieces, large pieces and skips beyond what was read, up to the end", () => {
  inFile((path) => {
    using source = new FileWindow(path);
    let at = 0;
    for (const [take, skip] of [[10, 0], [0, 5], [1_000_000, 100], [1, 1_400_000], [1_048_577, 0], [7, 0]] as const) {
      assertEquals([source.prepare(take), source.offset], [take, at]);
      const view = source.view(take);
      for (let i = 0; i < take; i += 997) assertEquals(view[i], byteAt(at + i));
      source.skip(take + skip);
      at += take + skip;
    }
    assertEquals(source.prepare(SIZE), SIZE - at);
    assertEquals(source.view(SIZE - at).at(-1), byteAt(SIZE - 1));
    source.skip(SIZE);
    assertEquals([source.prepare(1), source.prepare(0)], [0, 0]);
  });
});

test("file window: a file that is not there is named", () => {
  assertThrows(() => new FileWindow(join(tmpdir(), "p2p-no-such-file")), LocalError, "no such file");
});
