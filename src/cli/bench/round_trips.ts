import { Latencies } from "./latencies.ts";
import type { SideContext } from "./side.ts";
import { type Sample, takeSample } from "./usage.ts";
import type { Wire } from "./options.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** Questions and answers between a process and another one's connections. */
export interface RoundTripSpec {
  readonly wire: Wire;
  readonly connections: number;
  /** Bytes of a question, and of an answer, on the wire. */
  readonly sizeBytes: number;
}

/** The process that answers. */
export interface Echo {
  /** The port. */
  listen(): Promise<number>;
  sample(): Sample;
}

/** The process that asks, and waits for the answer before it asks again. */
export interface Asker {
  connect(port: number): Promise<void>;
  /** Asks over so many connections at once, each time at once after the answer, or at a rate a connection. */
  begin(how: { readonly connections: number; readonly perSecond?: number }): void;
  /** Resolves when the last answers are there. */
  end(): Promise<void>;
  /** Counts answers. */
  sample(): Sample;
  /** Encoded `Latencies` since `begin`. */
  latencies(): string;
}

/** One connection that can be asked over: `answered` is called once for each `ask`. */
export interface Line {
  ask(): void;
  answered: () => void;
}

/** Asks over one line, over and over, and notes how long each answer took. */
export class Dialogue {
  readonly #line: Line;
  readonly #clock: () => number;
  readonly #note: (ms: number) => void;
  /** Milliseconds between two questions; 0: none. */
  #intervalMs = 0;
  #dueAt = 0;
  #isOn = false;
  #onEnd: (() => void) | undefined;

  constructor(line: Line, clock: () => number, note: (ms: number) => void) {
    this.#line = line;
    this.#clock = clock;
    this.#note = note;
    line.answered = () => this.#onAnswer();
  }

  begin(perSecond: number | undefined): void {
    this.#isOn = true;
    this.#intervalMs = perSecond === undefined ? 0 : MS_PER_SECOND / perSecond;
    this.#dueAt = this.#clock();
    this.#line.ask();
  }

  end(): Promise<void> {
    if (!this.#isOn) return Promise.resolve();
    return new Promise((resolve) => this.#onEnd = resolve);
  }

  #onAnswer(): void {
    const now = this.#clock();
    this.#note(now - this.#dueAt);
    if (this.#onEnd) return this.#finish(this.#onEnd);
    // A question that should have been asked while we waited is late from its own time on (coordinated omission).
    this.#dueAt = this.#intervalMs === 0 ? now : this.#dueAt + this.#intervalMs;
    if (this.#dueAt <= now) this.#line.ask();
    else setTimeout(() => this.#line.ask(), this.#dueAt - now);
  }

  #finish(resolve: () => void): void {
    this.#isOn = false;
    this.#onEnd = undefined;
    resolve();
  }
}

/** Asks over as many lines as are wanted; `open` makes one. */
export function createAsker(
  { context, clock }: SideContext,
  spec: RoundTripSpec,
  open: (port: number) => Promise<Line>,
): Asker {
  const dialogues: Dialogue[] = [];
  const latencies = new Latencies();
  let done = 0;
  function note(ms: number): void {
    done++;
    latencies.add(ms);
  }
  return {
    async connect(port) {
      for (let i = 0; i < spec.connections; i++) dialogues.push(new Dialogue(await open(port), clock, note));
    },
    begin({ connections, perSecond }) {
      latencies.reset();
      for (const dialogue of dialogues.slice(0, connections)) dialogue.begin(perSecond);
    },
    async end() {
      await Promise.all(dialogues.map((dialogue) => dialogue.end()));
    },
    sample: () => takeSample(context.host, clock, done),
    latencies: () => latencies.encode(),
  };
}
