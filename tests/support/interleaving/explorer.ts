import { State, type ThreadCount } from "./state.ts";
import { PAUSE, type ThreadBody, ThreadView } from "./thread_view.ts";

export interface Exploration {
  readonly words: number;
  /** Fills the memory before the threads start. */
  readonly prepare?: ThreadBody;
  readonly threads: readonly ThreadBody[];
  /** Threads that may die between any two of their steps; once in each run. */
  readonly mortal?: readonly number[];
  /** Threads that are taken for dead and run on: what they read plainly is used by nobody, and so not judged. */
  readonly ghosts?: readonly number[];
  /** Judges one complete run: what each thread reported, and who died. Throws if it is wrong. */
  check(reports: readonly (readonly unknown[])[], dead: number | undefined): void;
  /**
   * How often a thread that could go on is stopped for another one; a thread that waits is left for free. Without it
   * every order is run; with 2 or 3, of larger programs, the orders that nearly all known mistakes need.
   */
  readonly maxPreemptions?: number;
  /** More states than that are a mistake of the test. */
  readonly maxStates?: number;
}

export interface Explored {
  readonly states: number;
  readonly runs: number;
}

/** What went wrong, and the order of steps that leads there. */
export class FoundFault extends Error {
  override readonly name = "FoundFault";
}

interface Link {
  readonly thread: number;
  readonly dies: boolean;
  readonly before: Link | undefined;
}

interface Place {
  readonly state: State;
  readonly path: Link | undefined;
  /** Of the path so far. */
  readonly preemptions: number;
}

const DEFAULT_MAX_STATES = 2_000_000;

/**
 * Runs threads in every order of their atomic operations, and throws FoundFault for the first order in which a check
 * fails, two plain accesses race, or everybody waits. A program in which no order has a race behaves, by the memory
 * model of ECMAScript, as if its operations were done one after the other, so these orders are all that there are.
 *
 * States that are equal in memory, clocks and in what each thread has seen so far are visited once.
 */
export function explore(exploration: Exploration): Explored {
  const { maxStates = DEFAULT_MAX_STATES, maxPreemptions = Infinity } = exploration;
  /** By state: with how few preemptions it was reached. */
  const seen = new Map<number, number>();
  const stack: Place[] = [{ state: begin(exploration), path: undefined, preemptions: 0 }];
  let runs = 0;
  for (let place = stack.pop(); place; place = stack.pop()) {
    const next = choices(exploration, place);
    if (next.length === 0) {
      runs++;
      guard(place.path, () => finish(exploration, place.state));
    }
    for (const { thread, dies, preemptions } of next) {
      if (preemptions > maxPreemptions) continue;
      const path = { thread, dies, before: place.path };
      const state = place.state.clone();
      if (dies) state.kill(thread);
      else guard(path, () => step(exploration, state, thread));
      const key = state.fingerprint(maxPreemptions === Infinity ? 0 : thread);
      if ((seen.get(key) ?? Infinity) <= preemptions) continue;
      seen.set(key, maxPreemptions === Infinity ? 0 : preemptions);
      if (seen.size > maxStates) throw new Error(`more than ${maxStates} states`);
      stack.push({ state, path, preemptions });
    }
  }
  return { states: seen.size, runs };
}

function begin(exploration: Exploration): State {
  const { words, threads, prepare } = exploration;
  const state = new State(words, threads.length as ThreadCount);
  if (prepare) prepare(ThreadView.preparing(state));
  // Up to its first atomic operation a thread can disturb nobody.
  threads.forEach((_, thread) => step(exploration, state, thread, true));
  return state;
}

interface Choice {
  readonly thread: number;
  readonly dies: boolean;
  readonly preemptions: number;
}

function choices({ threads, mortal = [] }: Exploration, { state, path, preemptions }: Place): Choice[] {
  const canGoOn = path !== undefined && state.canStep(path.thread);
  const cost = (thread: number) => preemptions + (canGoOn && thread !== path.thread ? 1 : 0);
  const living = threads.map((_, thread) => thread).filter((thread) => state.canStep(thread));
  const dying = state.dead === undefined ? mortal.filter((thread) => !state.isDone(thread)) : [];
  return [
    ...living.map((thread) => ({ thread, dies: false, preemptions: cost(thread) })),
    ...dying.map((thread) => ({ thread, dies: true, preemptions })),
  ];
}

/** One atomic operation, and whatever follows up to the next one. */
function step({ threads, ghosts = [] }: Exploration, state: State, thread: number, isFirst = false): void {
  const view = new ThreadView(state, thread, isFirst, ghosts.includes(thread));
  let thrown: unknown = PAUSE;
  try {
    threads[thread]!(view);
    state.end(thread);
  } catch (error) {
    thrown = error;
  }
  state.reports[thread] = view.reports;
  const fault = view.fault ?? thrown;
  if (fault !== PAUSE) throw fault;
}

function finish({ threads, check }: Exploration, state: State): void {
  const waiting = threads.map((_, thread) => thread).filter((thread) => state.isStuck(thread));
  if (waiting.length > 0) throw new Error(`thread ${waiting.join(" and ")} waits for ever`);
  check(state.reports, state.dead);
}

function guard(path: Link | undefined, act: () => void): void {
  try {
    act();
  } catch (error) {
    const order: string[] = [];
    for (let link = path; link; link = link.before) order.unshift(link.dies ? `${link.thread} dies` : `${link.thread}`);
    throw new FoundFault(`${(error as Error).message}\nafter the steps of threads ${order.join(" ")}`, {
      cause: error,
    });
  }
}
