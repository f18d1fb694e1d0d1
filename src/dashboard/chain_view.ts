import type { ChainSnapshot, ForkSnapshot } from "../protocol/chain_snapshots.ts";
import { isOneChain, type Linked, placeForks } from "./chain_rules.ts";
import { byId, el } from "./dom.ts";
import { shortHash } from "./format.ts";

/** What of a block is shown. */
export interface BlockInfo extends Linked {
  /** Null where the block itself is not held. */
  readonly transactions: number | null;
}

/** Blocks of the best chain that are shown, the newest last. */
const BLOCKS = 12;
/** How far above a branch the best chain is, and each branch above the next. */
const FIRST_RISE_PX = 12;
const ROW_PX = 66;
/** So near to the end counts as there. */
const END_PX = 8;

/** The end of the best chain, and the branches that leave it there. */
export class ChainView {
  readonly #place = byId("chain");
  readonly #fetchBlock: (height: number) => Promise<BlockInfo>;
  readonly #blocks = new Map<number, BlockInfo>();
  #busy = false;
  #next: ChainSnapshot | undefined;

  constructor(fetchBlock: (height: number) => Promise<BlockInfo>) {
    this.#fetchBlock = fetchBlock;
  }

  /** Draws the chain once the blocks are known; of several wishes at a time the last one counts. */
  async show(chain: ChainSnapshot): Promise<void> {
    this.#next = chain;
    if (this.#busy) return;
    this.#busy = true;
    try {
      while (this.#next) {
        const wish = this.#next;
        this.#next = undefined;
        await this.#load(wish);
        this.#keepEnd(() => this.#draw(wish));
      }
    } finally {
      this.#busy = false;
    }
  }

  /** Where not all has room, the newest is what one looks for, until one scrolls away from it. */
  #keepEnd(draw: () => void): void {
    const scroller = this.#place.parentElement!;
    const isAtEnd = scroller.scrollLeft + scroller.clientWidth >= scroller.scrollWidth - END_PX;
    draw();
    if (isAtEnd) scroller.scrollLeft = scroller.scrollWidth;
  }

  async #load({ height, bestHash }: ChainSnapshot): Promise<void> {
    const first = Math.max(0, height - BLOCKS + 1);
    for (const known of [...this.#blocks.keys()]) if (known < first || known > height) this.#blocks.delete(known);
    await this.#fetchMissing(first, height);
    if (isOneChain(this.#inOrder(), bestHash)) return;
    // After a reorganisation what was known is no longer so, up to some height.
    this.#blocks.clear();
    await this.#fetchMissing(first, height);
  }

  async #fetchMissing(first: number, last: number): Promise<void> {
    const missing = Array.from({ length: last - first + 1 }, (_, i) => first + i).filter((h) => !this.#blocks.has(h));
    for (const block of await Promise.all(missing.map((h) => this.#fetchBlock(h)))) {
      this.#blocks.set(block.height, block);
    }
  }

  #inOrder(): readonly BlockInfo[] {
    return [...this.#blocks.values()].sort((left, right) => left.height - right.height);
  }

  #draw({ forks, headers, height }: ChainSnapshot): void {
    const blocks = this.#inOrder();
    const first = blocks[0]?.height ?? 0;
    const last = height + BLOCKS;
    const shown = forks.filter((fork) => fork.height - fork.length >= first && fork.height - fork.length <= height);
    const columns = Math.max(blocks.length, ...shown.map((fork) => Math.min(fork.height, last) - first + 1));
    this.#place.style.setProperty("--columns", String(columns));
    this.#place.replaceChildren(
      ...blocks.map(({ height: at, hash, transactions }) =>
        cell(at - first, 0, at, hash, "block", transactions === null ? "" : `${transactions} tx`)
      ),
      ...placeForks(shown).flatMap(({ fork, row }) => forkCells(fork, row + 1, first, last)),
    );
    const elsewhere = forks.length - shown.length;
    byId("chain-note").textContent = [
      headers > height ? `${headers - height} blocks are known by their headers only.` : "",
      elsewhere > 0 ? `${elsewhere} older branches are not shown.` : "",
      forks.length === 0 ? "No branches." : "",
    ].filter(Boolean).join(" ");
  }
}

/** From where the branch leaves the best chain to its tip, or as far as there is room. */
function forkCells({ height, hash, length, complete }: ForkSnapshot, row: number, first: number, last: number) {
  const start = height - length + 1;
  return Array.from({ length: Math.min(height, last) - start + 1 }, (_, i) => {
    const kind = i === 0 ? "block fork first" : "block fork";
    return cell(start + i - first, row, start + i, start + i === height ? hash : "", kind, complete ? "" : "header");
  });
}

function cell(
  column: number,
  row: number,
  height: number,
  hash: string,
  kind: string,
  note: string,
): HTMLElement {
  const box = el(
    "div",
    { class: kind, title: hash || `block ${height} of a branch`, role: "listitem" },
    el("b", {}, String(height)),
    el("span", {}, hash ? shortHash(hash) : "branch"),
    el("small", {}, note),
  );
  box.style.gridColumn = String(column + 1);
  box.style.gridRow = String(row + 1);
  box.style.setProperty("--rise", `${FIRST_RISE_PX + (row - 1) * ROW_PX}px`);
  return box;
}
