/** What the choice looks at. */
export interface Chosen {
  readonly direction: "inbound" | "outbound";
}

/**
 * The peers that are asked to push new blocks to us: those who brought new ones first lately. Pushed blocks cost
 * bandwidth, so there are few; and among them at least one that we dialled, if one ever was, because strangers who dial
 * us could otherwise take all places by being fast until they choose to be slow.
 */
export class HighBandwidthPeers<P extends Chosen> {
  /** The one that brought the newest block is last. */
  readonly #chosen: P[] = [];
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  has(peer: P): boolean {
    return this.#chosen.includes(peer);
  }

  /** Chooses a newcomer, of whom nobody knows how quick it is, if there is a place left. It is the first to leave. */
  greeted(peer: P): boolean {
    if (this.#chosen.length >= this.#limit) return false;
    this.#chosen.unshift(peer);
    return true;
  }

  /** The peer brought a new block first. Answers who joins the chosen and who has to leave for it. */
  delivered(peer: P): { readonly joined: P | undefined; readonly left: P | undefined } {
    if (this.#remove(peer)) {
      this.#chosen.push(peer);
      return { joined: undefined, left: undefined };
    }
    const left = this.#chosen.length >= this.#limit ? this.#leaverFor(peer) : undefined;
    if (left) this.#remove(left);
    this.#chosen.push(peer);
    return { joined: peer, left };
  }

  closed(peer: P): void {
    this.#remove(peer);
  }

  /** The one whose last new block is the oldest; the next one where that is the last outbound and an inbound comes. */
  #leaverFor(peer: P): P | undefined {
    const [oldest, next] = this.#chosen;
    const outbound = this.#chosen.filter(({ direction }) => direction === "outbound");
    const isLastOutbound = outbound.length === 1 && outbound[0] === oldest;
    return peer.direction === "inbound" && isLastOutbound ? next : oldest;
  }

  #remove(peer: P): boolean {
    const at = this.#chosen.indexOf(peer);
    if (at >= 0) this.#chosen.splice(at, 1);
    return at >= 0;
  }
}
