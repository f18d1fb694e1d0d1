// A shard that stops in the middle of its work when it is told to.

import "../../../src/node/shards/shard_worker.ts";
import { onParentMessage } from "../../../src/platform/threads.ts";

onParentMessage((message) => {
  while (message === "hang");
});
