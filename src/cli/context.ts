import picocolors from "picocolors";
import type { Host } from "../platform/host.ts";
import type { OutputStream } from "../platform/output.ts";
import type { LogThreshold } from "./log_levels.ts";
import type { Resolved } from "./flag.ts";

/** Lines to one stream, in colour where that stream wants it. */
export interface Output {
  readonly stream: OutputStream;
  readonly colors: ReturnType<typeof picocolors.createColors>;
  line(text: string): void;
}

/** How much is logged, of what, and in which form. */
export interface LogChoice {
  readonly level: LogThreshold;
  readonly categories: readonly (readonly [category: string, level: LogThreshold])[];
  readonly format: "text" | "json";
}

/** What a command runs in. */
export interface Context {
  readonly host: Host;
  readonly out: Output;
  readonly err: Output;
  readonly log: LogChoice;
  /** Each flag's value and where it came from. */
  readonly resolved: ReadonlyMap<string, Resolved>;
}

export type ColorChoice = "auto" | "always" | "never";

export function createOutput(stream: OutputStream, color: ColorChoice, environment: Host["environment"]): Output {
  const colors = picocolors.createColors(wantsColor(stream, color, environment));
  return { stream, colors, line: (text) => stream.write(text + "\n") };
}

/** `--color` > `NO_COLOR` > `FORCE_COLOR` > whether the stream is a terminal that can. */
export function wantsColor(
  stream: Pick<OutputStream, "isTerminal">,
  color: ColorChoice,
  environment: Host["environment"],
): boolean {
  if (color !== "auto") return color === "always";
  if (environment["NO_COLOR"]) return false;
  const forced = environment["FORCE_COLOR"];
  if (forced !== undefined && forced !== "") return forced !== "0" && forced !== "false";
  return stream.isTerminal && environment["TERM"] !== "dumb";
}
