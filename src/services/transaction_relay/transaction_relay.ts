import type { Bus } from "../../bus/bus.ts";
import type { BestChainChange, Ledger } from "../../ledger/ledger.ts";
import type { PooledTransaction, PoolOutcome, TransactionPool } from "../../ledger/transaction_pool.ts";
import { MAX_MONEY } from "../../protocol/consensus.ts";
import { LocalError, RemoteFault } from "../../protocol/errors.ts";
import {
  INV_TX,
  INV_WITNESS_TX,
  INV_WTX,
  type InvItem,
  type Message,
  type MessageOf,
} from "../../protocol/messages.ts";
import {
  FEE_FILTER_PROTOCOL_VERSION,
  MAX_UNBROADCAST,
  MEMPOOL_INTERVAL_MS,
  TOLD_TO_NEWCOMERS,
  UNREQUESTED_BURST_BYTES,
  UNREQUESTED_BYTES_PER_SECOND,
  UNREQUESTED_LEAST_BYTES,
} from "../../protocol/relay_params.ts";
import { HELD_ENTRY_BYTES } from "../../protocol/vitals_params.ts";
import type { PoolSnapshot, TransactionVerdict } from "../../protocol/chain_snapshots.ts";
import type { NodeEvents } from "../../protocol/node_events.ts";
import { type ParsedTransaction, parseTransaction, stripTransaction } from "../../protocol/transaction.ts";
import type { Peer } from "../../peer/peer.ts";
import { Allowance } from "../../util/allowance.ts";
import { MalformedBytes } from "../../util/bytes.ts";
import type { Env, Logger } from "../../util/env.ts";
import type { Hash, Hasher } from "../../util/hash.ts";
import type { TimesSnapshot } from "../../util/recent_times.ts";
import type { Handlers, InventoryPart, Service } from "../service.ts";
import { Announcements } from "./announcements.ts";
import { Confirmations } from "./confirmations.ts";
import type { RelayPace } from "./pace.ts";
import { TransactionRequests } from "./requests.ts";

export interface TransactionRelayDeps {
  readonly env: Env;
  readonly hasher: Hasher;
  readonly ledger: Ledger;
  readonly pool: TransactionPool;
  readonly bus: Bus<NodeEvents>;
  readonly pace: RelayPace;
  /** Whether transactions of others are taken; our own are announced all the same. */
  readonly takesOthers: boolean;
}

/** What one peer may still do. */
interface Limits {
  readonly unrequested: Allowance;
  /** When the pool was listed for it last. */
  listedAt: number;
}

/**
 * Passes transactions on: each is fetched once from somebody who announced it, kept in the pool if its form is right,
 * announced to everybody else, and served. Nothing else about it is verified.
 */
