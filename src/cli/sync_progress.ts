import type { P2PNode } from "../node/types.ts";
import type { Output } from "./context.ts";
import { createProgress, type Progress } from "./progress.ts";

/** Shows how far a node's sync is, until disposed. `now` in milliseconds. */
export function showSync(node: P2PNode, err: Output, now: () => number): Disposable {
  let progress: Progress | undefined;

  function end(): void {
    progress?.stop();
    progress = undefined;
  }

  const subscriptions = [
    node.on("sync:progress", ({ height, headers }) => {
      progress ??= createProgress("sync", "blocks", err, now);
      progress.update(height, headers);
    }),
    node.on("sync:done", ({ height, hash }) => {
      progress?.update(height, height);
      end();
      err.line(`synced to block ${height} ${hash}`);
    }),
  ];
  return {
    [Symbol.dispose]() {
      for (const subscription of subscriptions) subscription[Symbol.dispose]();
      end();
    },
  };
}
