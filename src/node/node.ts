import { checkNodeOptions } from "./check_options.ts";
import { NodeCore } from "./core.ts";
import { createDoctor } from "./watch.ts";
import { applicationMethods, chainMethods, connectionMethods, eventMethods } from "./owner.ts";
import type { NodeOptions, NodeParts, P2PNode } from "./types.ts";

/** Builds a node from its parts. It does nothing until `start`. Throws LocalError where an option makes no sense. */
export function createNode(parts: NodeParts, options: NodeOptions): P2PNode {
  checkNodeOptions(options);
  const core = new NodeCore(parts, options);
  const doctor = createDoctor(core);
  return {
    network: options.network,
    userAgent: options.userAgent,
    get listening() {
      return core.listening;
    },
    load: () => core.load(),
    async start() {
      await core.start();
      if (options.autotune) doctor.start();
    },
    stop() {
      doctor.stop();
      return core.stop();
    },
    ...chainMethods(core),
    ...connectionMethods(core),
    ...eventMethods(core, doctor),
    ...applicationMethods(core),
  };
}
