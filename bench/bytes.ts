import { ByteReader } from "../src/util/bytes.ts";
import { type Candidate, type Subject, timed } from "./support.ts";

const NUMBERS = 1024;
const UINT32_BYTES = 4;

/** What the bounds checks of ByteReader cost, compared with a DataView that has its own. */
export const subject: Subject = timed("bytes", () => {
  const bytes = new Uint8Array(NUMBERS * UINT32_BYTES).map((_, index) => index);
  return [
    { name: "uint32 by ByteReader", operations: NUMBERS, run: () => sumByReader(bytes) },
    { name: "uint32 by DataView", operations: NUMBERS, run: () => sumByView(bytes) },
  ] satisfies Candidate[];
});

function sumByReader(bytes: Uint8Array): number {
  const reader = new ByteReader(bytes);
  let sum = 0;
  while (reader.remaining > 0) sum += reader.uint32();
  return sum;
}

function sumByView(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let sum = 0;
  for (let offset = 0; offset < bytes.length; offset += UINT32_BYTES) sum += view.getUint32(offset, true);
  return sum;
}
