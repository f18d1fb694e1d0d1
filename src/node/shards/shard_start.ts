import type { BellsHandle } from "../../platform/bells.ts";
import type { MessageType } from "../../protocol/messages.ts";
import type { NetworkParams } from "../../protocol/network_params.ts";
import type { RingHandle } from "../../ring/ring.ts";
import type { Hasher } from "../../util/hash.ts";
import type { LogLevel } from "../../util/env.ts";
import { bitcoinCodec } from "../../wire/bitcoin.ts";
import type { SortingCodec } from "../../wire/codec.ts";
import { nativeCodec } from "../../wire/native.ts";

/** What a shard's thread is started with. */
export interface ShardStart {
  /** From 0. Its thread's bell has the number after it: the main thread's is 0. */
  readonly shard: number;
  readonly wire: NetworkParams["wire"];
  readonly magic: number;
  readonly wanted: readonly MessageType[];
  readonly bells: BellsHandle;
  readonly toShard: RingHandle;
  readonly toMain: RingHandle;
  /** Read by all shards. */
  readonly broadcasts: RingHandle;
  readonly flags: SharedArrayBuffer;
  /** The least level that is written, by category of a shard's log; undefined: none. */
  readonly logLevels: Readonly<Record<string, LogLevel>>;
}

/** Words of `flags`. */
export const FLAG = {
  /** 1 while somebody listens to messages of applications. Read for each of them, written when that changes. */
  hearsApps: 0,
} as const;

export const FLAGS_BYTES = Int32Array.BYTES_PER_ELEMENT;
export const MAIN_THREAD = 0;

/** The path below src of the file that a shard's thread runs. */
export const SHARD_FILE = "node/shards/shard_worker";

/** Categories of a shard's own log. */
export const SHARD_LOGS: readonly string[] = ["peer", "platform", "shard"];

export function threadOf(shard: number): number {
  return MAIN_THREAD + 1 + shard;
}

/** The network's wire; without checksums for the way between the threads. */
export function createCodec(
  { wire, magic }: Pick<NetworkParams, "wire" | "magic">,
  hasher: Hasher,
  checksums = true,
): SortingCodec {
  return wire === "native" ? nativeCodec(magic) : bitcoinCodec(magic, hasher, { checksums });
}
