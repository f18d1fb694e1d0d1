import { createHasher } from "../../platform/hasher.ts";
import { fetchHttp, type HttpQuestion } from "../../platform/http.ts";
import type { Endpoint } from "../../platform/types.ts";
import { formatEndpoint } from "../../util/endpoint.ts";
import { CommandError, EXIT } from "../exit.ts";
import { loadNetwork } from "../network.ts";
import { controlEndpoint, defaultDataDir } from "../place.ts";
import type { Json } from "../render_message.ts";
import { readToken } from "../token.ts";
import type { InspectSettings } from "./view.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** 30 s: the node answers from memory; a block may have to come from a slow disk, and a dial has a handshake to wait for. */
const ANSWER_TIMEOUT_MS = 30_000;
const OK = 200;

/** Asks the control API of the node that the settings name. Throws CommandError where the answer is no, or none. */
export async function askNode(
  settings: InspectSettings,
  environment: Environment,
  path: string,
  question: Omit<HttpQuestion, "headers">,
): Promise<Json> {
  const endpoint = await findNode(settings, environment);
  const headers = await authorization(settings["control-token-file"]);
  const { status, body } = await fetchHttp(endpoint, path, ANSWER_TIMEOUT_MS, { ...question, headers }).catch(
    (error: Error) => {
      const why = `no node answers at ${formatEndpoint(endpoint)}: ${error.message}`;
      throw new CommandError(EXIT.unreachable, why, { cause: error });
    },
  );
  const answer = readJson(body, endpoint);
  if (status === OK) return answer;
  const { error } = answer as { readonly error?: Json };
  throw new CommandError(EXIT.no, `the node answers ${status}: ${typeof error === "string" ? error : body}`);
}

/** Where the node is controlled: as told, or in its data directory. */
export async function findNode(
  settings: Pick<InspectSettings, "network" | "data-dir" | "control">,
  environment: Environment,
): Promise<Endpoint> {
  if (settings.control) return controlEndpoint(settings.control, "");
  const dataDir = settings["data-dir"] ??
    defaultDataDir((await loadNetwork(settings.network, createHasher())).name, environment);
  return controlEndpoint(undefined, dataDir);
}

async function authorization(tokenFile: string | undefined): Promise<Readonly<Record<string, string>>> {
  const token = await readToken(tokenFile);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

function readJson(body: string, endpoint: Endpoint): Json {
  try {
    return JSON.parse(body);
  } catch (error) {
    const why = `what answers at ${formatEndpoint(endpoint)} is no p2p node`;
    throw new CommandError(EXIT.refused, why, { cause: error });
  }
}
