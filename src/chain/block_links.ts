import { HAS_BLOCK, type HeaderNode, LINKED } from "./header_tree.ts";

/**
 * Knows which held blocks have all their ancestors, and so may become the tip. Blocks arrive in any order: those that
 * come before an ancestor wait here, each under its parent.
 */
export class BlockLinks {
  readonly #waiting = new Map<HeaderNode, HeaderNode[]>();

  /** Blocks that have something waiting for them. */
  get awaited(): number {
    return this.#waiting.size;
  }

  /**
   * Counts a block as held. Answers the nodes that are linked by it, parents before children: none while an ancestor
   * is missing, many where it fills a gap.
   */
  hold(node: HeaderNode): readonly HeaderNode[] {
    node.mark(HAS_BLOCK, true);
    if (node.linked) return [];
    if (node.parent!.linked) return this.#link(node);
    const siblings = this.#waiting.get(node.parent!);
    if (siblings) siblings.push(node);
    else this.#waiting.set(node.parent!, [node]);
    return [];
  }

  /** The block is no longer stored. If it was never linked, it must be fetched again before it can be. */
  drop(node: HeaderNode): void {
    node.mark(HAS_BLOCK, false);
    if (!node.linked && node.parent) this.#stopWaiting(node, node.parent);
  }

  /** Forgets what waits for or as an invalid node. */
  forget(node: HeaderNode): void {
    this.#waiting.delete(node);
    if (node.parent) this.#stopWaiting(node, node.parent);
  }

  #link(first: HeaderNode): readonly HeaderNode[] {
    const linked = [first];
    for (const node of linked) {
      node.mark(LINKED, true);
      const children = this.#waiting.get(node);
      if (children === undefined) continue;
      this.#waiting.delete(node);
      linked.push(...children);
    }
    return linked;
  }

  #stopWaiting(node: HeaderNode, parent: HeaderNode): void {
    const siblings = this.#waiting.get(parent)?.filter((sibling) => sibling !== node);
    if (siblings === undefined) return;
    if (siblings.length > 0) this.#waiting.set(parent, siblings);
    else this.#waiting.delete(parent);
  }
}
