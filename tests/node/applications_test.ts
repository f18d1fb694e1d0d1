import { test } from "node:test";
import { assertEquals, assertRejects } from "@std/assert";
import { LocalError, openNode, type P2PNode } from "../../mod.ts";

const utf8 = new TextEncoder();
const decoder = new TextDecoder();

/** Two nodes on this runtime's own sockets, the second connected to the first; stopped in the end. */
async function withPair(network: string, act: (a: P2PNode, b: P2PNode) => Promise<void>): Promise<void> {
  const [a, b] = [openNode({ network, listen: ["127.0.0.1:0"] }), openNode({ network })];
  try {
    await a.start();
    const [endpoint] = a.listening;
    if (!endpoint || "path" in endpoint) throw new Error("a node that listens nowhere");
    await b.start();
    await b.connect(endpoint);
    await act(a, b);
  } finally {
    await b.stop();
    await a.stop();
  }
}

for (const network of ["p2p", "regtest"]) {
  test(`applications on real sockets, ${network}: topics, requests and bytes`, { timeout: 60_000 }, async () => {
    await withPair(network, async (a, b) => {
      const messages = a.topic("chat").messages();
      const first = messages.next();
      a.handle("double", async (payload) => await Promise.resolve(payload.map((byte) => 2 * byte)));
      const peer = b.peers()[0]!.id;
      const answers = await Promise.all([1, 2, 3].map((byte) => b.request(peer, "double", Uint8Array.of(byte))));
      assertEquals(answers, [Uint8Array.of(2), Uint8Array.of(4), Uint8Array.of(6)]);

      // The subscription came before the answers.
      const { id, peers } = b.topic("chat").publish(utf8.encode("hello"));
      const { value } = await first;
      assertEquals([peers, value!.topic, value!.id, decoder.decode(value!.payload)], [1, "chat", id, "hello"]);

      await assertRejects(() => b.request(peer, "unheard of", new Uint8Array(0)), LocalError, "nobody answers");

      const arrived = new Promise<Uint8Array>((resolve) => a.on("app:message", ({ payload }) => resolve(payload)));
      assertEquals(b.send(peer, utf8.encode("raw")), true);
      assertEquals(decoder.decode(await arrived), "raw");

      a.handle("late", () => new Promise(() => {}));
      const late = b.request(peer, "late", new Uint8Array(0), { timeoutMs: 60_000 });
      const ended = assertRejects(() => late, LocalError);
      await a.stop();
      await ended;
      assertEquals(await messages.next(), { done: true, value: undefined });
    });
  });
}
