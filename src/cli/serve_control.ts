import { answer, type ControlSubject } from "../control/routes.ts";
import { toControlRequest } from "../control/request.ts";
import type { P2PNode } from "../node/types.ts";
import { type HttpServer, serveHttp } from "../platform/http.ts";
import type { Endpoint } from "../platform/types.ts";
import type { Env } from "../util/env.ts";
import { VERSION } from "../util/version.ts";

/** Serves the control API of a node. Rejects with LocalError if the address cannot be had. */
export function serveControl(endpoint: Endpoint, node: P2PNode, env: Env, runtime: string): Promise<HttpServer> {
  const startedAt = env.now();
  const log = env.logger("control");
  const subject: ControlSubject = { node, version: VERSION, runtime, uptimeMs: () => env.now() - startedAt };
  return serveHttp(
    endpoint,
    (request) => answer(subject, toControlRequest(request)),
    (error) => log.error("internal error in the control API", { error }),
  );
}
