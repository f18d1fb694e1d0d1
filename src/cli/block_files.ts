import type { P2PNode } from "../node/types.ts";
import { createBlockFileWriter, readBlocks } from "../platform/block_file.ts";
import { fileSize } from "../platform/files.ts";
import { LocalError } from "../protocol/errors.ts";
import type { BlockVerdict } from "../protocol/chain_snapshots.ts";
import type { Env } from "../util/env.ts";
import type { Progress } from "./progress.ts";

/** Bytes and blocks handled in one turn of the loop: signals are heard and the screen is drawn several times a second. */
const TURN_BYTES = 4_194_304;
const TURN_BLOCKS = 256;
const BYTES_PER_MEBIBYTE = 1_048_576;
export type ImportCounts = Readonly<Record<BlockVerdict["kind"], number>>;

export interface LongTask {
  readonly env: Env;
  readonly progress: Progress;
  /** Ends the task early; what is done stays done. */
  readonly signal: AbortSignal;
}

/**
 * Offers every block of a file to a loaded node. Rejects with LocalError bad-file at the first record or block that is
 * not right, naming it; what came before stays. Progress is in MiB.
 */
export async function importBlocks(path: string, node: P2PNode, task: LongTask): Promise<ImportCounts> {
  const counts = { extended: 0, side: 0, known: 0, orphan: 0, refused: 0 };
  const turn = new Turn(task.env);
  const total = toMebibytes(fileSize(path));
  try {
    for (const { index, offset, raw } of readBlocks(path, node.network.magic)) {
      const verdict = node.submitBlock(raw);
      counts[verdict.kind]++;
      if (verdict.kind === "refused") {
        throw new LocalError("bad-file", `Cannot import ${path}: block ${index} at byte ${offset}: ${verdict.reason}`);
      }
      if (!turn.spend(raw.length)) continue;
      node.commit();
      task.progress.update(toMebibytes(offset), total);
      await turn.next();
      if (task.signal.aborted) return counts;
    }
    task.progress.update(total, total);
  } finally {
    node.commit();
    task.progress.stop();
  }
  return counts;
}

/**
 * Writes the best chain, from its first block to its tip. Resolves with how many blocks those are, or with undefined if
 * it was ended early: then there is no file. Progress is in blocks.
 */
export async function exportBlocks(path: string, node: P2PNode, task: LongTask): Promise<number | undefined> {
  const { height } = node.chain();
  const turn = new Turn(task.env);
  const file = createBlockFileWriter(path, node.network.magic);
  try {
    for (let at = 0; at <= height; at++) {
      const block = node.block(at);
      if (!block?.raw) {
        throw new LocalError("bad-argument", `Cannot export ${path}: block ${at} is not stored: it was pruned`);
      }
      file.write(block.raw);
      if (!turn.spend(block.raw.length)) continue;
      task.progress.update(at, height);
      await turn.next();
      if (task.signal.aborted) return undefined;
    }
    task.progress.update(height, height);
    file.finish();
    return file.count;
  } finally {
    file.abort();
    task.progress.stop();
  }
}

/** Divides a long loop into turns. */
class Turn {
  readonly #env: Env;
  #bytes = 0;
  #blocks = 0;

  constructor(env: Env) {
    this.#env = env;
  }

  /** Notes one block; true when the turn should end. */
  spend(sizeBytes: number): boolean {
    this.#bytes += sizeBytes;
    this.#blocks++;
    return this.#bytes >= TURN_BYTES || this.#blocks >= TURN_BLOCKS;
  }

  next(): Promise<void> {
    this.#bytes = 0;
    this.#blocks = 0;
    return new Promise((resolve) => this.#env.nextTurn(resolve));
  }
}

function toMebibytes(bytes: number): number {
  return Math.ceil(bytes / BYTES_PER_MEBIBYTE);
}
