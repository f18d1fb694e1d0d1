import type { P2PNode } from "../node/types.ts";
import { removeFile, replaceTextFile } from "../platform/files.ts";
import { notifyServiceManager } from "../platform/service_manager.ts";
import type { Endpoint } from "../platform/types.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import { toSafeJson } from "../util/escape.ts";
import { VERSION } from "../util/version.ts";
import type { Context } from "./context.ts";

export interface ReadinessFacts {
  readonly node: P2PNode;
  readonly control: Endpoint;
  readonly dataDir: string;
  /** `--ready-file`. */
  readonly readyFile: string | undefined;
}

const INDENT = 2;

/** Before the start: a file that a crash left behind says what is not so yet. */
export function withdrawReady(readyFile: string | undefined): void {
  if (readyFile !== undefined) removeFile(readyFile);
}

/**
 * Tells whoever started the node that it listens, until disposed: by a file with the addresses, which scripts wait for,
 * and by a word to the service manager.
 */
export async function announceReady(facts: ReadinessFacts, { host, err }: Context): Promise<AsyncDisposable> {
  const { node, control, dataDir, readyFile } = facts;
  const listen = node.listening.map(formatEndpoint);
  if (readyFile !== undefined) {
    const { name: network } = node.network;
    const content = { pid: host.pid, version: VERSION, network, listen, control: formatEndpoint(control), dataDir };
    replaceTextFile(readyFile, toSafeJson(content, INDENT) + "\n");
  }
  await notify("ready", `${node.network.name}, listening on ${listen.join(", ") || "nothing"}`);
  return {
    async [Symbol.asyncDispose]() {
      withdrawReady(readyFile);
      await notify("stopping", "stopping");
    },
  };

  async function notify(state: "ready" | "stopping", status: string): Promise<void> {
    const failure = await notifyServiceManager(state, status);
    if (failure !== undefined) err.line(`the service manager was not told: ${failure}`);
  }
}
