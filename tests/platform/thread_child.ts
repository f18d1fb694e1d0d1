// The other thread of threads_test.ts.

import { onParentMessage, ownData, postToParent } from "../../src/platform/threads.ts";

const { shared, big } = ownData() as { readonly shared: Int32Array; readonly big: bigint };

onParentMessage((message) => {
  if (message === "throw") throw new Error("thrown as it was told");
  if (message !== "hang") return postToParent({ echo: message });
  postToParent("hanging");
  for (;;);
});
Atomics.add(shared, 0, 1);
postToParent({ started: true, big });
