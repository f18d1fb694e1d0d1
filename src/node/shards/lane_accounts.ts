import type { OfferOutcome } from "../../peer/outbox.ts";
import { type Lane, LANE_OF, LANE_POLICIES, LANES, reserveAdmits } from "../../protocol/lanes.ts";
import type { MessageType } from "../../protocol/messages.ts";
import type { LaneTotal } from "./records.ts";

/**
 * What of the frames sent to a peer is on its way to the shard or waits in its outbox there, by lane: bounded as the
 * outbox of a peer of this thread is, by the same rules, so that the shard never has to refuse one.
 */
export class LaneAccounts {
  readonly #sent = LANES.map(() => ({ bytes: 0, frames: 0 }));
  readonly #taken = LANES.map(() => ({ bytes: 0, frames: 0 }));
  bytes = 0;
  frames = 0;
  dropped = 0;

  add(type: MessageType, sizeBytes: number): OfferOutcome {
    const lane = LANE_OF[type];
    const policy = LANE_POLICIES[lane];
    const sent = this.#sent[LANES.indexOf(lane)]!;
    const { bytes, frames } = this.waiting(lane);
    // A frame alone in its lane always fits, as in an outbox.
    const isFull = frames >= policy.maxFrames || (bytes > 0 && bytes + sizeBytes > policy.maxBytes);
    if (isFull && !reserveAdmits(policy, type, sizeBytes, { bytes, frames })) {
      this.dropped++;
      return policy.whenFull === "close" ? "overflow" : "dropped";
    }
    sent.bytes += sizeBytes;
    sent.frames++;
    this.bytes += sizeBytes;
    this.frames++;
    return "queued";
  }

  waiting(lane: Lane): { readonly bytes: number; readonly frames: number } {
    const index = LANES.indexOf(lane);
    const [sent, taken] = [this.#sent[index]!, this.#taken[index]!];
    return { bytes: sent.bytes - taken.bytes, frames: sent.frames - taken.frames };
  }

  /** So much the shard's outbox has given to the socket since the start. */
  taken(lanes: readonly LaneTotal[]): void {
    this.bytes = 0;
    this.frames = 0;
    lanes.forEach(([bytes, frames], index) => {
      const [sent, taken] = [this.#sent[index]!, this.#taken[index]!];
      taken.bytes = bytes;
      taken.frames = frames;
      this.bytes += sent.bytes - bytes;
      this.frames += sent.frames - frames;
    });
  }
}
