import { MAX_ANNOUNCED_HEADERS } from "../protocol/consensus.ts";
import { type BlockHeader, encodeBlockHeader, HEADER_SIZE_BYTES, readBlockHeader } from "../protocol/block_header.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { ByteReader } from "../util/bytes.ts";
import { type Hash, hash256, type Hasher } from "../util/hash.ts";
import { blockHash, type ParsedBlock } from "./block.ts";
import type { BlockLinks } from "./block_links.ts";
import { type BlockCheck, checkContent, checkInContext, readBlock } from "./block_rules.ts";
import type { ChangeRecord } from "./change.ts";
import type { HeaderRules } from "./header_rules.ts";
import { type HeaderNode, type HeaderTree, INVALID } from "./header_tree.ts";
import { OrphanPool } from "./orphan_pool.ts";
import type { BlockOutcome, HeaderOutcome, HeaderRefusal, HeadersOutcome, RefusedBlock } from "./outcomes.ts";

export interface IntakeParts {
  readonly params: NetworkParams;
  readonly hasher: Hasher;
  readonly rules: HeaderRules;
  readonly tree: HeaderTree;
  readonly links: BlockLinks;
}

/**
 * The way of headers and blocks into the tree: checks, orphans, and blocks found invalid. Which chain is best is not
 * decided here.
 */
export class Intake {
  readonly #params: NetworkParams;
  readonly #hasher: Hasher;
  readonly #rules: HeaderRules;
  readonly #tree: HeaderTree;
  readonly #links: BlockLinks;
  readonly #orphans = new OrphanPool();
  #linked: HeaderNode[] = [];

  constructor({ params, hasher, rules, tree, links }: IntakeParts) {
    this.#params = params;
    this.#hasher = hasher;
    this.#rules = rules;
    this.#tree = tree;
    this.#links = links;
  }

