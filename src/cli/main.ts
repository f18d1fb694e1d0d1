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
  let refusal: string | undefined;
  const refused = new Promise<typeof EXIT.no>((resolve) =>
    host.stdout.onRefused((why) => {
      refusal = why;
      resolve(EXIT.no);
    })
  );
  const done = run(host, COMMANDS, {
    readText: readTextFile,
    networks: [...NETWORKS.keys()],
    networkName: async (choice) => (await loadNetwork(choice, createHasher())).name,
  });
  // What goes on for ever, such as inspect --live, has no reason to once nobody gets its results.
  const code = await Promise.race([refused, done]);
  await host.stdout.flush();
  if (refusal !== undefined) host.stderr.write(`p2p: cannot write the result to stdout: ${refusal}\n`);
  await host.stderr.flush();
  return host.exit(refusal === undefined ? code : code || EXIT.no);
}

await main(currentHost());
