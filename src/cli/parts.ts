import { createEnv } from "../platform/env.ts";
import { createHasher } from "../platform/hasher.ts";
import { createTransport } from "../platform/host.ts";
import { configureLogging, formatOwnLine } from "../platform/logging.ts";
import type { Transport } from "../platform/types.ts";
import type { Env } from "../util/env.ts";
import type { Hasher } from "../util/hash.ts";
import type { Context } from "./context.ts";

/** What commands that talk to others stand on. */
export interface Parts {
  readonly env: Env;
  readonly transport: Transport;
  readonly hasher: Hasher;
}

/** To the start of the line, and clears it: a progress bar may stand there, which draws itself again. */
const CLEAR_LINE = "\r\x1b[K";

/** The real parts of this runtime, with logs as the user wants them. */
export function createParts({ log, err }: Context): Parts {
  const prefix = err.stream.isTerminal ? CLEAR_LINE : "";
  configureLogging({
    level: log.level,
    categories: Object.fromEntries(log.categories),
    format: log.format,
    write: (line) => err.stream.write(prefix + line),
  });
  err.stream.describeLoss(({ lines, why }) =>
    prefix + formatOwnLine(log.format, "Lost lines of the log", { lines, why })
  );
  const env = createEnv();
  return { env, transport: createTransport(env.logger("platform")), hasher: createHasher() };
}
