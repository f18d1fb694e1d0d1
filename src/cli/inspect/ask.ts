import { createHasher } from "../../platform/hasher.ts";
import { fetchHttp, type HttpQuestion } from "../../platform/http.ts";
import { openHttpLines } from "../../platform/http_lines.ts";
import type { Endpoint } from "../../platform/types.ts";
import { LocalError, type LocalErrorCode } from "../../protocol/errors.ts";
import { formatEndpoint } from "../../util/endpoint.ts";
import { CommandError, EXIT } from "../exit.ts";
import { loadNetwork } from "../network.ts";
import { controlEndpoint, defaultDataDir } from "../place.ts";
import type { Json } from "../render_message.ts";
import { type AnswerForm, checkForm, otherVersion } from "./answer_form.ts";
import { readToken } from "../token.ts";
import type { InspectSettings } from "./view.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** 30 s: the node answers from memory; a block may have to come from a slow disk, and a dial has a handshake to wait for. */
const ANSWER_TIMEOUT_MS = 30_000;
/** 200 ms: a node that came up at the last moment gets so long to answer. */
const LEAST_ANSWER_MS = 200;
/** `--wait`: a start takes tenths of a second; a node that takes minutes need not be asked ten times a second. */
const FIRST_RETRY_MS = 50;
const MAX_RETRY_MS = 1_000;
const OK = 200;
const BAD_REQUEST = 400;
const NOT_FOUND = 404;
const UNREADY = 503;
const READINESS_PATH = "/readyz";
/** What may be otherwise in a moment. */
const PASSING: readonly LocalErrorCode[] = ["unreachable", "timeout"];
const NO_SUCH_PATH = "no such path";
const WHAT_NEXT =
  "start one with p2p node, or say where it is: --network, --data-dir, --control; --wait TIME waits for it";

/** A node's control API, and what it wants to see. */
export interface Control {
  readonly endpoint: Endpoint;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * Asks the control API of the node that the settings name. Throws CommandError where the answer is no, or none, or has
 * another form.
 */
export async function askNode(
  settings: InspectSettings,
  environment: Environment,
  path: string,
  form: AnswerForm,
  question: Omit<HttpQuestion, "headers"> = {},
): Promise<Json> {
  const control = await findControl(settings, environment);
  const answer = await askControl(control, path, question, settings.wait);
  checkForm(answer, form, control.endpoint, path);
  return answer;
}

/** Where the settings say that the node is. */
export async function findControl(settings: InspectSettings, environment: Environment): Promise<Control> {
  return {
    endpoint: await findNode(settings, environment),
    headers: await authorization(settings["control-token-file"]),
  };
}

/** Asks one control API; where nothing answers, again until the patience is at its end. Throws CommandError. */
export async function askControl(
  { endpoint, headers }: Control,
  path: string,
  question: Omit<HttpQuestion, "headers"> = {},
  patienceMs = 0,
): Promise<Json> {
  const { status, body } = await persist(patienceMs, endpoint, (limitMs) => {
    return fetchHttp(endpoint, path, limitMs, { ...question, headers });
  });
  if (status !== OK) throw refusal(endpoint, path, status, body);
  return readJson(body, endpoint);
}

/**
 * Asks whether the node serves others by now, again and again until it does or the patience is at its end. Throws
 * CommandError where nothing answers.
 */
export async function awaitReadiness(
  { endpoint, headers }: Control,
  patienceMs: number,
): Promise<{ readonly isReady: boolean; readonly answer: Json }> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = FIRST_RETRY_MS;; pauseMs = Math.min(2 * pauseMs, MAX_RETRY_MS)) {
    const leftMs = Math.max(0, deadline - performance.now());
    // Who is given no time at all gets one answer, however long that takes.
    const { status, body } = await persist(patienceMs && Math.max(leftMs, LEAST_ANSWER_MS), endpoint, (limitMs) => {
      return fetchHttp(endpoint, READINESS_PATH, limitMs, { headers });
    });
    if (status !== OK && status !== UNREADY) throw refusal(endpoint, READINESS_PATH, status, body);
    if (status === OK || leftMs === 0) return { isReady: status === OK, answer: readJson(body, endpoint) };
    await sleep(Math.min(pauseMs, leftMs));
  }
}

/** The lines that one path streams; where nothing answers, asks again until the patience is at its end. */
export async function openControlLines(
  { endpoint, headers }: Control,
  path: string,
  signal: AbortSignal,
  patienceMs = 0,
): Promise<AsyncIterable<string>> {
  const { status, lines } = await persist(
    patienceMs,
    endpoint,
    (limitMs) => openHttpLines(endpoint, path, headers, signal, limitMs),
  );
  if (status === OK) return lines;
  let body = "";
  for await (const line of lines) body += line;
  throw refusal(endpoint, path, status, body);
}

function refusal(endpoint: Endpoint, path: string, status: number, body: string): CommandError {
  const { error } = readJson(body, endpoint) as { readonly error?: Json };
  if (status !== NOT_FOUND || error !== NO_SUCH_PATH) {
    const exitCode = status === BAD_REQUEST ? EXIT.usage : EXIT.no;
    return new CommandError(exitCode, `the node answers ${status}: ${typeof error === "string" ? error : body}`);
  }
  return otherVersion(endpoint, `does not know ${path}`);
}

/** Asks until there is an answer, or the time is up; without patience once. `limitMs`: how long an answer may take. */
async function persist<T>(
  patienceMs: number,
  endpoint: Endpoint,
  ask: (limitMs: number) => Promise<T>,
): Promise<T> {
  const deadline = performance.now() + patienceMs;
  for (let pauseMs = FIRST_RETRY_MS;; pauseMs = Math.min(2 * pauseMs, MAX_RETRY_MS)) {
    try {
      return await ask(answerLimit(patienceMs, deadline - performance.now()));
    } catch (error) {
      if (!(error instanceof LocalError) || !PASSING.includes(error.code)) throw error;
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) {
        const why = `no node answers at ${formatEndpoint(endpoint)}: ${error.message}`;
        throw new CommandError(EXIT.unreachable, `${why}; ${WHAT_NEXT}`, { cause: error });
      }
      await sleep(Math.min(pauseMs, leftMs));
    }
  }
}

function answerLimit(patienceMs: number, leftMs: number): number {
  return patienceMs === 0 ? ANSWER_TIMEOUT_MS : Math.min(ANSWER_TIMEOUT_MS, Math.max(LEAST_ANSWER_MS, leftMs));
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
