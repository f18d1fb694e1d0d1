import type { Host } from "../platform/host.ts";
import { EXIT } from "./exit.ts";

/** The user's wish to end. */
export interface Interrupt extends Disposable {
  /** Aborted by the first signal. */
  readonly signal: AbortSignal;
  /** The exit code for work that the signal cut short: 130 or 143; 0 while there was none. */
  readonly exitCode: number;
}

/** The first SIGINT or SIGTERM asks for an end, the second one ends the process at once. */
export function watchSignals(host: Host): Interrupt {
  const controller = new AbortController();
  let exitCode: number = EXIT.done;
  const watch = host.onSignal((name) => {
    exitCode = name === "SIGINT" ? EXIT.interrupted : EXIT.terminated;
    if (controller.signal.aborted) host.exit(exitCode);
    controller.abort();
  });
  return {
    signal: controller.signal,
    get exitCode() {
      return exitCode;
    },
    [Symbol.dispose]: () => watch[Symbol.dispose](),
  };
}
