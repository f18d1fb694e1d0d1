import { ByteReader, MalformedBytes } from "../util/bytes.ts";
import { type Hash, hash256, type Hasher } from "../util/hash.ts";

/** Where the parts of one serialised transaction lie (BIP144), as offsets into the bytes that the reader reads. */
export interface TransactionLayout {
  readonly start: number;
  /** First byte of the input count: after the version, and after marker and flag if there is a witness. */
  readonly inputsStart: number;
  /** One past the last output: where the witnesses begin, or the lock time if there are none. */
  readonly outputsEnd: number;
  readonly end: number;
  readonly hasWitness: boolean;
  readonly inputCount: number;
  readonly outputCount: number;
}

const VERSION_SIZE = 4;
const OUTPOINT_SIZE = 36;
const SEQUENCE_SIZE = 4;
const VALUE_SIZE = 8;
const LOCK_TIME_SIZE = 4;
const WITNESS_FLAG = 1;

/** Walks over one transaction, checking its form and nothing of its meaning. Throws MalformedBytes. */
export function scanTransaction(reader: ByteReader): TransactionLayout {
  const start = reader.offset;
  reader.skip(VERSION_SIZE, "version");
  let inputsStart = reader.offset;
  let inputCount = reader.varInt("inputCount");
  let hasWitness = false;
  if (inputCount === 0) {
    reader.renameLast("marker");
    const flag = reader.uint8("flag");
    if (flag !== WITNESS_FLAG) throw new MalformedBytes(`transaction flag ${flag}`);
    hasWitness = true;
    inputsStart = reader.offset;
    inputCount = reader.varInt("inputCount");
  }
  for (let i = 0; i < inputCount; i++) {
    reader.enter("inputs", i);
    reader.skip(OUTPOINT_SIZE, "outpoint");
    reader.skip(reader.varInt("scriptLength"), "script");
    reader.skip(SEQUENCE_SIZE, "sequence");
    reader.leave();
  }
  const outputCount = reader.varInt("outputCount");
  for (let i = 0; i < outputCount; i++) {
    reader.enter("outputs", i);
    reader.skip(VALUE_SIZE, "value");
    reader.skip(reader.varInt("scriptLength"), "script");
    reader.leave();
  }
  const outputsEnd = reader.offset;
  if (hasWitness) scanWitnesses(reader, inputCount);
  reader.skip(LOCK_TIME_SIZE, "lockTime");
  return { start, inputsStart, outputsEnd, end: reader.offset, hasWitness, inputCount, outputCount };
}

function scanWitnesses(reader: ByteReader, inputCount: number): void {
  let itemsInAll = 0;
  for (let i = 0; i < inputCount; i++) {
    reader.enter("witnesses", i);
    const items = reader.varInt("count");
    for (let j = 0; j < items; j++) {
      reader.enter("items", j);
      reader.skip(reader.varInt("length"), "bytes");
      reader.leave();
    }
    reader.leave();
    itemsInAll += items;
  }
  if (itemsInAll === 0) throw new MalformedBytes("a witness flag without a witness");
}

/** Bytes that a transaction's id is the hash of: the serialisation without marker, flag and witnesses. */
export function withoutWitness(bytes: Uint8Array, layout: TransactionLayout): Uint8Array {
  if (!layout.hasWitness) return bytes.subarray(layout.start, layout.end);
  const middle = layout.outputsEnd - layout.inputsStart;
  const stripped = new Uint8Array(VERSION_SIZE + middle + LOCK_TIME_SIZE);
  stripped.set(bytes.subarray(layout.start, layout.start + VERSION_SIZE));
  stripped.set(bytes.subarray(layout.inputsStart, layout.outputsEnd), VERSION_SIZE);
  stripped.set(bytes.subarray(layout.end - LOCK_TIME_SIZE, layout.end), VERSION_SIZE + middle);
  return stripped;
}

/** Both names of one transaction: `txid` does not cover the witnesses, `wtxid` does (BIP141). Equal if it has none. */
export interface TransactionIds {
  readonly txid: Hash;
  readonly wtxid: Hash;
}

/** One serialised transaction by itself. */
export interface ParsedTransaction extends TransactionIds {
  readonly raw: Uint8Array;
  readonly layout: TransactionLayout;
}

/** Checks the form of a serialised transaction and names it. Throws MalformedBytes. */
export function parseTransaction(hasher: Hasher, raw: Uint8Array): ParsedTransaction {
  const reader = new ByteReader(raw);
  const layout = scanTransaction(reader);
  reader.expectEnd();
  const wtxid = hash256(hasher, raw);
  const txid = layout.hasWitness ? hash256(hasher, withoutWitness(raw, layout)) : wtxid;
  return { raw, layout, txid, wtxid };
}

/** A serialised transaction as peers get it who did not ask for witnesses (BIP144). Throws MalformedBytes. */
export function stripTransaction(raw: Uint8Array): Uint8Array {
  return withoutWitness(raw, scanTransaction(new ByteReader(raw)));
}
