// How fast the simulated network delivers: the ceiling for simulations of many nodes in one process.

import { createMemoryNetwork, type LinkOptions } from "../src/platform/memory.ts";
import type { Connection } from "../src/platform/types.ts";
import type { Row, Subject } from "./support.ts";

const HOSTS = 1000;
const LINKS_PER_HOST = 8;
const MESSAGE_BYTES = 256;
const MESSAGES = 2_000_000;
const PORT = 1;
const DIAL = { timeoutMs: 10_000 };

const LINKS: Readonly<Record<string, LinkOptions>> = {
  "fixed latency": { latencyMs: 50 },
  "jitter": { latencyMs: 50, jitterMs: 50 },
  "jitter, loss and bandwidth": { latencyMs: 50, jitterMs: 50, lossRate: 0.01, bandwidthBytesPerSecond: 1_000_000 },
};

export const subject: Subject = {
  name: `Memory network (${HOSTS} hosts, ${
    HOSTS * LINKS_PER_HOST
  } connections, ${MESSAGE_BYTES} bytes passed on at once)`,
  async run() {
    const rows: Row[] = [];
    for (const [name, link] of Object.entries(LINKS)) rows.push(await measure(name, link));
    return rows;
  },
};

/** Every connection carries one message to and fro for ever. */
async function measure(name: string, link: LinkOptions): Promise<Row> {
  const network = createMemoryNetwork({ seed: 1, link });
  let delivered = 0;
  const bounce = (connection: Connection) => {
    const message = new Uint8Array(MESSAGE_BYTES);
    connection.start({
      data: () => {
        delivered++;
        connection.write(message);
      },
      drained() {},
      closed() {},
    });
    connection.write(message);
  };
  for (let host = 0; host < HOSTS; host++) {
    await network.transport(`host${host}`).listen({ host: `host${host}`, port: PORT }, bounce);
  }
  for (let host = 0; host < HOSTS; host++) {
    const { random } = network.env(`host${host}`);
    for (let i = 0; i < LINKS_PER_HOST; i++) {
      const remote = `host${(host + 1 + Math.floor(random() * (HOSTS - 1))) % HOSTS}`;
      network.transport(`host${host}`).dial({ host: remote, port: PORT }, DIAL).then(bounce);
    }
  }
  await network.run(1000);
  const before = delivered;
  const start = performance.now();
  await network.run(() => delivered >= before + MESSAGES);
  const seconds = (performance.now() - start) / 1000;
  return { name, perSecond: (delivered - before) / seconds, unit: "messages" };
}
