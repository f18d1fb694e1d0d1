import { listenToParent } from "../../platform/child.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { createParts, type Parts } from "../parts.ts";
import { createSharedClock } from "./clock.ts";

/** What one process of a bench stands on. */
export interface SideContext extends Parts {
  readonly context: Context;
  /** The same in every process, in milliseconds. */
  readonly clock: () => number;
}

/** What one process of a bench can be asked for: arguments and answers travel as JSON. */
export type SideFactory = (context: SideContext, spec: never) => object | Promise<object>;
type Handlers = { readonly [request: string]: (argument: never) => unknown };

/** A request as a line; the first one names the side to be and brings what it needs to know. */
export interface Request {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export interface Answer {
  readonly id: number;
  readonly value?: unknown;
  /** Why there is none. */
  readonly error?: string;
}

/** Is one process of a bench, for as long as the one that started it lives. */
export function serveSide(context: Context, factories: Readonly<Record<string, SideFactory>>): Promise<number> {
  const { host } = context;
  let side: Handlers | undefined;

  async function answer({ name, argument }: Request): Promise<unknown> {
    const request = side?.[name];
    if (request) return await request(argument as never);
    const factory = factories[name];
    if (side || !factory) throw new Error(`no such request: ${name}`);
    side = await factory(
      { ...createParts(context), context, clock: createSharedClock() },
      argument as never,
    ) as Handlers;
    return undefined;
  }

  function onLine(line: string): void {
    const request = JSON.parse(line) as Request;
    const send = (rest: Omit<Answer, "id">) => host.stdout.write(JSON.stringify({ id: request.id, ...rest }) + "\n");
    answer(request).then(
      (value) => send({ value }),
      (error: unknown) => send({ error: error instanceof Error ? error.stack ?? error.message : String(error) }),
    );
  }

  return new Promise((resolve) => listenToParent(onLine, () => resolve(EXIT.done)));
}
