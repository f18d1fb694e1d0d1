import type { AnyCommand } from "./command.ts";
import { benchCommand } from "./bench.ts";
import { completionCommand } from "./completion.ts";
import { connectCommand } from "./connect.ts";
import { inspectCommand } from "./inspect.ts";
import { manCommand } from "./man.ts";
import { nodeCommand } from "./node.ts";

/** Every command, in the order in which help shows them. */
export const COMMANDS: readonly AnyCommand[] = [
  nodeCommand,
  connectCommand,
  inspectCommand,
  benchCommand,
  completionCommand(() => COMMANDS),
  manCommand(() => COMMANDS),
];
