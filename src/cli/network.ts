import { parse as parseToml, TomlError } from "smol-toml";
import { readTextFile } from "../platform/files.ts";
import { describeNetwork } from "../protocol/custom_network.ts";
import { LocalError } from "../protocol/errors.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { NETWORKS } from "../protocol/networks.ts";
import type { Hasher } from "../util/hash.ts";
import { suggestion } from "../util/nearest.ts";
import type { Context } from "./context.ts";
import { UsageError } from "./exit.ts";

/** The network of a built-in name, or the one that a TOML file describes. Rejects with UsageError. */
export async function loadNetwork(choice: string, hasher: Hasher): Promise<NetworkParams> {
  const builtIn = NETWORKS.get(choice);
  if (builtIn) return builtIn;
  const toml = await readTextFile(choice);
  if (toml === undefined) {
    const hint = suggestion(choice, NETWORKS.keys()) || `: one of ${[...NETWORKS.keys()].join(", ")}, or a file`;
    throw new UsageError(`--network: no network and no file ${JSON.stringify(choice)}${hint}`);
  }
  try {
    return describeNetwork(parseToml(toml), hasher);
  } catch (error) {
    if (!(error instanceof TomlError) && !(error instanceof LocalError)) throw error;
    throw new UsageError(`${choice}: ${error.message.split("\n")[0]}`, { cause: error });
  }
}

/** Whether somebody chose the network: where nobody did, a file or a frame may tell its own. */
export function isNetworkNamed({ resolved }: Context): boolean {
  return resolved.get("network")?.source !== "default";
}
