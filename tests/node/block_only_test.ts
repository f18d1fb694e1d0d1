import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { anyOf } from "../../src/net/any_of.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { createMemoryStore } from "../../src/platform/memory_store.ts";
import { utf8, WIRES } from "../support/app_world.ts";
import { ListSource } from "../support/list_source.ts";
import { Miner } from "../support/mining.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

for (const [wire, params] of WIRES) {
  test(`block-only, ${wire} wire: blocks go over such a connection, and nothing of applications either way`, {
    timeout: 60_000,
  }, async () => {
    const network = createMemoryNetwork({ seed: 1 });
    const { node: server } = simulateNode(network, "20.1.0.1", { network: params });
    await server.start();
    const store = createMemoryStore();
    store.putAnchors([`20.1.0.1:${PORT}`]);
    const addressSource = new ListSource([], network.env("20.2.0.1").random);
    const { node: client } = simulateNode(network, "20.2.0.1", { network: params, store, addressSource });
    await client.start();
    const nodes: readonly P2PNode[] = [server, client];
    const topics = nodes.map((node) => node.topic("news"));
    for (const node of nodes) node.handle("echo", (payload) => payload);
    await network.run(5_000);
    assertEquals(client.peers().map(({ kind, state }) => [kind, state]), [["block-only", "ready"]]);

    for (const topic of topics) assertEquals(topic.publish(utf8("news")).peers, 0);
    for (const node of nodes) {
      const failures: string[] = [];
      const note = ({ message }: Error) => void failures.push(message);
      node.request(anyOf(), "echo", utf8("?")).catch(note);
      node.request(node.peers()[0]!.id, "echo", utf8("?")).catch(note);
      await network.run(network.now() + 100);
      assertEquals(failures.length, 2);
      assertStringIncludes(failures.join(), "no peer takes requests");
      assertEquals(node.send(node.peers()[0]!.id, utf8("!")), false);
      const { subscribe, topology, publish, request } = node.peers()[0]!.messages.in;
      assertEquals([subscribe, topology, publish, request], [undefined, undefined, undefined, undefined]);
    }
    if (wire === "native") return;
    const [block] = new Miner().mineMany(1);
    server.submitBlock(block!.raw);
    await network.run(network.now() + 1000);
    assertEquals(client.chain().height, 1);
  });
}
