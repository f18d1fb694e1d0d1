// The first module of a thread that a test starts; workerData names the one that does the work. Deno checks the types of
// a thread's first module each time it starts one, for a second or more, and not of what is loaded later.

import { workerData } from "node:worker_threads";

await import(workerData.module);
