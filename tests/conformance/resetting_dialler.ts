// A program: dials 127.0.0.1 at the given port so many times and resets each connection as soon as it stands.

import { once } from "node:events";
import { connect } from "node:net";
import process from "node:process";

const [port, count] = process.argv.slice(2).map(Number) as [number, number];

for (let i = 0; i < count; i++) {
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.resetAndDestroy();
  await once(socket, "close");
}
