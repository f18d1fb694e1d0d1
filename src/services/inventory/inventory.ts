import { LocalError } from "../../protocol/errors.ts";
import type { InvItem, MessageOf } from "../../protocol/messages.ts";
import {
  MAX_ANSWERS_PER_TURN,
  MAX_DEFERRED_ITEMS,
  MAX_PERMITTED_DEFERRED_ITEMS,
  OUTBOX_LOW_WATER_BYTES,
} from "../../protocol/connection_params.ts";
import { DEDUPE_CAPACITY, DEDUPE_TTL_MS } from "../../protocol/relay_params.ts";
import { HELD_ENTRY_BYTES } from "../../protocol/vitals_params.ts";
import type { InventorySnapshot } from "../../protocol/chain_snapshots.ts";
import type { Peer } from "../../peer/peer.ts";
import type { Env, Logger } from "../../util/env.ts";
import type { DeferredAnswer, Handlers, InventoryPart, Service } from "../service.ts";
import type { DedupeMode } from "../../protocol/dedupe.ts";
import { Deferred } from "./deferred.ts";
import { SeenItems } from "./seen_items.ts";

export interface InventoryDeps {
  readonly env: Env;
  /** Those that have to do with inventory, among others. */
  readonly services: readonly Service[];
  readonly dedupe: DedupeMode;
}

type Parts = Required<Omit<InventoryPart, "kinds">>;
type Claims<P extends keyof Parts> = ReadonlyMap<number, Parts[P]>;

/**
 * Splits inv, getdata and notfound by kind among the services that claim the kinds. Requested data leaves at the pace at
 * which the peer takes it: what it asked for beyond that waits here, and beyond a bound so does reading from it.
 */
