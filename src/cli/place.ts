import type { Endpoint } from "../platform/types.ts";
import { isLoopback } from "../util/endpoint.ts";
import { UsageError } from "./exit.ts";
import type { HostPortOrPath } from "./values.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a network's chain lies unless the user says otherwise (XDG base directories: a relative path counts as none). */
export function defaultDataDir(network: string, environment: Environment): string {
  const { XDG_DATA_HOME: base, HOME: home } = environment;
  if (base?.startsWith("/")) return `${base}/p2p/${network}`;
  if (home) return `${home}/.local/share/p2p/${network}`;
  throw new UsageError("neither XDG_DATA_HOME nor HOME is set: say where with --data-dir");
}

/** Where the node of a data directory is controlled unless the user says otherwise. */
export function controlEndpoint(chosen: HostPortOrPath | undefined, dataDir: string): Endpoint {
  if (chosen === undefined) return { path: `${dataDir}/p2p.sock` };
  if ("host" in chosen && chosen.host !== "localhost" && !isLoopback(chosen.host)) {
    throw new UsageError(`--control: only a loopback address is served, or a unix socket: received ${chosen.host}`);
  }
  return chosen;
}
