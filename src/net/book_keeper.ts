import type { Store } from "../platform/types.ts";
import { BOOK_WRITE_INTERVAL_MS, BOOK_WRITE_ROWS } from "../protocol/address_params.ts";
import { LocalError } from "../protocol/errors.ts";
import type { Env, Logger } from "../util/env.ts";
import { bytesToHex, hexToBytes, isHexOfSize } from "../util/hex.ts";
import { AddressBook } from "./address_book.ts";
import { PLACEMENT_KEY_BYTES } from "./address_book/placement.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export interface BookKeeperOptions {
  readonly env: Env;
  readonly store: Pick<
    Store,
    "addresses" | "putAddress" | "removeAddress" | "setting" | "putSetting" | "commit"
  >;
  /** As of `AddressBook`. */
  readonly allowsLocal: boolean;
  /** The store failed; nothing is written any more. */
  readonly onFailure: (error: Error) => void;
}

const KEY_SETTING = "addresses.key";

/** Brings an address book back from the store, and writes there what changes in it, some rows at a time. */
export class BookKeeper {
  readonly book: AddressBook;
  readonly #options: BookKeeperOptions;
  readonly #log: Logger;
  #writesAt = 0;
  /** Off where the table cannot be read: writing into a damaged one would end the store, and the node with it. */
  #isWritable = true;

  constructor(options: BookKeeperOptions) {
    const { env, allowsLocal } = options;
    this.#options = options;
    this.#log = env.logger("addresses");
    this.book = new AddressBook({ key: this.#readKey(), random: () => env.random(), allowsLocal });
  }

  /** Call it once, before the book is used. */
  load(): void {
    const { env, store } = this.#options;
    try {
      const lost = this.book.restore(store.addresses(), Math.floor(env.wallClock() / MS_PER_SECOND));
      if (lost > 0) this.#log.warn("addresses that are damaged or found no place are forgotten", { count: lost });
    } catch (error) {
      if (!(error instanceof LocalError)) throw error;
      this.#isWritable = false;
      this.#log.error("the stored addresses cannot be read: the node goes on without them", { error: error.message });
    }
  }

  /** `now` as by `env.now()`. */
  tick(now: number): void {
    if (now < this.#writesAt) return;
    this.#writesAt = now + BOOK_WRITE_INTERVAL_MS;
    this.#write(BOOK_WRITE_ROWS);
  }

  /** Writes all that is left. */
  close(): void {
    this.#write(this.book.changeCount);
  }

  #write(count: number): void {
    if (!this.#isWritable || this.book.changeCount === 0) return;
    const { store, onFailure } = this.#options;
    try {
      const { put, removed } = this.book.takeChanges(count);
      for (const endpoint of removed) store.removeAddress(endpoint);
      for (const row of put) store.putAddress(row);
      store.commit();
    } catch (error) {
      this.#isWritable = false;
      onFailure(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** The secret of the book, made when it is needed first. */
  #readKey(): Uint8Array {
    const { env, store } = this.#options;
    const known = store.setting(KEY_SETTING);
    if (known !== undefined && isHexOfSize(known, PLACEMENT_KEY_BYTES)) return hexToBytes(known);
    const key = env.randomBytes(PLACEMENT_KEY_BYTES);
    store.putSetting(KEY_SETTING, bytesToHex(key));
    return key;
  }
}