export class TransactionRelay implements Service {
  readonly name = "transaction-relay";
  readonly handles: Handlers = {
    tx: (peer, message) => this.#onTransaction(peer, message.transaction),
    mempool: (peer) => this.#onMempool(peer),
    feefilter: (peer, message) => this.#onFeeFilter(peer, message),
  };
  readonly inventory: InventoryPart = {
    kinds: [INV_TX, INV_WITNESS_TX, INV_WTX],
    announced: (peer, items) => this.#onAnnounced(peer, items),
    repeated: (peer, items) => items.forEach((item) => this.#learn(peer, item)),
    lacks: (item) => this.#deps.pool.lacks(item),
    serve: (peer, item) => this.#serve(peer, item),
    missing: (peer, items) => this.#requests.missing(peer, items, this.#deps.env.now()),
  };
  readonly #deps: TransactionRelayDeps;
  readonly #log: Logger;
  readonly #announcements: Announcements;
  readonly #requests: TransactionRequests;
  readonly #confirmations: Confirmations;
  /** Of peers that used any of it. */
  readonly #limits = new Map<Peer, Limits>();
  /** Our own that nobody fetched yet, by wtxid, the oldest first. */
  readonly #unbroadcast = new Set<Hash>();

  constructor(deps: TransactionRelayDeps) {
    const { env, pool, pace } = deps;
    this.#deps = deps;
    this.#log = env.logger("relay");
    this.#announcements = new Announcements({ env, pool, pace });
    this.#requests = new TransactionRequests(pace.headStartMs);
    this.#confirmations = new Confirmations(deps);
  }

  peerReady(peer: Peer): void {
    this.#requests.add(peer);
    this.#announcements.add(peer);
    this.#tellNewcomer(peer);
    // Fees cannot be computed without the coins, so we have no least fee.
    if (this.#mayRelay(peer) && peer.agreement!.protocolVersion >= FEE_FILTER_PROTOCOL_VERSION) {
      peer.send({ type: "feefilter", feeRate: 0n });
    }
  }

  peerClosed(peer: Peer): void {
    this.#limits.delete(peer);
    if (this.#announcements.remove(peer)) this.#requests.remove(peer, this.#deps.env.now());
  }

  tick(now: number): void {
    const { pool } = this.#deps;
    pool.expire(now);
    this.#requests.tick(now);
    for (const wtxid of this.#unbroadcast) if (!pool.has(wtxid)) this.#unbroadcast.delete(wtxid);
  }

  /** From a transaction's first announcement to its delivery. */
  deliveryTimes(): TimesSnapshot {
    return this.#requests.delays(this.#deps.env.now());
  }

  heldBytes(peer: Peer): number {
    return this.#requests.announcedBy(peer) * HELD_ENTRY_BYTES;
  }

  chainChanged(change: BestChainChange): void {
    this.#confirmations.chainChanged(change);
  }

  /** The store is about to close: blocks cannot be looked up any more. */
  close(): void {
    this.#confirmations.close();
  }

  snapshot(): PoolSnapshot {
    const { count, bytes } = this.#deps.pool;
    return { count, bytes, requested: this.#requests.size };
  }

  /** Takes a transaction of our own. Throws LocalError if the bytes are no transaction. */
  submit(raw: Uint8Array, feeRate: bigint | undefined): TransactionVerdict {
    const parsed = this.#parseOwn(raw);
    const outcome = this.#take(parsed, undefined, feeRate);
    const { txid, wtxid } = parsed;
    switch (outcome.kind) {
      case "added":
        if (this.#unbroadcast.size < MAX_UNBROADCAST) this.#unbroadcast.add(wtxid);
        return { kind: "accepted", txid, wtxid };
      case "known":
        return { kind: "known", txid, wtxid };
      default:
        return { kind: "refused", reason: outcome.kind === "settled" ? "settled" : outcome.reason };
    }
  }

  #tellNewcomer(peer: Peer): void {
    const { pool } = this.#deps;
    const told = new Set<PooledTransaction>();
    pool.forNewest(TOLD_TO_NEWCOMERS, (transaction) => void told.add(transaction));
    for (const wtxid of this.#unbroadcast) {
      const transaction = pool.get(wtxid);
      if (transaction) told.add(transaction);
    }
    for (const transaction of told) this.#announcements.announceTo(peer, transaction);
  }

  #parseOwn(raw: Uint8Array): ParsedTransaction {
    try {
      return parseTransaction(this.#deps.hasher, raw);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      const text = `Cannot submit a transaction: it is malformed: received ${raw.length} bytes, ${error.message}`;
      throw new LocalError("bad-argument", text);
    }
  }

  /** While we are far behind, what is confirmed looks new: nothing is taken. */
  #takesFrom(peer: Peer): boolean {
    return this.#mayRelay(peer) && !this.#deps.ledger.chain.syncing;
  }

  #mayRelay(peer: Peer): boolean {
    return (this.#deps.takesOthers || peer.permissions.has("relay")) && !peer.isBlockOnly;
  }

  #onAnnounced(peer: Peer, items: readonly InvItem[]): void {
    const { env, pool } = this.#deps;
    const takesOthers = this.#takesFrom(peer);
    const now = env.now();
    // After wtxidrelay the other kind means nothing (BIP339): the two could not be told from one another.
    const kind = peer.agreement!.wtxidRelay ? INV_WTX : INV_TX;
    for (const item of items) {
      if (item.kind !== kind || this.#learn(peer, item)) continue;
      if (takesOthers && pool.lacks(item) && !this.#requests.note(peer, item.hash, now)) break;
    }
    this.#requests.ask(peer, now);
  }

  /** Whether we hold the transaction: then it is noted that the peer does too. */
  #learn(peer: Peer, item: InvItem): boolean {
    const transaction = this.#deps.pool.find(item);
    if (!transaction) return false;
    this.#announcements.learn(peer, transaction);
    this.#unbroadcast.delete(transaction.wtxid);
    return true;
  }

  #onTransaction(peer: Peer, raw: Uint8Array): void {
    if (!this.#takesFrom(peer)) return;
    const parsed = this.#parse(raw);
    const now = this.#deps.env.now();
    if (!this.#requests.isAskedOf(peer, parsed) && !this.#mayPush(peer, raw, now)) {
      return this.#log.debug("unrequested transaction ignored", { peer: peer.id, txid: parsed.txid });
    }
    const outcome = this.#take(parsed, peer, undefined);
    if (outcome.kind === "added") peer.noteUseful("transaction");
    // What is merely large may come from an honest peer with other rules.
    if (outcome.kind === "refused" && outcome.reason !== "over-standard-size") {
      throw new RemoteFault("bad-transaction", `${outcome.reason} in ${parsed.txid}`);
    }
  }

  #parse(raw: Uint8Array): ParsedTransaction {
    try {
      return parseTransaction(this.#deps.hasher, raw);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      throw new RemoteFault("malformed", `a transaction: ${error.message}`);
    }
  }

  #mayPush(peer: Peer, raw: Uint8Array, now: number): boolean {
    const cost = Math.max(UNREQUESTED_LEAST_BYTES, raw.length);
    return this.#limitsOf(peer, now).unrequested.take(cost, now);
  }

  #limitsOf(peer: Peer, now: number): Limits {
    let limits = this.#limits.get(peer);
    if (limits) return limits;
    const unrequested = new Allowance(UNREQUESTED_BURST_BYTES, UNREQUESTED_BYTES_PER_SECOND, now);
    this.#limits.set(peer, limits = { unrequested, listedAt: Number.NEGATIVE_INFINITY });
    return limits;
  }

  #take(parsed: ParsedTransaction, peer: Peer | undefined, feeRate: bigint | undefined): PoolOutcome {
    const { env, pool } = this.#deps;
    const outcome = pool.addParsed(parsed, env.now(), feeRate);
    if ("transaction" in outcome && peer) this.#announcements.learn(peer, outcome.transaction);
    if (outcome.kind === "added") this.#passOn(outcome.transaction, peer);
    this.#requests.settle(parsed, peer, env.now());
    return outcome;
  }

