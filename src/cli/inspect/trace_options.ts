import { parseBlock } from "../../chain/block.ts";
import { scanTransaction } from "../../protocol/transaction.ts";
import type { Hasher } from "../../util/hash.ts";
import type { TraceOptions } from "../../wire/frame_trace.ts";

/** How the insides of blocks and transactions are read. */
export function traceOptions(hasher: Hasher): TraceOptions {
  return {
    hasher,
    expansions: {
      block: (reader) => void parseBlock(reader.bytes, reader),
      transaction: (reader) => void scanTransaction(reader),
    },
  };
}
