import type { StoredAddress } from "../../platform/types.ts";
import type { Entry } from "./entry.ts";
import { toStored } from "./record.ts";

/** What has to be written to keep a store up with the book. */
export interface BookChanges {
  readonly put: readonly StoredAddress[];
  /** Endpoints. */
  readonly removed: readonly string[];
}

/** Begins like no entry's key, which begins with the number of a network. */
const DAMAGED_ROW = "row ";

/** Which entries changed since they were last written: at most one note each, so that no flood can make it grow. */
export class ChangeLog {
  /** An entry to write, or the endpoint of one to remove. Oldest first. */
  readonly #notes = new Map<string, Entry | string>();

  get size(): number {
    return this.#notes.size;
  }

  note(entry: Entry): void {
    this.#notes.set(entry.key, entry);
  }

  noteRemoved(entry: Entry, endpoint: string): void {
    this.#notes.delete(entry.key);
    // One that came and went between two writes was never in the store.
    if (entry.isStored) this.#notes.set(entry.key, endpoint);
  }

  /** A row of the store that is no entry is removed from there. */
  noteLost(endpoint: string): void {
    this.#notes.set(DAMAGED_ROW + endpoint, endpoint);
  }

  /** The entry stands in the store as it is. */
  forget(entry: Entry): void {
    entry.isStored = true;
    this.#notes.delete(entry.key);
  }

  /** Up to `count` changes, which count as written from then on. */
  take(count: number, bucketsOf: (entry: Entry) => readonly number[]): BookChanges {
    const put: StoredAddress[] = [];
    const removed: string[] = [];
    for (const [key, noted] of this.#notes) {
      if (put.length + removed.length >= count) break;
      this.#notes.delete(key);
      if (typeof noted === "string") {
        removed.push(noted);
      } else {
        noted.isStored = true;
        put.push(toStored(noted, bucketsOf(noted)));
      }
    }
    return { put, removed };
  }
}
