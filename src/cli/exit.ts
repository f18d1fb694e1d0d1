import { LocalError, type LocalErrorCode, RemoteFault } from "../protocol/errors.ts";

/** What the exit code of `p2p` says. 130 and 143 are the shell's for a process that SIGINT or SIGTERM ended. */
export const EXIT = {
  done: 0,
  no: 1,
  usage: 2,
  unreachable: 3,
  refused: 4,
  internal: 5,
  interrupted: 130,
  terminated: 143,
} as const;

export const EXIT_MEANINGS: Readonly<Record<number, string>> = {
  [EXIT.done]: "done",
  [EXIT.no]: "it ran and the answer is no",
  [EXIT.usage]: "wrong usage or configuration",
  [EXIT.unreachable]: "cannot reach",
  [EXIT.refused]: "protocol or handshake refused",
  [EXIT.internal]: "internal error",
  [EXIT.interrupted]: "interrupted",
  [EXIT.terminated]: "terminated",
};

/** The command line, the environment or a configuration file is wrong. One line, exit 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** A command ends here, for a reason that one line tells. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;

  constructor(exitCode: number, message: string, options?: ErrorOptions) {
    super(message, options);
    this.exitCode = exitCode;
  }
}

const LOCAL_EXITS: Readonly<Record<LocalErrorCode, number>> = {
  "bad-argument": EXIT.usage,
  "bad-config": EXIT.usage,
  "stopped": EXIT.no,
  "limit": EXIT.no,
  "banned": EXIT.no,
  "unreachable": EXIT.unreachable,
  "timeout": EXIT.unreachable,
  "refused": EXIT.no,
  "no-method": EXIT.no,
  "no-thread": EXIT.no,
  "address-in-use": EXIT.no,
  "store-locked": EXIT.no,
  "store-newer": EXIT.no,
  "store-mismatch": EXIT.no,
  "store-corrupt": EXIT.no,
  "store-full": EXIT.no,
  "bad-file": EXIT.no,
};

/** The exit code for an error that a command let through; undefined for a bug. */
export function exitCodeOf(error: unknown): number | undefined {
  if (error instanceof UsageError) return EXIT.usage;
  if (error instanceof CommandError) return error.exitCode;
  if (error instanceof LocalError) return LOCAL_EXITS[error.code];
  if (error instanceof RemoteFault) return EXIT.refused;
  return undefined;
}
