import type { Survey } from "./survey.ts";
import {
  SPLIT_HEALED_SHARE,
  SPLIT_VIEW_INTERVAL_MS,
  SPLIT_VIEW_MAX_MS,
  SPLIT_VIEW_NODES,
  SPLIT_VIEW_SHARE,
} from "../../protocol/partition_params.ts";

interface Split {
  readonly since: number;
  /** Nodes that were known before. */
  readonly known: number;
}

/** Remembers that a large part of the network went out of reach, until as much of it is back, or has been gone for long. */
export class SplitView {
  readonly #survey: () => Survey;
  #nextAt = Number.NEGATIVE_INFINITY;
  #split: Split | undefined;

  constructor(survey: () => Survey) {
    this.#survey = survey;
  }

  /** Whether the network is split, as far as can be seen. */
  look(now: number): boolean {
    if (now >= this.#nextAt) {
      this.#nextAt = now + SPLIT_VIEW_INTERVAL_MS;
      this.#judge(this.#survey(), now);
    }
    return this.#split !== undefined;
  }

  #judge({ reachable, cutOff }: Survey, now: number): void {
    const known = reachable + cutOff;
    const isLarge = cutOff >= SPLIT_VIEW_NODES && cutOff >= SPLIT_VIEW_SHARE * known;
    if (!this.#split && isLarge) this.#split = { since: now, known };
    if (!this.#split || isLarge) return;
    const isBack = reachable >= SPLIT_HEALED_SHARE * this.#split.known;
    if (isBack || now >= this.#split.since + SPLIT_VIEW_MAX_MS) this.#split = undefined;
  }
}
