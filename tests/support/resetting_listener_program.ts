// A program: accepts connections on 127.0.0.1, resets each at once, and says first at which port.

import { createServer } from "node:net";

const server = createServer((socket) => socket.resetAndDestroy());
server.listen(0, "127.0.0.1", () => console.log((server.address() as { port: number }).port));
