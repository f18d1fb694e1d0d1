import type { Message } from "../../../protocol/messages.ts";
import type { NetworkParams } from "../../../protocol/network_params.ts";

/** A message as a file tells of it, or what stands in its place. */
export interface Sighting {
  /** Its packet, line or block, from 1 for packets and lines, from 0 for blocks. */
  readonly number: number;
  /** Milliseconds since the Unix epoch, or since the file's own zero; undefined where it does not say. */
  readonly time: number | undefined;
  readonly isRelative: boolean;
  readonly direction: string | undefined;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly network: NetworkParams | undefined;
  readonly type: string;
  /** The whole frame, or of a block file the block; borrowed until the next one. Empty where there is none. */
  readonly bytes: Uint8Array;
  readonly isFramed: boolean;
  /** Of the whole frame, or of the block in a block file. */
  readonly sizeBytes: number;
  readonly message: Message | undefined;
  readonly problem: string | undefined;
}
