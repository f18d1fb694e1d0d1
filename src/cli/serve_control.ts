import { answer, type ControlSubject } from "../control/routes.ts";
import { act } from "../control/actions.ts";
import { toControlRequest } from "../control/request.ts";
import type { P2PNode } from "../node/types.ts";
import { type HttpServer, serveHttp } from "../platform/http.ts";
import type { Endpoint } from "../platform/types.ts";
import type { Env } from "../util/env.ts";
import { VERSION } from "../util/version.ts";

/** Serves the control API of a node. `token`: what a request over a port needs to change anything. Rejects with LocalError if the address cannot be had. */
export function serveControl(
  endpoint: Endpoint,
  node: P2PNode,
  env: Env,
  { runtime, token }: { readonly runtime: string; readonly token: string | undefined },
): Promise<HttpServer> {
  const startedAt = env.now();
  const log = env.logger("control");
  const subject: ControlSubject = { node, version: VERSION, runtime, uptimeMs: () => env.now() - startedAt };
  return serveHttp(
    endpoint,
    (raw) => {
      const request = toControlRequest(raw);
      return act({ node, ...(token !== undefined && { token }) }, request) ?? answer(subject, request);
    },
    (error) => log.error("internal error in the control API", { error }),
  );
}
