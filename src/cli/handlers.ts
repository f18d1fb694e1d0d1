import type { P2PNode } from "../node/types.ts";
import { urlOfFile } from "../platform/files.ts";
import type { HandlerFile } from "./values.ts";

/** Loads the handlers of events into threads of the node, one after the other; no more of them once the user wants an end. */
export async function loadHandlers(
  node: P2PNode,
  handlers: readonly HandlerFile[],
  signal: AbortSignal,
): Promise<void> {
  const { promise: interrupted, resolve } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => resolve(), { once: true });
  await Promise.race([loadEach(node, handlers, signal), interrupted]);
}

async function loadEach(node: P2PNode, handlers: readonly HandlerFile[], signal: AbortSignal): Promise<void> {
  for (const { types, file } of handlers) {
    if (signal.aborted) return;
    await node.onWorker(types, urlOfFile(file));
  }
}
