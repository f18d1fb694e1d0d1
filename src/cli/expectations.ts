/** Message types that are still to come, each as often as it was asked for. */
export class Expectations {
  /** Resolves when nothing is waited for any more. */
  readonly done: Promise<void>;
  readonly met: string[] = [];
  readonly missing: string[];
  readonly #finish: () => void;
  readonly #count: number;
  #seen = 0;

  /** Waits for all `types`, but for no more than `count` messages; without types, for `count` messages. */
  constructor(types: readonly string[], count: number | undefined) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.done = promise;
    this.#finish = resolve;
    this.missing = [...types];
    this.#count = count ?? (types.length > 0 ? Infinity : 0);
    if (this.#count === 0) resolve();
  }

  /** Notes that a message came. */
  see(type: string): void {
    const index = this.missing.indexOf(type);
    if (index >= 0) this.met.push(...this.missing.splice(index, 1));
    this.#seen++;
    if (this.#seen >= this.#count || (this.met.length > 0 && this.missing.length === 0)) this.#finish();
  }
}
