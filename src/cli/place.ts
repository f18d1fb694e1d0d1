import type { Endpoint } from "../platform/types.ts";
import { formatEndpoint, isLoopback } from "../util/endpoint.ts";
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
  return chosen ?? { path: `${dataDir}/p2p.sock` };
}

/** Whether other machines may reach what listens there. */
export function isPublic(endpoint: Endpoint): boolean {
  return "host" in endpoint && endpoint.host !== "localhost" && !isLoopback(endpoint.host);
}

/** Throws UsageError where other machines could ask without showing anything. */
export function checkControl(endpoint: Endpoint, tokenFile: string | undefined): void {
  if (tokenFile !== undefined || !isPublic(endpoint)) return;
  const where = formatEndpoint(endpoint);
  throw new UsageError(`--control: beyond loopback and unix sockets --control-token-file is needed: received ${where}`);
}
