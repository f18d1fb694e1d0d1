import { SHORT_ID_BYTES } from "../../src/protocol/wire_limits.ts";
import { type ShortId, writeShortId } from "../../src/chain/short_ids.ts";

/** Short ids as a compact block lists them. */
export function packShortIds(ids: readonly ShortId[]): Uint8Array {
  const list = new Uint8Array(ids.length * SHORT_ID_BYTES);
  ids.forEach((id, position) => writeShortId(list, position, id));
  return list;
}
