import { COMMANDS } from "../../src/cli/commands.ts";
import { run } from "../../src/cli/run.ts";
import type { Host } from "../../src/platform/host.ts";
import { recordStream } from "./recorded_stream.ts";

/** What a command line printed, and its exit code. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the program in this process. */
export async function runWith(argv: readonly string[], commands = COMMANDS): Promise<Ran> {
  const [stdout, stderr] = [recordStream(), recordStream()];
  const nothing = { [Symbol.dispose]() {} };
  const host: Host = {
    runtimeName: "nodejs",
    runtime: "test 1 nowhere",
    pid: 1,
    argv,
    executable: "p2p",
    environment: {},
    stdin: { isTerminal: false },
    stdout,
    stderr,
    onSignal: () => nothing,
    onUncaught: () => nothing,
    memory: () => ({ residentBytes: 0, heapBytes: 0, peakBytes: 0 }),
    collectGarbage() {},
    cpuMs: () => 0,
    setExitCode() {},
    exit: (code) => {
      throw new Error(`exit ${code}`);
    },
  };
  const code = await run(host, commands, {
    readText: () => Promise.resolve(undefined),
    networks: [],
    networkName: (choice) => Promise.resolve(choice),
  });
  return { code, stdout: stdout.text, stderr: stderr.text };
}
