import { readBlockHeader } from "../../../protocol/block_header.ts";
import type { NetworkParams } from "../../../protocol/network_params.ts";
import { readBlocks } from "../../../platform/block_file.ts";
import { ByteReader } from "../../../util/bytes.ts";
import type { Sighting } from "./sighting.ts";
import { MS_PER_SECOND } from "../../../util/units.ts";

/** The blocks of a block file, each with the time that its header tells. */
export function* blockSightings(path: string, network: NetworkParams): Generator<Sighting> {
  for (const { index, raw } of readBlocks(path, network.magic)) {
    yield {
      number: index,
      time: MS_PER_SECOND * readBlockHeader(new ByteReader(raw)).time,
      isRelative: false,
      direction: undefined,
      from: undefined,
      to: undefined,
      network,
      type: "block",
      bytes: raw,
      isFramed: false,
      sizeBytes: raw.length,
      message: { type: "block", block: raw },
      problem: undefined,
    };
  }
}
