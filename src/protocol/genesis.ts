import { ByteWriter, concatBytes } from "../util/bytes.ts";
import { type Hash, ZERO_HASH } from "../util/hash.ts";
import { type BlockHeader, HEADER_SIZE_BYTES, writeBlockHeader } from "./block_header.ts";
import { type CoinbaseOutput, encodeCoinbase, pushData } from "./coinbase.ts";

/**
 * First pushes in the coinbase of every genesis block of Bitcoin's family: the compact target of main, and the number 4
 * as one byte (not in its shortest form, hence the bytes as they are).
 */
const COINBASE_PREFIX = Uint8Array.of(0x04, 0xff, 0xff, 0x00, 0x1d, 0x01, 0x04);
const COINBASE_VERSION = 1;

/** The only transaction of a genesis block: a message, usually dated, and one output. */
export function genesisCoinbase(message: string, output: CoinbaseOutput): Uint8Array {
  const script = concatBytes([COINBASE_PREFIX, pushData(new TextEncoder().encode(message))]);
  return encodeCoinbase({ version: COINBASE_VERSION, script, outputs: [output] });
}

export interface GenesisNumbers {
  readonly version: number;
  readonly time: number;
  readonly bits: number;
  readonly nonce: number;
}

/** The header of a genesis block. With one transaction, the merkle root is that transaction's id. */
export function genesisHeader(numbers: GenesisNumbers, merkleRoot: Hash): BlockHeader {
  return { ...numbers, previous: ZERO_HASH, merkleRoot };
}

/** The whole genesis block as on the wire. */
export function genesisBlock(header: BlockHeader, coinbase: Uint8Array): Uint8Array {
  const writer = new ByteWriter(HEADER_SIZE_BYTES + 1 + coinbase.length);
  writeBlockHeader(writer, header);
  return writer.varInt(1).raw(coinbase).finish();
}
