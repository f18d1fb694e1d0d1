import { suggestion } from "../util/nearest.ts";
import { defineCommand } from "./command.ts";
import type { Context } from "./context.ts";
import { EXIT, UsageError } from "./exit.ts";
import { COMMON_FLAGS, JSON_FLAGS } from "./flags.ts";

/** One thing that can be measured. Resolves with the exit code. */
export interface BenchSubject {
  readonly summary: string;
  run(context: Context, options: { readonly json: boolean }): Promise<number>;
}

/** The command over a table of subjects. */
export function createBenchCommand(subjects: Readonly<Record<string, BenchSubject>>, later: readonly string[]) {
  const names = Object.keys(subjects);
  return defineCommand({
    name: "bench",
    summary: "measure",
    usage: [`${names.join("|")} [FLAG …]`],
    positionals: [{ name: "SUBJECT", isRequired: true }],
    flags: { ...JSON_FLAGS, ...COMMON_FLAGS },
    unavailable: ["size", "count", "duration", "peers", "rate", "warmup", "runtime", "compare"],
    examples: names.map((name) => [`p2p bench ${name}`, subjects[name]!.summary] as const),
    exitCodes: [EXIT.done, EXIT.no, EXIT.usage, EXIT.internal],

    async run(context, settings, words) {
      const name = words[0]!;
      if (later.includes(name)) throw new UsageError(`bench ${name} is not available in this version`);
      const subject = Object.hasOwn(subjects, name) ? subjects[name] : undefined;
      if (!subject) {
        const hint = suggestion(name, names) || `: there ${names.length === 1 ? "is" : "are"} ${names.join(", ")}`;
        throw new UsageError(`no subject ${JSON.stringify(name)}${hint}`);
      }
      return await subject.run(context, { json: settings.json });
    },
  });
}
