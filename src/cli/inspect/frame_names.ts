import { parseBlock } from "../../chain/block.ts";
import { encodeBlockHeader, HEADER_SIZE_BYTES } from "../../protocol/block_header.ts";
import type { Message } from "../../protocol/messages.ts";
import { parseTransaction } from "../../protocol/transaction.ts";
import { MalformedBytes } from "../../util/bytes.ts";
import { type Hash, hash256, type Hasher } from "../../util/hash.ts";

/** What a part of a message is called: a block by its hash, a transaction by both of its own. */
export interface PartName {
  /** The part, as the fields' paths begin; empty for the message itself. */
  readonly path: string;
  readonly hash?: Hash;
  readonly txid?: Hash;
  readonly wtxid?: Hash;
}

/** The hashes of all blocks and transactions in a message, in their order. */
export function namesIn(message: Message, hasher: Hasher): readonly PartName[] {
  switch (message.type) {
    case "headers":
      return message.headers.map((header, i) => ({
        path: `headers[${i}]`,
        hash: hash256(hasher, encodeBlockHeader(header)),
      }));
    case "cmpctblock":
      return [
        { path: "header", hash: hash256(hasher, encodeBlockHeader(message.header)) },
        ...message.prefilled.flatMap(({ transaction }, i) => transactionName(`prefilled[${i}]`, transaction, hasher)),
      ];
    case "block":
      return blockNames(message.block, hasher);
    case "tx":
      return transactionName("", message.transaction, hasher);
    case "blocktxn":
      return message.transactions.flatMap((raw, i) => transactionName(`transactions[${i}]`, raw, hasher));
    default:
      return [];
  }
}

function blockNames(raw: Uint8Array, hasher: Hasher): readonly PartName[] {
  return unlessMalformed(() => {
    const { transactions } = parseBlock(raw);
    return [
      { path: "header", hash: hash256(hasher, raw.subarray(0, HEADER_SIZE_BYTES)) },
      ...transactions.flatMap(({ start, end }, i) =>
        transactionName(`transactions[${i}]`, raw.subarray(start, end), hasher)
      ),
    ];
  });
}

function transactionName(path: string, raw: Uint8Array, hasher: Hasher): readonly PartName[] {
  return unlessMalformed(() => {
    const { txid, wtxid } = parseTransaction(hasher, raw);
    return [{ path, txid, wtxid }];
  });
}

/** What has no form has no name: the trace says what is wrong with it. */
function unlessMalformed(work: () => readonly PartName[]): readonly PartName[] {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    return [];
  }
}
