import { MIN_LOOK_INTERVAL_MS } from "../protocol/doctor_params.ts";
import type { WorkerSnapshot } from "../protocol/app_snapshots.ts";
import type { OffenderSnapshot, PeerSnapshot } from "../protocol/peer_snapshots.ts";
import type { Env, Timer } from "../util/env.ts";
import { Autotune, type DueFinding } from "./autotune.ts";
import { diagnose } from "./diagnose.ts";
import type { Diagnosis, Observation } from "./diagnosis.ts";
import { figuresOf } from "./figures.ts";
import type { Vitals } from "./vitals.ts";
import { findTuning } from "./tuning.ts";
import { type PeerMark, VitalsWindow } from "./window.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export interface DoctorOptions {
  readonly env: Env;
  readonly intervalMs: number;
  readonly look: () => Vitals;
  /** Everybody in full: asked for a diagnosis only. */
  readonly peers: () => readonly PeerSnapshot[];
  /** What each peer has done so far: asked twice a minute. */
  readonly marks: () => ReadonlyMap<number, PeerMark>;
  readonly workers: () => readonly WorkerSnapshot[];
  readonly offenders: () => readonly OffenderSnapshot[];
  /** Follows advice; undefined: it is given and no more. */
  readonly apply: ((finding: DueFinding) => void) | undefined;
}

/** Looks at a node's figures again and again from its start on, and says what they show. */
export class Doctor {
  readonly #options: DoctorOptions;
  readonly #window = new VitalsWindow();
  readonly #autotune = new Autotune();
  #last: { readonly at: number; readonly diagnosis: Diagnosis } | undefined;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: DoctorOptions) {
    this.#options = options;
  }

  /** Idempotent. */
  start(): void {
    if (this.#timer || this.#isStopped) return;
    this.#look();
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** What the last minute shows; the first one has but a moment to tell it from. Whoever asks within a second shares. */
  diagnose(): Diagnosis {
    this.start();
    const at = this.#options.env.now();
    if (this.#last && at - this.#last.at < MIN_LOOK_INTERVAL_MS) return this.#last.diagnosis;
    this.#look();
    const diagnosis = diagnose(this.#observe(this.#options.peers()));
    this.#last = { at, diagnosis };
    return diagnosis;
  }

  #schedule(): void {
    this.#timer = this.#options.env.after(this.#options.intervalMs, () => {
      this.#look();
      if (this.#options.apply) this.#tune(this.#options.apply);
      if (!this.#isStopped) this.#schedule();
    });
  }

  #look(): void {
    this.#window.add(this.#options.look(), this.#options.marks);
  }

  #observe(peers: readonly PeerSnapshot[]): Observation {
    const { recent, slow, marks } = this.#window;
    const now = recent.at(-1)!;
    return {
      now,
      figures: figuresOf(recent, slow),
      peers,
      workers: this.#options.workers(),
      offenders: this.#options.offenders(),
      marks: marks.byPeer,
      marksSeconds: (now.at - marks.at) / MS_PER_SECOND,
    };
  }

  /** What is tuned has nothing to do with single peers: they need not be described for it. */
  #tune(apply: (finding: DueFinding) => void): void {
    const findings = findTuning(this.#observe([]));
    const due = this.#autotune.decide({ findings }, this.#options.env.now());
    if (!due) return;
    apply(due);
    this.#last = undefined;
    this.#window.restart();
  }
}
