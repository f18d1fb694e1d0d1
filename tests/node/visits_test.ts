import process from "node:process";
import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { openNode, type P2PNode } from "../../mod.ts";
import { collectGarbage } from "../support/garbage.ts";
import { RawPeer } from "../support/raw_peer.ts";

/** At a time: below every backlog. */
const AT_ONCE = 20;
/** What the first ones leave, such as compiled code, is there to stay. */
const WARM_UP = 600;
const VISITS = 600;
/** A peer takes three times as much; what a collector leaves between the objects is shared by all visits. */
const MAX_BYTES_PER_VISIT = 2048;
const LOOKS = 3;

test("node: connections that came and went over real sockets leave nothing behind", { timeout: 60_000 }, async () => {
  const node = openNode({ network: "regtest", listen: ["127.0.0.1:0"] });
  const reasons = new Map<string, number>();
  node.on("peer:disconnected", ({ reason }) => void reasons.set(reason, (reasons.get(reason) ?? 0) + 1));
  try {
    await node.start();
    await visit(node, WARM_UP);
    const before = await leastHeap();
    await visit(node, VISITS);
    const bytes = Math.round((await leastHeap() - before) / VISITS);
    assert(bytes < MAX_BYTES_PER_VISIT, `${bytes} bytes for each visit`);
    assertEquals(node.peers().length, 0);
    // Each of them ended in an event with a reason, and in no error.
    const ends = [...reasons].filter(([reason]) => reason === "closed-by-remote" || reason === "connection-lost");
    assertEquals(ends.reduce((sum, [, count]) => sum + count, 0), WARM_UP + VISITS, JSON.stringify([...reasons]));
  } finally {
    await node.stop();
  }
});

/** Connections that shake hands and leave; over once the node has noticed the end of each. */
async function visit(node: P2PNode, count: number): Promise<void> {
  const [listening] = node.listening;
  const { promise: over, resolve } = Promise.withResolvers<void>();
  let left = count;
  const subscription = node.on("peer:disconnected", () => void (--left === 0 && resolve()));
  for (let done = 0; done < count; done += AT_ONCE) {
    await Promise.all(Array.from({ length: AT_ONCE }, async () => {
      const peer = await RawPeer.dial((listening as { readonly port: number }).port);
      await peer.shakeHands();
      await peer.ping();
      peer.close();
      await peer.closed;
    }));
  }
  await over;
  subscription[Symbol.dispose]();
}

async function leastHeap(): Promise<number> {
  const looks: number[] = [];
  for (let i = 0; i < LOOKS; i++) {
    await collectGarbage();
    looks.push(process.memoryUsage().heapUsed);
  }
  return Math.min(...looks);
}
