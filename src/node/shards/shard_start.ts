import type { MessageType } from "../../protocol/messages.ts";
import type { NetworkParams } from "../../protocol/network_params.ts";
import type { Hasher } from "../../util/hash.ts";
import type { LogCategory, LogLevel } from "../../util/env.ts";
import { bitcoinCodec } from "../../wire/bitcoin.ts";
import type { SortingCodec } from "../../wire/codec.ts";
import { nativeCodec } from "../../wire/native.ts";
import type { WaysStart } from "./ways.ts";

/** What a shard's thread is started with. */
export interface ShardStart {
  /** From 0. */
  readonly shard: number;
  readonly wire: NetworkParams["wire"];
  readonly magic: number;
  readonly wanted: readonly MessageType[];
  readonly ways: WaysStart;
  /** Whether it overhears its connections for a capture. */
  readonly captures: boolean;
  /** The least level that is written, by category of a shard's log; undefined: none. */
  readonly logLevels: Readonly<Record<string, LogLevel>>;
}

/** The path below src of the file that a shard's thread runs. */
export const SHARD_FILE = "node/shards/shard_worker";

/** Categories of a shard's own log. */
export const SHARD_LOGS: readonly LogCategory[] = ["peer", "platform", "shard"];

/** The network's wire; without checksums for the way between the threads. */
export function createCodec(
  { wire, magic }: Pick<NetworkParams, "wire" | "magic">,
  hasher: Hasher,
  checksums = true,
): SortingCodec {
  return wire === "native" ? nativeCodec(magic) : bitcoinCodec(magic, hasher, { checksums });
}
