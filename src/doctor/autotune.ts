import { AUTOTUNE_PAUSE_MS, AUTOTUNE_STEADY_LOOKS } from "../protocol/doctor_params.ts";
import type { Diagnosis, Finding } from "./diagnosis.ts";

/** A finding whose advice is to be followed now. */
export type DueFinding = Finding & { readonly change: NonNullable<Finding["change"]> };

/**
 * Decides when advice is followed: once it was the same several times in a row, and not soon after the last change. No
 * change is ever taken back, each goes one way (off, count, drop; single, segmented; twice as large up to a bound), so
 * there is nothing between which it could swing.
 */
export class Autotune {
  #steady: { readonly change: string; readonly looks: number } | undefined;
  #changedAt = Number.NEGATIVE_INFINITY;

  /** The finding to act upon, if there is one. Call it once a look. */
  decide({ findings }: Pick<Diagnosis, "findings">, now: number): DueFinding | undefined {
    const found = findings.find((finding): finding is DueFinding => finding.change !== null);
    if (!found) {
      this.#steady = undefined;
      return undefined;
    }
    const change = JSON.stringify(found.change);
    const looks = this.#steady?.change === change ? this.#steady.looks + 1 : 1;
    this.#steady = { change, looks };
    if (looks < AUTOTUNE_STEADY_LOOKS || now - this.#changedAt < AUTOTUNE_PAUSE_MS) return undefined;
    this.#changedAt = now;
    this.#steady = undefined;
    return found;
  }
}