  get orphans(): { readonly count: number; readonly sizeBytes: number } {
    return { count: this.#orphans.count, sizeBytes: this.#orphans.sizeBytes };
  }

  /** Nodes that may have become the tip since the last call, in the order in which they could. */
  takeLinked(): readonly HeaderNode[] {
    const linked = this.#linked;
    this.#linked = [];
    return linked;
  }

  header(header: BlockHeader, nowSeconds: number, change: ChangeRecord): HeaderOutcome {
    const hash = hash256(this.#hasher, encodeBlockHeader(header));
    const outcome = this.#admit(hash, header, this.#tree.get(header.previous), nowSeconds, change);
    if (outcome.kind === "orphan") this.#orphans.add({ hash, header, raw: undefined }, nowSeconds);
    if (outcome.kind === "extended") this.#adopt(hash, nowSeconds, change);
    return outcome;
  }

  headers(headers: readonly BlockHeader[], nowSeconds: number, change: ChangeRecord): HeadersOutcome {
    const first = headers[0];
    let last: HeaderNode | undefined;
    let parent = first && this.#tree.get(first.previous);
    let parentHash = first?.previous;
    for (const header of headers) {
      const hash = hash256(this.#hasher, encodeBlockHeader(header));
      if (header.previous !== parentHash) return { last, change, stopped: { kind: "unlinked", hash } };
      const outcome = this.#admit(hash, header, parent, nowSeconds, change);
      if (outcome.kind === "orphan") this.#keepAnnounced(headers, nowSeconds);
      if (outcome.kind === "orphan" || outcome.kind === "refused") return { last, change, stopped: outcome };
      if (outcome.kind === "extended") this.#adopt(hash, nowSeconds, change);
      last = parent = outcome.node;
      parentHash = hash;
    }
    return { last, change, stopped: undefined };
  }

  workAfter(headers: readonly BlockHeader[]): bigint | undefined {
    const first = headers[0];
    const parent = first && this.#tree.get(first.previous);
    let work = parent?.chainWork;
    let parentHash = first?.previous;
    for (const header of headers) {
      if (work === undefined || header.previous !== parentHash) return work;
      const hash = hash256(this.#hasher, encodeBlockHeader(header));
      if (this.#rules.proofOfWork(hash, header.bits) !== undefined) return work;
      work += this.#rules.work(header.bits);
      parentHash = hash;
    }
    return work;
  }

  /** Never answers `extended`: whether a block that is held moves the tip is the caller's to see. */
  block(raw: Uint8Array, nowSeconds: number, change: ChangeRecord): BlockOutcome {
    const outcome = this.#takeBlock(raw, nowSeconds, change);
    if (outcome.kind === "side" && this.#orphans.count > 0) this.#adopt(outcome.node.hash, nowSeconds, change);
    return outcome;
  }

  /** Marks a block and its descendants, which all arrived after it. */
  invalidate(first: HeaderNode, change: ChangeRecord): void {
    for (const node of this.#tree.nodes(first.index)) {
      if (node.invalid || (node !== first && !node.parent!.invalid)) continue;
      node.mark(INVALID, true);
      this.#links.forget(node);
      change.invalidated.push(node);
    }
  }

  #admit(
    hash: Hash,
    header: BlockHeader,
    parent: HeaderNode | undefined,
    nowSeconds: number,
    change: ChangeRecord,
  ): HeaderOutcome {
    const known = this.#tree.get(hash);
    if (known?.invalid) return refusedHeader(hash, "known-invalid");
    if (known) return { kind: "known", node: known };
    const reason = this.#headerFault(hash, header, parent, nowSeconds);
    if (reason) return refusedHeader(hash, reason);
    if (parent === undefined) return { kind: "orphan", hash, previous: header.previous };
    return { kind: "extended", node: this.#insert(hash, header, parent, change), change };
  }

  #headerFault(
    hash: Hash,
    header: BlockHeader,
    parent: HeaderNode | undefined,
    nowSeconds: number,
  ): HeaderRefusal | undefined {
    return this.#rules.proofOfWork(hash, header.bits) ?? (parent && this.#rules.inContext(header, parent, nowSeconds));
  }

  #insert(hash: Hash, header: BlockHeader, parent: HeaderNode, change: ChangeRecord): HeaderNode {
    const node = this.#tree.insert(hash, header, parent, this.#rules.work(header.bits));
    change.headers.push(node);
    return node;
  }

  #takeBlock(raw: Uint8Array, nowSeconds: number, change: ChangeRecord): BlockOutcome {
    if (raw.length < HEADER_SIZE_BYTES) return refusedBlock(undefined, "malformed", "mutated", change);
    const header = readBlockHeader(new ByteReader(raw));
    const hash = blockHash(this.#hasher, raw);
    const known = this.#tree.get(hash);
    if (known?.invalid) return refusedBlock(hash, "known-invalid", "invalid", change);
    if (known && (known.hasBlock || known.linked)) return { kind: "known", node: known };
    const parent = known ? known.parent : this.#tree.get(header.previous);
    const reason = known ? undefined : this.#headerFault(hash, header, parent, nowSeconds);
    if (reason) return refusedBlock(hash, reason, isTemporary(reason) ? "early" : "header", change);
    const block = readBlock(raw);
    if (block === undefined) return refusedBlock(hash, "malformed", "mutated", change);
    const check = this.#checkContent(block, parent);
    // An invalid block with a new header is not kept at all: the header would only have to be marked.
    if (check.kind === "invalid" && known) this.invalidate(known, change);
    if (check.kind !== "valid") return refusedBlock(hash, check.reason, check.kind, change);
    if (parent === undefined) {
      this.#orphans.add({ hash, header, raw }, nowSeconds);
      return { kind: "orphan", hash, previous: header.previous };
    }
    const node = known ?? this.#insert(hash, header, parent, change);
    change.blocks.push({ node, block });
    for (const linked of this.#links.hold(node)) this.#linked.push(linked);
    return { kind: "side", node, change };
  }

  #checkContent(block: ParsedBlock, parent: HeaderNode | undefined): BlockCheck {
    const check = checkContent(this.#hasher, block);
    if (check.kind !== "valid" || parent === undefined) return check;
    return checkInContext(this.#hasher, block, this.#params, parent.height + 1);
  }

  /** Takes in the orphans that waited for a block, and those that waited for them. What fails now is dropped. */
  #adopt(parent: Hash, nowSeconds: number, change: ChangeRecord): void {
    const parents = [parent];
    for (const hash of parents) {
      for (const orphan of this.#orphans.takeChildren(hash)) {
        const outcome = orphan.raw
          ? this.#takeBlock(orphan.raw, nowSeconds, change)
          : this.#admit(orphan.hash, orphan.header, this.#tree.get(hash), nowSeconds, change);
        if (outcome.kind !== "refused") parents.push(orphan.hash);
      }
    }
  }

  /** A short list is an announcement whose parent may be under way; a long one is a wrong answer. */
  #keepAnnounced(headers: readonly BlockHeader[], nowSeconds: number): void {
    if (headers.length > MAX_ANNOUNCED_HEADERS) return;
    for (const header of headers) {
      const hash = hash256(this.#hasher, encodeBlockHeader(header));
      if (this.#rules.proofOfWork(hash, header.bits) !== undefined) return;
      this.#orphans.add({ hash, header, raw: undefined }, nowSeconds);
    }
  }
}

function isTemporary(reason: HeaderRefusal): boolean {
  return reason === "time-too-new";
}

function refusedHeader(hash: Hash, reason: HeaderRefusal): Extract<HeaderOutcome, { kind: "refused" }> {
  return { kind: "refused", hash, reason, temporary: isTemporary(reason) };
}

function refusedBlock(
  hash: Hash | undefined,
  reason: RefusedBlock["reason"],
  fault: RefusedBlock["fault"],
  change: ChangeRecord,
): RefusedBlock {
  return { kind: "refused", hash, reason, fault, change };
}
