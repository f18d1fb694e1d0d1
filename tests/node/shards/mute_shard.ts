// A shard that lives, and never says that it serves.

import { stayAlive } from "../../../src/platform/threads.ts";

stayAlive();
