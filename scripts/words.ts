import process from "node:process";
import { parseArgs, type ParseArgsConfig } from "node:util";

const WRONG_USAGE = 2;

/** The words that a script was called with. Ends it with a line that says what is wrong, and its usage, where they are none. */
export function parseWords<const C extends ParseArgsConfig>(config: C, usage: string): ReturnType<typeof parseArgs<C>> {
  try {
    return parseArgs(config);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return refuseWords(error.message.split("\n")[0]!, usage);
  }
}

/** Says what is wrong with them. */
export function refuseWords(what: string, usage: string): never {
  console.error(`${what}\n${usage}`);
  process.exit(WRONG_USAGE);
}
