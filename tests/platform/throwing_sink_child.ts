// A program whose sink throws. See host_test.ts.

import { createTransport, currentHost } from "../../src/platform/host.ts";

const host = currentHost();
const transport = createTransport();
const events: string[] = [];

host.onUncaught((error) => {
  events.push(`uncaught: ${error instanceof Error ? error.message : error}`);
  finish();
});

function finish(): void {
  if (events.length < 3) return;
  host.stdout.write(`${events.sort().join("; ")}\n`);
  host.exit(0);
}

const listener = await transport.listen({ host: "127.0.0.1", port: 0 }, (connection) => {
  connection.start({
    data() {
      throw new Error("a bug in the handler");
    },
    drained() {},
    closed(error) {
      events.push(`closed here: ${error?.message}`);
      finish();
    },
  });
});
const connection = await transport.dial(listener.local, { timeoutMs: 10_000 });
connection.start({
  data() {},
  drained() {},
  closed() {
    events.push("closed there");
    finish();
  },
});
connection.write(Uint8Array.of(1));