export class Inventory implements Service {
  readonly name = "inventory";
  readonly handles: Handlers = {
    inv: (peer, message) => this.#onInv(peer, message),
    getdata: (peer, message) => this.#onGetData(peer, message),
    notfound: (peer, message) => split(this.#missing, peer, message.items),
  };
  readonly #env: Env;
  readonly #log: Logger;
  #mode: DedupeMode;
  readonly #seen: SeenItems;
  readonly #announced: Claims<"announced">;
  readonly #repeated: Claims<"repeated">;
  readonly #lacks: Claims<"lacks">;
  readonly #serve: Claims<"serve">;
  readonly #missing: Claims<"missing">;
  /** What each peer asked for and did not get yet. */
  readonly #deferred = new Map<Peer, Deferred>();
  readonly #counts = { announced: 0, duplicates: 0, dropped: 0 };

  /** Throws LocalError if two services claim the same part of a kind. */
  constructor({ env, services, dedupe }: InventoryDeps) {
    this.#env = env;
    this.#log = env.logger("inventory");
    this.#mode = dedupe;
    this.#seen = new SeenItems({ ttlMs: DEDUPE_TTL_MS, capacity: DEDUPE_CAPACITY }, env.now());
    this.#announced = claimsOf(services, "announced");
    this.#repeated = claimsOf(services, "repeated");
    this.#lacks = claimsOf(services, "lacks");
    this.#serve = claimsOf(services, "serve");
    this.#missing = claimsOf(services, "missing");
  }

  /** Items since the start. */
  counts(): InventorySnapshot {
    return { ...this.#counts };
  }

  peerWritable(peer: Peer): void {
    const waiting = this.#deferred.get(peer);
    if (waiting) this.#serveTo(peer, waiting);
  }

  peerClosed(peer: Peer): void {
    this.#deferred.delete(peer);
  }

  heldBytes(peer: Peer): number {
    return (this.#deferred.get(peer)?.items ?? 0) * HELD_ENTRY_BYTES;
  }

  /** Gives an answer at the pace at which the peer takes data, behind what it asked for before. */
  answer(peer: Peer, answer: DeferredAnswer): void {
    this.#defer(peer, [answer]);
  }

  setMode(mode: DedupeMode): void {
    this.#mode = mode;
  }

  get mode(): DedupeMode {
    return this.#mode;
  }

  tick(now: number): void {
    this.#seen.tick(now);
  }

  #onInv(peer: Peer, { items }: MessageOf<"inv">): void {
    this.#counts.announced += items.length;
    if (this.#mode !== "off" && this.#tellsNothingNew(peer, items) && this.#mode === "drop") {
      this.#counts.dropped += items.length;
      return split(this.#repeated, peer, items);
    }
    split(this.#announced, peer, items);
  }

  /**
   * Whether every item was announced within the time to live and its data has come. A mark stands for an announcement,
   * never for the data: of what is still lacking each announcer may be the one who delivers.
   */
  #tellsNothingNew(peer: Peer, items: readonly InvItem[]): boolean {
    const now = this.#env.now();
    let duplicates = 0;
    let lacking = 0;
    for (const item of items) {
      if (!this.#announced.has(item.kind) || !this.#seen.note(item, now)) continue;
      duplicates++;
      if (this.#lacks.get(item.kind)?.(item) !== false) lacking++;
    }
    if (duplicates === 0) return false;
    this.#counts.duplicates += duplicates;
    if (this.#log.enabled("debug")) this.#log.debug("announced again", { peer: peer.id, items: duplicates });
    return duplicates === items.length && lacking === 0;
  }

  #onGetData(peer: Peer, { items }: MessageOf<"getdata">): void {
    this.#defer(peer, items);
  }

  #defer(peer: Peer, asked: readonly (InvItem | DeferredAnswer)[]): void {
    let waiting = this.#deferred.get(peer);
    if (!waiting) this.#deferred.set(peer, waiting = new Deferred());
    for (const each of asked) waiting.push(each);
    this.#serveTo(peer, waiting);
    if (waiting.items > deferredLimit(peer)) peer.hold();
  }

  #serveTo(peer: Peer, waiting: Deferred): void {
    const missing: InvItem[] = [];
    let answers = 0;
    while (peer.outbox.bytes < OUTBOX_LOW_WATER_BYTES && answers < MAX_ANSWERS_PER_TURN && !peer.isOver) {
      const asked = waiting.shift();
      if (!asked) break;
      if ("make" in asked) answers++;
      const message = "make" in asked ? asked.make() : this.#serve.get(asked.kind)?.(peer, asked);
      if (message) peer.send(message);
      else if ("kind" in asked) missing.push(asked);
    }
    if (missing.length > 0) peer.send({ type: "notfound", items: missing });
    if (waiting.items > 0) peer.awaitRoom();
    if (waiting.items <= deferredLimit(peer)) peer.release();
  }
}

function deferredLimit(peer: Peer): number {
  return peer.permissions.has("download") ? MAX_PERMITTED_DEFERRED_ITEMS : MAX_DEFERRED_ITEMS;
}

function claimsOf<P extends keyof Parts>(services: readonly Service[], part: P): Claims<P> {
  const claims = new Map<number, Parts[P]>();
  for (const { name, inventory } of services) {
    const claim = inventory?.[part];
    if (!inventory || !claim) continue;
    for (const kind of inventory.kinds) {
      if (claims.has(kind)) {
        const text = `Cannot share out the inventory: "${part}" of kind ${kind} is claimed twice: received ${name}`;
        throw new LocalError("bad-argument", text);
      }
      claims.set(kind, claim as Parts[P]);
    }
  }
  return claims;
}

/** Each claimant gets its items in their order: the list as it is where all are of one claimant, as they usually are. */
function split(claims: Claims<"announced" | "repeated" | "missing">, peer: Peer, items: readonly InvItem[]): void {
  const [first] = items;
  if (!first) return;
  const claim = claims.get(first.kind);
  if (items.every(({ kind }) => claims.get(kind) === claim)) return claim?.(peer, items);
  const shares = new Map<Parts["announced"], InvItem[]>();
  for (const item of items) {
    const claimant = claims.get(item.kind);
    if (!claimant) continue;
    const share = shares.get(claimant);
    if (share) share.push(item);
    else shares.set(claimant, [item]);
  }
  for (const [claimant, share] of shares) claimant(peer, share);
}
