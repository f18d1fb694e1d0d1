import { readTextFile } from "../platform/files.ts";
import { createHasher } from "../platform/hasher.ts";
import { currentHost, type Host } from "../platform/host.ts";
import { NETWORKS } from "../protocol/networks.ts";
import { COMMANDS } from "./commands.ts";
import { EXIT } from "./exit.ts";
import { loadNetwork } from "./network.ts";
import { describeError, run } from "./run.ts";

/** The program: reads the command line, does what it asks for, and ends with its exit code. */
async function main(host: Host): Promise<never> {
  host.onUncaught((error) => {
    host.stderr.write(describeError(error, true));
    host.exit(EXIT.internal);
  });
  host.stdout.onReaderGone(() => host.exit(EXIT.done));
  const code = await run(host, COMMANDS, {
    readText: readTextFile,
    networks: [...NETWORKS.keys()],
    networkName: async (choice) => (await loadNetwork(choice, createHasher())).name,
  });
  await Promise.all([host.stdout.flush(), host.stderr.flush()]);
  return host.exit(code);
}

await main(currentHost());
