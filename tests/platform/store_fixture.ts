import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";

export const REGTEST = {
  name: "regtest",
  genesisHash: "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
};

/** A header and a block that are what their number makes them, so that a reader knows what must be there. */
export interface Sample {
  readonly hash: string;
  readonly header: Uint8Array;
  readonly block: Uint8Array;
}

const HEADER_SIZE = 80;
/** From one that fits beside others in a page to one of many pages. */
const BLOCK_SIZES = [81, 300, 5_000, 70_000];

export function sample(number: number): Sample {
  const seed = createHash("sha256").update(`sample ${number}`).digest();
  const header = new Uint8Array(HEADER_SIZE).fill(seed[0]!);
  header.set(seed);
  const block = new Uint8Array(BLOCK_SIZES[number % BLOCK_SIZES.length]!).fill(seed[1]!);
  block.set(header);
  return { hash: seed.toString("hex"), header, block };
}

/** A fresh directory for the time of `work`. */
export function withDirectory<T>(work: (directory: string) => T): T {
  const directory = mkdtempSync(join(tmpdir(), "p2p-test-"));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  let result: T;
  try {
    result = work(directory);
  } catch (error) {
    remove();
    throw error;
  }
  if (result instanceof Promise) return result.finally(remove) as T;
  remove();
  return result;
}

/** Directories in which not even root can make a file. Deno asks for all permissions before it looks there. */
export const UNWRITABLE: readonly string[] = !process.versions.deno && existsSync("/proc/self") ? ["/proc"] : [];
