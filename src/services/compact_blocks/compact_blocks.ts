import type { HeaderNode } from "../../chain/header_tree.ts";
import type { BlockOutcome } from "../../chain/outcomes.ts";
import { openCompactBlock, type PartialBlock } from "../../chain/partial_block.ts";
import type { Ledger } from "../../ledger/ledger.ts";
import type { TransactionPool } from "../../ledger/transaction_pool.ts";
import type { BlockHeader } from "../../protocol/block_header.ts";
import { RemoteFault } from "../../protocol/errors.ts";
import {
  INV_COMPACT_BLOCK,
  INV_WITNESS_BLOCK,
  type InvItem,
  type Message,
  type MessageOf,
} from "../../protocol/messages.ts";
import {
  COMPACT_AHEAD_BLOCKS,
  COMPACT_PROTOCOL_VERSION,
  COMPACT_SCAN_BYTES,
  COMPACT_VERSION,
  MAX_BLOCKTXN_DEPTH,
  MAX_COMPACT_DEPTH,
  MAX_HIGH_BANDWIDTH_PEERS,
  MAX_MISSING_SHARE,
  MAX_NATIVE_HIGH_BANDWIDTH_PEERS,
} from "../../protocol/sync_params.ts";
import type { PeerSet } from "../../net/peers.ts";
import type { Peer } from "../../peer/peer.ts";
import type { Env, Logger } from "../../util/env.ts";
import { type Hash, hash256, type Hasher } from "../../util/hash.ts";
import type { PeerChains } from "../peer_chains.ts";
import type { DeferredAnswer, Handlers, InventoryPart, Service } from "../service.ts";
import { HighBandwidthPeers } from "./high_bandwidth.ts";
import { type Awaited, PartialBlocks } from "./partial_blocks.ts";
import { RecentBlocks } from "./recent_blocks.ts";
import { Tries } from "./tries.ts";

/** The blocks that peers owe us, in whatever form they come: one account, so that none is asked for twice. */
export interface BlocksInFlight {
  owes(peer: Peer, node: HeaderNode): boolean;
  /** Counts the block as owed by the peer. False if another one owes it, or the peer is not one to owe blocks. */
  expect(peer: Peer, node: HeaderNode): boolean;
  /** Asks the peer for the whole block, unless another one owes it. */
  askWhole(peer: Peer, node: HeaderNode): void;
  /** Takes a block that the peer brought. A refusal is for the caller to judge. */
  receive(peer: Peer, hash: Hash, block: Uint8Array): BlockOutcome;
  /** Headers are new, or a block is not under way any more. */
  headersChanged(): void;
}

export interface CompactBlocksDeps {
  readonly env: Env;
  readonly hasher: Hasher;
  readonly ledger: Ledger;
  readonly pool: TransactionPool;
  readonly peers: PeerSet;
  readonly peerChains: PeerChains;
  readonly inFlight: BlocksInFlight;
  /** Gives an answer at the pace at which the peer takes data. */
  readonly answer: (peer: Peer, answer: DeferredAnswer) => void;
  /** Takes the header of a block that the peer announces. Its node if it is in the tree now. Throws RemoteFault. */
  readonly announced: (peer: Peer, header: BlockHeader) => HeaderNode | undefined;
  /** Whether the pool is filled by others: without that there is nothing to rebuild blocks from, and none is asked so. */
  readonly takesTransactions: boolean;
}

/** What a peer that sent `sendcmpct` said last. */
interface Wish {
  readonly highBandwidth: boolean;
}

/**
 * Compact blocks (BIP152, version 2), both ways. A new block is told as the short ids of its transactions, and rebuilt
 * from those that wait in the pool; what is missing is asked for, and the block whole if that goes wrong.
 */
export class CompactBlocks implements Service {
  readonly name = "compact-blocks";
  readonly handles: Handlers = {
    sendcmpct: (peer, message) => this.#onSendCompact(peer, message),
    cmpctblock: (peer, message) => this.#onCompactBlock(peer, message),
    getblocktxn: (peer, message) => this.#onGetBlockTransactions(peer, message),
    blocktxn: (peer, message) => this.#onBlockTransactions(peer, message),
  };
  readonly inventory: InventoryPart = {
    kinds: [INV_COMPACT_BLOCK],
    serve: (peer, item) => this.#serve(peer, item),
  };
  readonly #deps: CompactBlocksDeps;
  readonly #log: Logger;
  readonly #recent: RecentBlocks;
  readonly #partials = new PartialBlocks();
  readonly #tries = new Tries((node) => this.#isOver(node));
  readonly #highBandwidth: HighBandwidthPeers<Peer>;
  /** Peers that speak our version of compact blocks. */
  readonly #wishes = new Map<Peer, Wish>();

