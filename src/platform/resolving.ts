import { lookup } from "node:dns/promises";
import { LocalError } from "../protocol/errors.ts";
import { errorCode } from "./system_errors.ts";

/** Resolver answers that mean "this name has no address", as opposed to "nobody could be asked". */
const NO_ADDRESS = new Set(["ENOTFOUND", "ENODATA", "EAI_NONAME", "EAI_NODATA"]);

/** The addresses of a host name by the system's resolver; a literal address resolves to itself. */
export async function resolveHost(host: string): Promise<readonly string[]> {
  try {
    const answers = await lookup(host, { all: true });
    return [...new Set(answers.map((answer) => answer.address))];
  } catch (error) {
    if (NO_ADDRESS.has(errorCode(error) ?? "")) return [];
    const reason = error instanceof Error ? error.message : String(error);
    throw new LocalError("unreachable", `Cannot resolve ${host}: ${reason}`, { cause: error });
  }
}
