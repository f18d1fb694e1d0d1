import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { compete, enter, type Result, windowOf } from "./contest.ts";
import { withCrew } from "./crew.ts";
import type { FlowSpec } from "./flow.ts";
import type { BenchOptions } from "./options.ts";
import { flowRow, type Heading, printFlows, printJson } from "./report.ts";

/** What was made fast, and the same without it: the first of each is how it is shipped. */
export interface ComparedPair {
  readonly what: string;
  readonly sides: readonly { readonly name: string; readonly changes: Partial<FlowSpec> }[];
}

/** Each pair in processes of its own, one pair after the other. */
export function comparePairs(
  context: Context,
  options: BenchOptions,
  heading: Heading,
  shipped: FlowSpec,
  pairs: readonly ComparedPair[],
): Promise<number> {
  return withCrew(context, options, async (crew) => {
    const compared: { readonly what: string; readonly results: readonly Result[] }[] = [];
    if (!options.json) context.out.line(heading.what);
    for (const { what, sides } of pairs) {
      const candidates = [];
      for (const { name, changes } of sides) {
        candidates.push(await enter(crew, "peers", name, { ...shipped, ...changes }));
      }
      const results = await compete(crew, candidates, shipped, windowOf(options));
      await Promise.all(candidates.flatMap(({ sender, receiver }) => [sender.stop(), receiver.stop()]));
      compared.push({ what, results });
      if (options.json) continue;
      context.out.line(`\n${context.out.colors.bold(what)}`);
      printFlows(context.out, results);
    }
    if (options.json) {
      printJson(
        context,
        heading,
        compared.map(({ what, results }) => ({ what, sides: results.map((result) => flowRow(result, results[0]!)) })),
      );
    }
    return EXIT.done;
  });
}
