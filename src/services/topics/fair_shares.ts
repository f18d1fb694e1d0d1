import type { Peer } from "../../peer/peer.ts";
import { CROWDED_SHARE, OWN_SHARE } from "../../protocol/app_params.ts";
import { LANE_OF, LANE_POLICIES } from "../../protocol/lanes.ts";

/** What one sender has put into the lane of a peer since that became crowded. */
interface Share {
  bytes: number;
  frames: number;
}

interface Waiting {
  readonly bytes: number;
  readonly frames: number;
}

const LANE = LANE_OF.publish;
const { maxBytes, maxFrames } = LANE_POLICIES[LANE];

/** Who says something: a peer, or (undefined) the program that this node is a part of, which is one of many like them. */
type Sender = Peer | undefined;

/**
 * Sees to it that nobody crowds out others where what they say is passed on. Into a lane that is crowded a sender may put
 * no more than what is left free: one that floods has half of the room then, two a third each, and whoever says little
 * finds some. The program itself is one of them; where it is the only one, it may fill the lane but for a rest. When the
 * peer has caught up all begin anew. Nothing is counted while there is room for everybody.
 */
export class FairShares {
  /** By the peer whose lane is crowded, and by sender. */
  readonly #crowded = new Map<Peer, Map<Sender, Share>>();

  /** Whether a message with so many bytes of payload may be sent on; it counts then. */
  admit(from: Sender, to: Peer, sizeBytes: number): boolean {
    // All lanes together are a first look: they cost nothing to ask for.
    const waiting = isCrowded(to.outbox) ? to.waiting(LANE) : to.outbox;
    if (!isCrowded(waiting)) {
      if (this.#crowded.size > 0) this.#crowded.delete(to);
      return true;
    }
    const shares = this.#sharesIn(to);
    const share = shareOf(from, shares);
    const isAlone = from === undefined && shares.size === 1;
    if (!(isAlone ? hasOwnRoom(waiting, sizeBytes) : hasFairRoom(share, waiting, sizeBytes))) return false;
    share.bytes += sizeBytes;
    share.frames++;
    return true;
  }

  peerClosed(peer: Peer): void {
    this.#crowded.delete(peer);
    for (const shares of this.#crowded.values()) shares.delete(peer);
  }

  #sharesIn(to: Peer): Map<Sender, Share> {
    let shares = this.#crowded.get(to);
    if (!shares) this.#crowded.set(to, shares = new Map());
    return shares;
  }
}

function shareOf(from: Sender, shares: Map<Sender, Share>): Share {
  let share = shares.get(from);
  if (!share) shares.set(from, share = { bytes: 0, frames: 0 });
  return share;
}

function hasFairRoom(share: Share, waiting: Waiting, sizeBytes: number): boolean {
  return share.bytes + sizeBytes <= maxBytes - waiting.bytes && share.frames < maxFrames - waiting.frames;
}

function hasOwnRoom(waiting: Waiting, sizeBytes: number): boolean {
  return waiting.bytes + sizeBytes <= OWN_SHARE * maxBytes && waiting.frames < OWN_SHARE * maxFrames;
}

function isCrowded({ bytes, frames }: Waiting): boolean {
  return bytes > CROWDED_SHARE * maxBytes || frames > CROWDED_SHARE * maxFrames;
}
