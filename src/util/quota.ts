/** How much of a kind of work may be under way. */
export interface QuotaLimits {
  readonly items: number;
  readonly bytes: number;
  readonly itemsPerPeer: number;
  readonly bytesPerPeer: number;
}

interface Use {
  items: number;
  bytes: number;
}

/** Counts work under way in items and bytes, for each peer and in all, so that one peer cannot use up what all share. */
export class Quota {
  readonly #limits: QuotaLimits;
  readonly #byPeer = new Map<number, Use>();
  readonly #all: Use = { items: 0, bytes: 0 };

  constructor(limits: QuotaLimits) {
    this.#limits = limits;
  }

  get items(): number {
    return this.#all.items;
  }

  /** Whether a peer may have one more item, of so many bytes. Ask before each `take`. */
  hasRoom(peer: number, bytes: number): boolean {
    const limits = this.#limits;
    if (this.#all.items >= limits.items || this.#all.bytes + bytes > limits.bytes) return false;
    const use = this.#byPeer.get(peer);
    return !use || (use.items < limits.itemsPerPeer && use.bytes + bytes <= limits.bytesPerPeer);
  }

  take(peer: number, bytes: number): void {
    let use = this.#byPeer.get(peer);
    if (!use) this.#byPeer.set(peer, use = { items: 0, bytes: 0 });
    use.items++;
    use.bytes += bytes;
    this.#all.items++;
    this.#all.bytes += bytes;
  }

  give(peer: number, bytes: number): void {
    const use = this.#byPeer.get(peer);
    if (!use) return;
    use.items--;
    use.bytes -= bytes;
    this.#all.items--;
    this.#all.bytes -= bytes;
    if (use.items === 0) this.#byPeer.delete(peer);
  }
}
