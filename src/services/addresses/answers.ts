import { type AddressBook, isRecommended } from "../../net/address_book.ts";
import { reaches } from "../../net/reach.ts";
import { ANSWER_FLOOR, ANSWER_SHARE } from "../../protocol/address_params.ts";
import { type AddressScope, addressScope } from "../../protocol/addresses.ts";
import type { AddressRecord, NetAddress } from "../../protocol/messages.ts";
import { MAX_ADDRESSES } from "../../protocol/wire_limits.ts";

export interface AnswersOptions {
  readonly book: AddressBook;
  /** Who is named to nobody. */
  readonly shuns: (address: NetAddress) => boolean;
  readonly random: () => number;
  /** How long the same answer is given. */
  readonly cacheMs: number;
  /** Whether nodes that answer probes come first. */
  readonly prefersReliable: boolean;
}

interface Answer {
  readonly records: readonly AddressRecord[];
  /** By `env.now()`. */
  readonly until: number;
  readonly bookSize: number;
}

/** An answer lives between 7/8 and 9/8 of its time, so that nobody can tell when it was made. */
const JITTER = 0.25;
/** A book that has become so much larger has more to say than the old answer. */
const GROWTH = 2;

/**
 * Answers to getaddr. All who ask over one network at one port get the same for about a day: who asks often learns no
 * more of the book than who asks once, and who asks over two networks cannot tell by the answers that we are one node.
 */
export class Answers {
  readonly #options: AnswersOptions;
  readonly #answers = new Map<string, Answer>();

  constructor(options: AnswersOptions) {
    this.#options = options;
  }

  /** `now` as by `env.now()`, `wallNow` in Unix seconds. `listener`: any text for our end of the connection. */
  give(scope: AddressScope, listener: string, now: number, wallNow: number): readonly AddressRecord[] {
    const { book } = this.#options;
    const key = `${scope} ${listener}`;
    const known = this.#answers.get(key);
    if (known && now < known.until && book.size < GROWTH * known.bookSize) return known.records;
    const records = this.#make(scope, wallNow);
    // All of a small book is no secret that a cache could keep.
    if (book.size > ANSWER_FLOOR) this.#answers.set(key, { records, until: this.#until(now), bookSize: book.size });
    else this.#answers.delete(key);
    return records;
  }

  #make(scope: AddressScope, wallNow: number): readonly AddressRecord[] {
    const { book, shuns, prefersReliable } = this.#options;
    const share = Math.max(ANSWER_FLOOR, Math.floor(book.size * ANSWER_SHARE));
    const known = book.sample({
      count: Math.min(MAX_ADDRESSES, share),
      wants: ({ address }) => reaches(scope, addressScope(address)) && !shuns(address),
      ...(prefersReliable && { prefers: isRecommended }),
    }, wallNow);
    return known.map(({ address, port, services, time }) => ({ address, port, services, time }));
  }

  #until(now: number): number {
    const { cacheMs, random } = this.#options;
    return now + cacheMs * (1 + JITTER * (random() - 1 / 2));
  }
}
