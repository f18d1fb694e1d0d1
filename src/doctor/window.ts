import type { PeerSnapshot } from "../protocol/peer_snapshots.ts";
import { RATE_WINDOW_MS, SLOW_WINDOW_MS, SLOW_WINDOW_SAMPLES } from "../protocol/vitals_params.ts";
import type { Vitals } from "./vitals.ts";

/** What of one peer is compared over time. */
export interface PeerMark {
  readonly messages: number;
  readonly bytes: number;
  readonly cpuMs: number;
  readonly dropped: number;
}

interface Marks {
  readonly at: number;
  readonly byPeer: ReadonlyMap<number, PeerMark>;
}

const NO_MARKS: Marks = { at: 0, byPeer: new Map() };

/** A node's figures of the last minute, one look an hour's minute before that, and two marks of each peer. */
export class VitalsWindow {
  #recent: Vitals[] = [];
  #slow: Vitals[] = [];
  /** The older one is compared with: it is at least half a window old once there was time for two. */
  #marks: readonly [older: Marks, newer: Marks] = [NO_MARKS, NO_MARKS];

  /** `marks` is called when it is time for them. */
  add(vitals: Vitals, marks: () => ReadonlyMap<number, PeerMark>): void {
    const { at } = vitals;
    this.#recent.push(vitals);
    while (this.#recent.length > 2 && this.#recent[1]!.at <= at - RATE_WINDOW_MS) this.#recent.shift();
    const last = this.#slow.at(-1);
    if (!last || at - last.at >= SLOW_WINDOW_MS / SLOW_WINDOW_SAMPLES) this.#slow.push(vitals);
    if (this.#slow.length > SLOW_WINDOW_SAMPLES + 1) this.#slow.shift();
    this.#mark(at, marks);
  }

  /** Forgets what was before a change, which is no evidence of what is now. */
  restart(): void {
    this.#recent = this.#recent.slice(-1);
  }

  /** Of the last minute, the oldest first. */
  get recent(): readonly Vitals[] {
    return this.#recent;
  }

  /** Of the last hour. */
  get slow(): readonly Vitals[] {
    return this.#slow;
  }

  /** What the peers had done when it began; a peer that came later had done nothing. */
  get marks(): Marks {
    return this.#marks[0];
  }

  #mark(at: number, marks: () => ReadonlyMap<number, PeerMark>): void {
    const [older, newer] = this.#marks;
    if (newer !== NO_MARKS && at - newer.at < RATE_WINDOW_MS / 2) return;
    const fresh = { at, byPeer: marks() };
    this.#marks = older === NO_MARKS ? [fresh, fresh] : [newer, fresh];
  }
}

export function markOf({ messages, bytes, cpuMs, outbox }: PeerSnapshot): PeerMark {
  const count = Object.values(messages.in).reduce((sum, some) => sum + some, 0);
  return { messages: count, bytes: bytes.in, cpuMs, dropped: outbox.dropped };
}
