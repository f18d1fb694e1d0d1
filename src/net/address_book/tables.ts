import { BUCKET_SLOTS } from "../../protocol/address_params.ts";
import { addressGroup } from "../address_group.ts";
import { addressKey, formatPeerAddress, type PeerAddress } from "../peer_address.ts";
import { BucketTable } from "./bucket_table.ts";
import { ChangeLog } from "./change_log.ts";
import { type Entry, groupOf, isTerrible } from "./entry.ts";
import { Placement } from "./placement.ts";

/**
 * Where each address of a book stands: either in one slot of the tried table, or in one to eight of the new one. An entry
 * without a slot does not exist.
 */
export class AddressTables {
  readonly fresh = new BucketTable<Entry>(BUCKET_SLOTS);
  readonly tried = new BucketTable<Entry>(BUCKET_SLOTS);
  readonly changes = new ChangeLog();
  readonly #placement: Placement;
  readonly #entries = new Map<string, Entry>();
  readonly #list: Entry[] = [];
  readonly #onRemoved: (entry: Entry) => void;

  /** `onRemoved` hears of entries that are forgotten because another one took their last slot. */
  constructor(key: Uint8Array, onRemoved: (entry: Entry) => void) {
    this.#placement = new Placement(key);
    this.#onRemoved = onRemoved;
  }

  /** Every entry once, in an order that `swap` changes. */
  get list(): readonly Entry[] {
    return this.#list;
  }

  find(peerAddress: PeerAddress): Entry | undefined {
    return this.get(addressKey(peerAddress));
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key);
  }

  /** The bucket of the new table for an entry that this group of sources tells of. */
  bucketFor(entry: Entry, sourceGroup: string): number {
    return this.#placement.newBucket(groupOf(entry), sourceGroup);
  }

  triedSlotOf(entry: Entry): number {
    return this.#placement.triedSlot(groupOf(entry), entry.key);
  }

  /**
   * Puts an entry, known or not, into its slot of a bucket of the new table. False if it stands there already, or if the
   * slot is held by one that is neither given up nor able to spare it.
   */
  place(entry: Entry, bucket: number, now: number): boolean {
    const slot = this.#placement.newSlot(bucket, entry.key);
    const holder = this.fresh.get(slot);
    if (holder === entry) return false;
    if (holder) {
      const canSpare = holder.slots.length > 1 && entry.slots.length === 0;
      if (!canSpare && !isTerrible(holder, now)) return false;
    }
    this.#occupy(entry, slot);
    return true;
  }

  /** Moves an entry, known or not, to its slot of the tried table; who stands there goes back to the new one. */
  promote(entry: Entry): void {
    const slot = this.triedSlotOf(entry);
    const incumbent = this.tried.get(slot);
    if (incumbent) this.tried.clear(slot);
    for (const own of entry.slots) this.fresh.clear(own);
    entry.slots = [slot];
    entry.isTried = true;
    this.tried.put(slot, entry);
    this.#keep(entry);
    if (incumbent) this.#demote(incumbent);
  }

  /** Exchanges two places of the list. */
  swap(left: number, right: number): void {
    const [a, b] = [this.#list[left]!, this.#list[right]!];
    [this.#list[left], this.#list[right]] = [b, a];
    [a.index, b.index] = [right, left];
  }

  bucketsOf(entry: Entry): readonly number[] {
    return entry.isTried ? [] : entry.slots.map((slot) => this.fresh.bucketOf(slot));
  }

  #demote(entry: Entry): void {
    entry.isTried = false;
    entry.slots = [];
    const bucket = this.bucketFor(entry, addressGroup(entry.source));
    // It answered us once: that is more than the slot's holder did.
    this.#occupy(entry, this.#placement.newSlot(bucket, entry.key));
  }

  /** Takes a slot of the new table, whoever holds it. */
  #occupy(entry: Entry, slot: number): void {
    const holder = this.fresh.get(slot);
    if (holder) this.#vacate(holder, slot);
    this.fresh.put(slot, entry);
    // Anew and not pushed: an array that grows gets room for many more, and most entries have one slot.
    entry.slots = entry.slots.length === 0 ? [slot] : [...entry.slots, slot];
    this.#keep(entry);
  }

  #vacate(holder: Entry, slot: number): void {
    this.fresh.clear(slot);
    holder.slots = holder.slots.filter((own) => own !== slot);
    if (holder.slots.length === 0) this.#remove(holder);
    else this.changes.note(holder);
  }

  #keep(entry: Entry): void {
    this.changes.note(entry);
    if (this.#entries.has(entry.key)) return;
    entry.index = this.#list.length;
    this.#list.push(entry);
    this.#entries.set(entry.key, entry);
  }

  #remove(entry: Entry): void {
    this.swap(entry.index, this.#list.length - 1);
    this.#list.pop();
    this.#entries.delete(entry.key);
    this.changes.noteRemoved(entry, formatPeerAddress(entry));
    this.#onRemoved(entry);
  }
}
