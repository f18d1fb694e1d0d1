import type { AnyCommand } from "./command.ts";
import { benchCommand } from "./bench.ts";
import { connectCommand } from "./connect.ts";
import { inspectCommand } from "./inspect.ts";
import { nodeCommand } from "./node.ts";

/** Every command, in the order in which help shows them. */
export const COMMANDS: readonly AnyCommand[] = [nodeCommand, connectCommand, inspectCommand, benchCommand];
