import type { ParsedBlock } from "../../chain/block.ts";
import { BlockLayout, buildCompactBlock } from "../../chain/compact_block.ts";
import type { HeaderNode } from "../../chain/header_tree.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { MessageOf } from "../../protocol/messages.ts";
import { MAX_BLOCKTXN_DEPTH, MAX_COMPACT_DEPTH, MAX_PREFILL_BYTES } from "../../protocol/sync_params.ts";
import { ByteReader } from "../../util/bytes.ts";
import type { Env } from "../../util/env.ts";
import type { Hasher } from "../../util/hash.ts";

export interface RecentBlocksDeps {
  readonly env: Env;
  readonly hasher: Hasher;
  readonly ledger: Ledger;
}

const NONCE_BYTES = 8;
/** One for each depth that is served, the tip included. */
const MAX_COMPACT_FORMS = MAX_COMPACT_DEPTH + 1;
/** One for each depth of which single transactions are served, the tip included. */
const MAX_LAYOUTS = MAX_BLOCKTXN_DEPTH + 1;

/** Blocks near the tip in the forms that peers ask for, each made once for all of them. */
export class RecentBlocks {
  readonly #deps: RecentBlocksDeps;
  readonly #compact = new Map<HeaderNode, MessageOf<"cmpctblock">>();
  readonly #layouts = new Map<HeaderNode, BlockLayout>();
  /** What we had to ask for ourselves: others will lack it too. */
  readonly #lacked = new Map<HeaderNode, readonly number[]>();

  constructor(deps: RecentBlocksDeps) {
    this.#deps = deps;
  }

  /** Notes the indexes of transactions that were not at hand when the block was announced to us. */
  lacked(node: HeaderNode, indexes: readonly number[]): void {
    keep(this.#lacked, node, indexes, MAX_COMPACT_FORMS);
  }

  /** The block as a compact one; undefined if it is not held. */
  compact(node: HeaderNode): MessageOf<"cmpctblock"> | undefined {
    const known = this.#compact.get(node);
    if (known) return known;
    const block = this.#deps.ledger.parsedBlock(node.hash);
    return block && keep(this.#compact, node, this.#build(node, block), MAX_COMPACT_FORMS);
  }

  /** Where the block's transactions lie; undefined if it is not held. */
  layout(node: HeaderNode): BlockLayout | undefined {
    const known = this.#layouts.get(node);
    if (known) return known;
    const block = this.#deps.ledger.parsedBlock(node.hash);
    return block && keep(this.#layouts, node, new BlockLayout(block), MAX_LAYOUTS);
  }

  #build(node: HeaderNode, block: ParsedBlock): MessageOf<"cmpctblock"> {
    const nonce = new ByteReader(this.#deps.env.randomBytes(NONCE_BYTES)).uint64();
    return buildCompactBlock(this.#deps.hasher, block, nonce, this.#prefill(node, block));
  }

  #prefill(node: HeaderNode, { transactions }: ParsedBlock): ReadonlySet<number> {
    const prefill = new Set<number>();
    let room = MAX_PREFILL_BYTES;
    for (const index of this.#lacked.get(node) ?? []) {
      const { start, end } = transactions[index]!;
      room -= end - start;
      if (room >= 0) prefill.add(index);
    }
    return prefill;
  }
}

/** Keeps the newest `capacity` entries, in order of arrival. */
function keep<K, V>(entries: Map<K, V>, key: K, value: V, capacity: number): V {
  entries.set(key, value);
  for (const oldest of entries.keys()) {
    if (entries.size <= capacity) break;
    entries.delete(oldest);
  }
  return value;
}
