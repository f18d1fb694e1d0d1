import type { P2PNode } from "../node/types.ts";
import { LocalError, type LocalErrorCode, RemoteFault } from "../protocol/errors.ts";
import { parseHostPort } from "../util/endpoint.ts";
import { checkAccess, checkAuthority, type ControlPolicy } from "./guard.ts";
import { isNumber } from "./decimal.ts";
import type { ControlRequest, ControlResponse } from "./http_types.ts";
import { ok, refuse, STATUS } from "./responses.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** What the control API acts upon. */
export interface ActionSubject extends ControlPolicy {
  readonly node: P2PNode;
}

type Fields = Readonly<Record<string, unknown>>;
type Action = (node: P2PNode, id: string, fields: Fields) => ControlResponse | Promise<ControlResponse>;

interface ActionRoute {
  readonly method: "POST" | "DELETE";
  readonly path: RegExp;
  readonly act: Action;
}

const ACTIONS: readonly ActionRoute[] = [
  { method: "POST", path: /^\/v1\/bans$/, act: ban },
  { method: "DELETE", path: /^\/v1\/bans\/(.+)$/, act: unban },
  { method: "POST", path: /^\/v1\/peers$/, act: connect },
  { method: "DELETE", path: /^\/v1\/peers\/([^/]+)$/, act: disconnect },
];

/** The methods other than GET and HEAD that a path takes. */
export function actionMethods(path: string): readonly string[] {
  return ACTIONS.filter((action) => action.path.test(path)).map(({ method }) => method);
}

/** Does what one request asks for; undefined where it asks for nothing of this kind. */
export function act(subject: ActionSubject, request: ControlRequest): Promise<ControlResponse> | undefined {
  const action = ACTIONS.find(({ method, path }) => method === request.method && path.test(request.path));
  return action && perform(action, subject, request);
}

async function perform(action: ActionRoute, subject: ActionSubject, request: ControlRequest): Promise<ControlResponse> {
  const refusal = checkAccess(request, subject) ?? checkAuthority(request, subject);
  if (refusal) return refusal;
  const id = decodePart(action.path.exec(request.path)?.[1] ?? "");
  const fields = readFields(request.body ?? "");
  if (id === undefined) return refuse(STATUS.badRequest, "the path is not percent-encoded as it should be");
  if (!fields) return refuse(STATUS.badRequest, "the body must be a JSON object");
  try {
    return await action.act(subject.node, id, fields);
  } catch (error) {
    return explain(error);
  }
}

/** `{address: ADDRESS or ADDRESS/BITS, seconds?, reason?}`. Answers the ban. */
function ban(node: P2PNode, _: string, { address, seconds, reason = "" }: Fields): ControlResponse {
  if (typeof address !== "string") return refuse(STATUS.badRequest, "address must be ADDRESS or ADDRESS/BITS");
  if (seconds !== undefined && typeof seconds !== "number") {
    return refuse(STATUS.badRequest, "seconds must be a number");
  }
  if (typeof reason !== "string") return refuse(STATUS.badRequest, "reason must be a text");
  return ok(node.ban(address, { reason, ...(seconds !== undefined && { durationMs: seconds * MS_PER_SECOND }) }));
}

function unban(node: P2PNode, id: string): ControlResponse {
  return node.unban(id) ? ok({ unbanned: id }) : refuse(STATUS.notFound, `no ban of ${id}`);
}

/** `{address: HOST:PORT}`. Answers the peer once the handshake is done. */
async function connect(node: P2PNode, _: string, { address }: Fields): Promise<ControlResponse> {
  if (typeof address !== "string") return refuse(STATUS.badRequest, "address must be HOST:PORT");
  try {
    const endpoint = parseHostPort(address, node.network.defaultPort);
    return ok(await node.connect(endpoint));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse(STATUS.badRequest, `address: ${error.message}`);
  }
}

function disconnect(node: P2PNode, id: string): ControlResponse {
  if (!isNumber(id)) return refuse(STATUS.badRequest, "a peer's id is a number");
  return node.disconnect(Number(id)) ? ok({ disconnected: Number(id) }) : refuse(STATUS.notFound, `no peer ${id}`);
}

const ERROR_STATUS: { readonly [C in LocalErrorCode]?: number } = {
  "bad-argument": STATUS.badRequest,
  "limit": STATUS.conflict,
  "banned": STATUS.conflict,
  "stopped": STATUS.unready,
  "unreachable": STATUS.badGateway,
  "timeout": STATUS.badGateway,
  "store-corrupt": STATUS.unready,
  "store-full": STATUS.unready,
  "bad-file": STATUS.unready,
};

/** What went wrong elsewhere, in words; a bug flies on. */
export function explain(error: unknown): ControlResponse {
  if (error instanceof RemoteFault) return refuse(STATUS.badGateway, error.message);
  const status = error instanceof LocalError ? ERROR_STATUS[error.code] : undefined;
  if (status === undefined) throw error;
  return refuse(status, (error as LocalError).message);
}

function readFields(body: string): Fields | undefined {
  if (body.trim() === "") return {};
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Fields : undefined;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return undefined;
  }
}

function decodePart(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch (error) {
    if (!(error instanceof URIError)) throw error;
    return undefined;
  }
}
