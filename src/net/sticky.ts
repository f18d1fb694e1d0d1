interface Binding {
  readonly name: string;
  expiresAt: number;
}

/** Remembers which peer serves a session, until the session was idle for too long. Bounded: the idlest leave first. */
export class Sticky {
  readonly #capacity: number;
  /** In the order of last use. */
  readonly #bindings = new Map<string, Binding>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#bindings.size;
  }

  /** Name of the session's peer. */
  get(session: string, now: number): string | undefined {
    const binding = this.#bindings.get(session);
    return binding && binding.expiresAt > now ? binding.name : undefined;
  }

  /** Binds the session to a peer, or goes on with it, for `forMs` from now. */
  bind(session: string, name: string, forMs: number, now: number): void {
    this.#bindings.delete(session);
    this.#bindings.set(session, { name, expiresAt: now + forMs });
    if (this.#bindings.size <= this.#capacity) return;
    const [idlest] = this.#bindings.keys();
    this.#bindings.delete(idlest!);
  }

  /** Forgets what has expired. */
  sweep(now: number): void {
    for (const [session, { expiresAt }] of this.#bindings) if (expiresAt <= now) this.#bindings.delete(session);
  }
}
