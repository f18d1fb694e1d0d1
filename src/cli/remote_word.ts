import type { TcpEndpoint } from "../platform/types.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { UsageError } from "./exit.ts";
import { readValue, remoteHost } from "./values.ts";

/** 10 s for each step of a greeting: longer than a slow path and a busy peer need, short enough to wait for. */
export const DEFAULT_GREETING_MS = 10_000;

/** The peer that a word of the command line names; its port may be left to the network. Throws UsageError. */
export function readRemote(word: string, network: NetworkParams): TcpEndpoint {
  const read = readValue(remoteHost, word);
  if ("why" in read) throw new UsageError(`HOST:PORT: ${read.why}: received ${JSON.stringify(word)}`);
  return { host: read.value.host, port: read.value.port ?? network.defaultPort };
}
