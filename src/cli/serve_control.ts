import { EventFeed } from "../control/event_feed.ts";
import { answer } from "../control/routes.ts";
import type { ControlSubject } from "../control/subject.ts";
import { act } from "../control/actions.ts";
import { toControlRequest } from "../control/request.ts";
import type { P2PNode } from "../node/types.ts";
import { type HttpServer, serveHttp } from "../platform/http.ts";
import type { Endpoint } from "../platform/types.ts";
import type { Env } from "../util/env.ts";
import { VERSION } from "../util/version.ts";
import { isPublic } from "./place.ts";

/** Serves the control API of a node. `token`: what a request over a port needs to change anything. Rejects with LocalError if the address cannot be had. */
export async function serveControl(
  endpoint: Endpoint,
  node: P2PNode,
  env: Env,
  { runtime, token }: { readonly runtime: string; readonly token: string | undefined },
): Promise<HttpServer> {
  const startedAt = env.now();
  const log = env.logger("control");
  const feed = new EventFeed({ node, env });
  const subject: ControlSubject = {
    node,
    feed,
    version: VERSION,
    runtime,
    uptimeMs: () => env.now() - startedAt,
    isPublic: isPublic(endpoint),
    ...(token !== undefined && { token }),
  };
  const server = await serveHttp(
    endpoint,
    (raw) => {
      const request = toControlRequest(raw);
      return act(subject, request) ?? answer(subject, request);
    },
    (error) => log.error("internal error in the control API", { error }),
  );
  return {
    local: server.local,
    close() {
      feed.close();
      return server.close();
    },
  };
}
