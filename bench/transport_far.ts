// The other end of bench/transport.ts, in a process of its own: it sends until the connection ends, or echoes.
// Usage: transport_far.ts ADAPTER flood|echo PIECE_BYTES [PORT]: dials the port, or listens and prints its own.

import process from "node:process";
import type { Connection } from "../src/platform/types.ts";
import { ADAPTERS, fillFrames, FRAME_BYTES } from "./transport_frames.ts";

const [, , adapter = "", mode = "", piece = "", port] = process.argv;
const transport = ADAPTERS[adapter]!();

/** Sends until refused, and again when drained. */
function flood(connection: Connection): void {
  const bytes = fillFrames(Number(piece));
  const writeOn = () => {
    while (connection.write(bytes));
  };
  connection.start({ data() {}, drained: writeOn, closed: () => process.exit() });
  writeOn();
}

function echo(connection: Connection): void {
  connection.start({
    data: (chunk) => void connection.write(chunk.slice()),
    drained() {},
    closed: () => process.exit(),
  });
}

const serve = mode === "flood" ? flood : echo;
if (Number(piece) % FRAME_BYTES !== 0) throw new Error(`Cannot flood: pieces hold whole frames: received ${piece}`);
if (port === undefined) {
  const listener = await transport.listen({ host: "127.0.0.1", port: 0 }, serve);
  console.log("port" in listener.local ? listener.local.port : 0);
} else {
  serve(await transport.dial({ host: "127.0.0.1", port: Number(port) }, { timeoutMs: 10_000 }));
}
