import process from "node:process";
import { concatBytes } from "../util/bytes.ts";

/** What stands on standard input, up to its end; undefined if that is more than `maxBytes`. */
export async function readInput(maxBytes: number): Promise<Uint8Array | undefined> {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const part of process.stdin as AsyncIterable<Uint8Array>) {
    sizeBytes += part.length;
    if (sizeBytes > maxBytes) return undefined;
    parts.push(part);
  }
  return concatBytes(parts);
}