  constructor(deps: CompactBlocksDeps) {
    this.#deps = deps;
    this.#log = deps.env.logger("relay");
    this.#recent = new RecentBlocks(deps);
    const isNative = deps.ledger.chain.params.wire === "native";
    this.#highBandwidth = new HighBandwidthPeers(isNative ? MAX_NATIVE_HIGH_BANDWIDTH_PEERS : MAX_HIGH_BANDWIDTH_PEERS);
  }

  peerReady(peer: Peer): void {
    if (peer.agreement!.protocolVersion < COMPACT_PROTOCOL_VERSION) return;
    // BIP152 leaves the choice to who was quick before; on our own wire everybody begins as chosen.
    const isChosen = peer.wire === "native" && this.#deps.takesTransactions && this.#highBandwidth.greeted(peer);
    this.#sendWish(peer, isChosen);
  }

  peerClosed(peer: Peer): void {
    this.#wishes.delete(peer);
    this.#partials.removePeer(peer);
    this.#tries.removePeer(peer);
    this.#highBandwidth.closed(peer);
  }

  tick(now: number): void {
    this.#partials.expire(now);
  }

  /** Whether the peer is to be asked for compact blocks. */
  asksOf(peer: Peer): boolean {
    return this.#deps.takesTransactions && this.#wishes.has(peer);
  }

  /** Whether it is to be asked for this block in compact form: a second copy would not be looked at. */
  asksFor(peer: Peer, node: HeaderNode): boolean {
    return this.asksOf(peer) && !this.#tries.has(peer, node);
  }

  /** The peer was the first to bring a block that is new to us. */
  delivered(peer: Peer): void {
    if (!this.asksOf(peer)) return;
    const { joined, left } = this.#highBandwidth.delivered(peer);
    if (left) this.#sendWish(left, false);
    if (joined) this.#sendWish(joined, true);
  }

  /** Pushes a new tip to those of the peers that wish it and can connect it; answers to whom. */
  announce(tip: HeaderNode, uninformed: ReadonlySet<Peer>): ReadonlySet<Peer> {
    const { peers, peerChains } = this.#deps;
    const told = new Set<Peer>();
    for (const peer of uninformed) {
      if (this.#wishes.get(peer)?.highBandwidth && tip.parent && peerChains.has(peer, tip.parent)) told.add(peer);
    }
    const message = told.size > 0 ? this.#recent.compact(tip) : undefined;
    if (!message) return new Set();
    peers.broadcast(message, (peer) => told.has(peer));
    return told;
  }

  #onSendCompact(peer: Peer, { highBandwidth, version }: MessageOf<"sendcmpct">): void {
    // Other versions are offers that we do not take up: peers send one message for each that they know.
    if (version === COMPACT_VERSION) this.#wishes.set(peer, { highBandwidth });
  }

