// Listens and sleeps, so that connections pile up in the backlog. See deaf_listener.ts.

import { createServer } from "node:net";
import process from "node:process";
import { parentPort, workerData } from "node:worker_threads";

const server = createServer();
server.listen({ host: "127.0.0.1", port: 0, backlog: 1 }, () => {
  const address = server.address();
  if (typeof address !== "object") throw new Error("a TCP listener without a port");
  parentPort!.postMessage(address!.port);
  Atomics.wait(new Int32Array(workerData), 0, 0);
  process.exit();
});
