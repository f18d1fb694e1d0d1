import { createHasher } from "../../platform/hasher.ts";
import { fetchHttp, type HttpQuestion } from "../../platform/http.ts";
import type { Endpoint } from "../../platform/types.ts";
import { LocalError } from "../../protocol/errors.ts";
import { formatEndpoint } from "../../util/endpoint.ts";
import { VERSION } from "../../util/version.ts";
import { CommandError, EXIT } from "../exit.ts";
import { loadNetwork } from "../network.ts";
import { controlEndpoint, defaultDataDir } from "../place.ts";
import type { Json } from "../render_message.ts";
import { readToken } from "../token.ts";
import type { InspectSettings } from "./view.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** 30 s: the node answers from memory; a block may have to come from a slow disk, and a dial has a handshake to wait for. */
const ANSWER_TIMEOUT_MS = 30_000;
/** `--wait`: a start takes tenths of a second; a node that takes minutes need not be asked ten times a second. */
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;
const OK = 200;
const NOT_FOUND = 404;
const NO_SUCH_PATH = "no such path";
const WHAT_NEXT =
  "start one with p2p node, or say where it is: --network, --data-dir, --control; --wait TIME waits for it";

/** Asks the control API of the node that the settings name. Throws CommandError where the answer is no, or none. */
export async function askNode(
  settings: InspectSettings,
  environment: Environment,
  path: string,
  question: Omit<HttpQuestion, "headers">,
): Promise<Json> {
  const endpoint = await findNode(settings, environment);
  const headers = await authorization(settings["control-token-file"]);
  const { status, body } = await persist(settings.wait ?? 0, endpoint, (timeoutMs) => {
    return fetchHttp(endpoint, path, timeoutMs, { ...question, headers });
  });
  const answer = readJson(body, endpoint);
  if (status === OK) return answer;
  const { error } = answer as { readonly error?: Json };
  if (status === NOT_FOUND && error === NO_SUCH_PATH) {
    const why = `the node at ${
      formatEndpoint(endpoint)
    } does not know ${path}: it is of another version than this program`;
    throw new CommandError(EXIT.no, `${why} (p2p ${VERSION}; p2p inspect node tells its own)`);
  }
  throw new CommandError(EXIT.no, `the node answers ${status}: ${typeof error === "string" ? error : body}`);
}

/** Asks until there is an answer, or the time is up. */
async function persist<T>(
  patienceMs: number,
  endpoint: Endpoint,
  ask: (timeoutMs: number) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = FIRST_RETRY_MS;; pauseMs = Math.min(2 * pauseMs, MAX_RETRY_MS)) {
    try {
      return await ask(ANSWER_TIMEOUT_MS);
    } catch (error) {
      if (!(error instanceof LocalError)) throw error;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) {
        const why = `no node answers at ${formatEndpoint(endpoint)}: ${error.message}`;
        throw new CommandError(EXIT.unreachable, `${why}; ${WHAT_NEXT}`, { cause: error });
      }
      await sleep(Math.min(pauseMs, leftMs));
    }
  }
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

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