  #serve(peer: Peer, { hash }: InvItem): Message | undefined {
    const { ledger, peerChains } = this.#deps;
    const node = ledger.chain.get(hash);
    if (!node) return undefined;
    const message = this.#depth(node) <= MAX_COMPACT_DEPTH ? this.#recent.compact(node) : this.#whole(node);
    if (message) peerChains.assume(peer, node);
    return message;
  }

  #onGetBlockTransactions(peer: Peer, { blockHash, indexes }: MessageOf<"getblocktxn">): void {
    const make = () => this.#answer(peer, blockHash, indexes) ?? lacking(blockHash);
    this.#deps.answer(peer, { items: 1 + indexes.length, make });
  }

  #answer(peer: Peer, blockHash: Hash, indexes: readonly number[]): Message | undefined {
    const { ledger } = this.#deps;
    const node = ledger.chain.get(blockHash);
    const wasAtHand = ledger.isAtHand(blockHash);
    const block = node && ledger.block(blockHash);
    if (!block) return undefined;
    // A question takes some forty bytes, and the block is read back for it.
    if (!wasAtHand) peer.charge(block.length);
    if (this.#depth(node) > MAX_BLOCKTXN_DEPTH) return { type: "block", block };
    const layout = this.#recent.layout(node)!;
    const transactions = layout.transactionsAt(block, indexes);
    if (transactions) return { type: "blocktxn", blockHash, transactions };
    throw new RemoteFault("malformed", `asks for transaction ${indexes.at(-1)} of ${layout.count}`);
  }

  #whole(node: HeaderNode): Message | undefined {
    const block = this.#deps.ledger.block(node.hash);
    return block && { type: "block", block };
  }

  #depth(node: HeaderNode): number {
    return this.#deps.ledger.chain.tip.height - node.height;
  }

  #onCompactBlock(peer: Peer, message: MessageOf<"cmpctblock">): void {
    const { announced, inFlight } = this.#deps;
    const node = announced(peer, message.header);
    if (!node || !this.#isWanted(peer, node)) return;
    // Far ahead of the tip the pool is of no use.
    if (!this.#isNear(node) && !inFlight.owes(peer, node)) return inFlight.headersChanged();
    // What came of its first copy is under way, as a whole block at the last.
    if (this.#tries.has(peer, node)) return;
    inFlight.expect(peer, node);
    if (!this.#tries.add(peer, node)) return inFlight.askWhole(peer, node);
    this.#open(peer, node, message);
  }

  #open(peer: Peer, node: HeaderNode, message: MessageOf<"cmpctblock">): void {
    const { hasher, inFlight, pool } = this.#deps;
    const opening = openCompactBlock(hasher, message);
    if (opening.kind === "malformed") throw new RemoteFault("malformed", `${opening.reason} in ${node.hash}`);
    if (opening.kind === "collision") return inFlight.askWhole(peer, node);
    const { block } = opening;
    peer.charge(COMPACT_SCAN_BYTES * pool.count);
    pool.forEach(({ wtxid, raw }) => block.offer(wtxid, raw));
    if (block.missingCount > MAX_MISSING_SHARE * block.count) return inFlight.askWhole(peer, node);
    const awaited = { peer, node, partial: block, lacked: this.#lackedOf(message, block), since: this.#deps.env.now() };
    if (block.missingCount === 0) this.#finish(awaited);
    else this.#askMissing(awaited);
  }

  /** Indexes of what the pool could not give, whether the sender gave it unasked or is yet to be asked. */
  #lackedOf({ prefilled }: MessageOf<"cmpctblock">, partial: PartialBlock): readonly number[] {
    const { hasher, pool } = this.#deps;
    const given = prefilled.filter(({ index, transaction }) => index > 0 && !pool.has(hash256(hasher, transaction)));
    return [...given.map(({ index }) => index), ...partial.missing()];
  }

  /** What was asked for is: our tip may have grown since, and a branch of more work may build on the block. */
  #isWanted(peer: Peer, node: HeaderNode): boolean {
    if (node.hasBlock || node.linked) return false;
    return node.chainWork > this.#deps.ledger.chain.tip.chainWork || this.#deps.inFlight.owes(peer, node);
  }

  /** The block came, is invalid, or our chain has outgrown it. */
  #isOver(node: HeaderNode): boolean {
    return node.hasBlock || node.linked || node.invalid || node.chainWork <= this.#deps.ledger.chain.tip.chainWork;
  }

  #isNear(node: HeaderNode): boolean {
    return node.height <= this.#deps.ledger.chain.tip.height + COMPACT_AHEAD_BLOCKS;
  }

  /**
   * The first sender owes the block; a few more may be asked meanwhile, each for what is missing of its own copy, so
   * that one who stalls does not keep the block from us.
   */
  #askMissing(awaited: Awaited): void {
    const { peer, node, partial } = awaited;
    if (!this.#partials.hasRoom(peer, node)) return this.#deps.inFlight.askWhole(peer, node);
    this.#partials.add(awaited);
    peer.send({ type: "getblocktxn", blockHash: node.hash, indexes: partial.missing() });
  }

  #onBlockTransactions(peer: Peer, { blockHash, transactions }: MessageOf<"blocktxn">): void {
    const node = this.#deps.ledger.chain.get(blockHash);
    const awaited = node && this.#partials.find(peer, node);
    // Not a fault: the block may have come otherwise while the answer was under way.
    if (!awaited) return this.#log.debug("transactions that nobody waits for", { peer: peer.id, block: blockHash });
    this.#partials.remove(awaited);
    const supply = awaited.partial.supply(transactions);
    if (supply.kind === "malformed") throw new RemoteFault("malformed", `${supply.reason} in ${blockHash}`);
    this.#finish(awaited);
  }

  #finish({ peer, node, partial, lacked }: Awaited): void {
    const { inFlight } = this.#deps;
    const outcome = inFlight.receive(peer, node.hash, partial.assemble());
    if (outcome.kind !== "refused") return this.#recent.lacked(node, lacked);
    this.#log.debug("a compact block was rebuilt in vain", { peer: peer.id, hash: node.hash, reason: outcome.reason });
    // A transaction that only shares its short id with the right one is nobody's fault.
    if (outcome.fault === "mutated") inFlight.askWhole(peer, node);
    // Nor is a block that breaks a rule: compact blocks may be passed on before they are validated (BIP152).
    else inFlight.headersChanged();
  }

  #sendWish(peer: Peer, highBandwidth: boolean): void {
    peer.send({ type: "sendcmpct", highBandwidth, version: COMPACT_VERSION });
  }
}

function lacking(hash: Hash): Message {
  return { type: "notfound", items: [{ kind: INV_WITNESS_BLOCK, hash }] };
}