  #passOn(transaction: PooledTransaction, peer: Peer | undefined): void {
    const { bus } = this.#deps;
    this.#requests.forEachSource(transaction, (source) => this.#announcements.learn(source, transaction));
    this.#announcements.announce(transaction);
    if (!bus.hasSubscribers("transaction:seen")) return;
    const { txid, wtxid, raw } = transaction;
    bus.publish("transaction:seen", { txid, wtxid, sizeBytes: raw.length, peer: peer?.id });
  }

  #serve(peer: Peer, item: InvItem): Message | undefined {
    const { env, pool } = this.#deps;
    const transaction = pool.find(item);
    if (!transaction) return undefined;
    if (!this.#announcements.mayHave(peer, transaction, env.now())) return undefined;
    this.#announcements.learn(peer, transaction);
    // Somebody else has it: new peers will hear of it from others, however old it is.
    this.#unbroadcast.delete(transaction.wtxid);
    return { type: "tx", transaction: item.kind === INV_TX ? stripTransaction(transaction.raw) : transaction.raw };
  }

  #onMempool(peer: Peer): void {
    const now = this.#deps.env.now();
    const limits = this.#limitsOf(peer, now);
    if (now - limits.listedAt < MEMPOOL_INTERVAL_MS && !peer.permissions.has("mempool")) return;
    limits.listedAt = now;
    this.#announcements.list(peer, now);
  }

  #onFeeFilter(peer: Peer, { feeRate }: MessageOf<"feefilter">): void {
    // Nonsense is passed over, as everywhere (BIP133 does not say what to do with it).
    if (feeRate >= 0n && feeRate <= BigInt(MAX_MONEY)) this.#announcements.setFeeRate(peer, feeRate);
  }
}
