import { ownProgram, sourceProgram, spawnTalking, type TalkingChild } from "../../platform/child.ts";
import { LocalError } from "../../protocol/errors.ts";
import type { Context } from "../context.ts";
import { createParts } from "../parts.ts";
import { type Interrupt, watchSignals } from "../signals.ts";
import type { BenchOptions } from "./options.ts";
import type { Answer, Request } from "./side.ts";
import type { SIDES } from "./sides.ts";
import { planSteps, type Steps } from "./steps.ts";

type Sides = typeof SIDES;
type Spec<R extends keyof Sides> = Parameters<Sides[R]>[1];
type SideOf<R extends keyof Sides> = Awaited<ReturnType<Sides[R]>>;
type Method = (argument: never) => unknown;

/** One process of a bench, as the one that started it sees it. */
export interface Remote<S> {
  ask<K extends keyof S & string>(
    name: K,
    ...argument: S[K] extends Method ? Parameters<S[K]> : never
  ): Promise<S[K] extends Method ? Awaited<ReturnType<S[K]>> : never>;
  stop(): Promise<void>;
}

/** The processes that a bench runs in, and the way to be rid of all of them. */
export interface Crew {
  start<R extends keyof Sides>(role: R, spec: Spec<R>): Promise<Remote<SideOf<R>>>;
  /** Shows how far the bench is; it has so many steps until the next plan, or the end. */
  plan(steps: number): Steps;
}

/** A process before anybody knows what it is. */
interface Raw {
  /** Never: what comes is what the type of the side says, which nobody knows here. */
  ask(name: string, ...argument: readonly unknown[]): Promise<never>;
  stop(): Promise<void>;
}

interface Pending {
  readonly resolve: (value: never) => void;
  readonly reject: (error: Error) => void;
}

/** Runs `work` with a crew; none of it is left when this resolves. The exit code is the work's, or the signal's. */
export async function withCrew(
  context: Context,
  options: BenchOptions,
  work: (crew: Crew) => Promise<number>,
): Promise<number> {
  const program = options.runtime === undefined ? ownProgram() : sourceProgram(options.runtime);
  const log = createParts(context).env.logger("bench");
  const interrupt = watchSignals(context.host);
  const remotes = new Set<Raw>();
  const stopAll = () => Promise.all([...remotes].map((remote) => remote.stop()));
  interrupt.signal.addEventListener("abort", () => void stopAll());
  let steps: Steps | undefined;
  const crew: Crew = {
    plan(total) {
      steps?.[Symbol.dispose]();
      return steps = planSteps(total, context.err);
    },
    async start(role, spec) {
      refuseIfOver(interrupt);
      const remote = talkTo((onLine) => {
        const child = spawnTalking(program, ["bench", "side", "--log-level", "warn"], onLine);
        log.debug("started a process", { pid: child.pid, role });
        return child;
      });
      remotes.add(remote);
      const stop = async () => {
        await remote.stop();
        remotes.delete(remote);
      };
      await remote.ask(role, spec);
      return { ask: remote.ask, stop };
    },
  };
  try {
    return await work(crew);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    return interrupt.exitCode;
  } finally {
    steps?.[Symbol.dispose]();
    await stopAll();
    interrupt[Symbol.dispose]();
  }
}

function refuseIfOver(interrupt: Interrupt): void {
  if (interrupt.signal.aborted) throw new LocalError("stopped", "Cannot start a process: the bench was interrupted");
}

function talkTo(spawn: (onLine: (line: string) => void) => TalkingChild): Raw {
  const pending = new Map<number, Pending>();
  let nextId = 1;
  let gone: Error | undefined;
  const child = spawn((line) => {
    const { id, value, error } = JSON.parse(line) as Answer;
    const asker = pending.get(id);
    pending.delete(id);
    if (error === undefined) asker?.resolve(value as never);
    else asker?.reject(new Error(error));
  });
  child.ended.then((reason) => {
    gone = new LocalError("stopped", `Cannot go on: a process of ours is gone: ${reason}`);
    for (const { reject } of pending.values()) reject(gone);
    pending.clear();
  });
  return {
    ask: (name, ...[argument]) =>
      new Promise((resolve, reject) => {
        if (gone) return reject(gone);
        const request: Request = { id: nextId++, name, argument };
        pending.set(request.id, { resolve, reject });
        child.send(JSON.stringify(request));
      }),
    stop: () => child.stop(),
  };
}
