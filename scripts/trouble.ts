// A network of ten nodes on this machine in which one peer is slow, one floods, one boasts and one lies: something for
// an operator to find with `p2p inspect`. Ends by itself, and at Ctrl-C.
// Usage: node scripts/trouble.ts [SECONDS [PEERS]]   PEERS: so many more that give no reason to complain

import { Buffer } from "node:buffer";
import process from "node:process";
import { compiled } from "../tests/support/binary.ts";
import type { P2pNode } from "../tests/support/p2p_node.ts";
import { Site } from "../tests/support/site.ts";
import { boastingPeer, floodingPeer, lyingPeer, quietPeer, slowPeer } from "../tests/support/troublemakers.ts";

const NODES = 10;
const DEFAULT_SECONDS = 300;
const MAX_SECONDS = 3_600;
const MAX_OTHERS = 1_000;
const MAX_LATE_MS = 80;
const LIE_PAUSE_MS = 5_000;

async function main(seconds: number, others: number): Promise<void> {
  const site = new Site();
  const ending = Promise.withResolvers<void>();
  const timer = setTimeout(ending.resolve, seconds * 1_000);
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => ending.resolve());
  let isOver = false;
  try {
    const watched = await site.node({ command: compiled(), args: ["--max-inbound", String(others + 2 * NODES)] });
    let before = watched;
    for (let i = 1; i < NODES; i++) {
      const mine = i === 1 ? ["--mine", "3"] : [];
      const links = [...new Set([watched, before])].flatMap(({ endpoint }) => ["--connect", endpoint]);
      before = await site.node({ command: compiled(), args: [...links, ...mine] });
    }
    const { port } = watched;
    for (let i = 0; i < others; i++) await quietPeer({ port, from: "127.0.0.1" }, { lateMs: i % MAX_LATE_MS });
    await slowPeer({ port, from: "127.0.0.2" });
    await floodingPeer({ port, from: "127.0.0.3" });
    await boastingPeer({ port, from: "127.0.0.4" });
    // The owner may have banned the liar: then it gives up.
    const lying = lieAgainAndAgain(watched, () => isOver).catch((error: Error) => {
      console.log(`the liar gave up: ${error.message.split("\n")[0]}`);
    });
    console.log(`p2p inspect --control ${watched.control}`);
    await ending.promise;
    isOver = true;
    await lying;
  } finally {
    clearTimeout(timer);
    await site.close();
  }
}

async function lieAgainAndAgain(node: P2pNode, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const { height } = await node.chain();
    const { body } = await node.request(`/v1/blocks/${height}?raw=1`);
    await lyingPeer({ port: node.port, from: "127.0.0.5" }, Buffer.from(body.trim(), "hex"));
    await new Promise((resolve) => setTimeout(resolve, LIE_PAUSE_MS));
  }
}

const [seconds = DEFAULT_SECONDS, others = 0] = process.argv.slice(2).map(Number);
if (!(seconds > 0 && seconds <= MAX_SECONDS && others >= 0 && others <= MAX_OTHERS)) {
  console.error(`SECONDS must be a number up to ${MAX_SECONDS}, PEERS up to ${MAX_OTHERS}`);
  process.exit(2);
}
await main(seconds, others);
process.exit(0);
