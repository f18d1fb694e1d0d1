import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import { SELF_ANNOUNCE_MS } from "../../src/protocol/address_params.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { recordOf } from "../support/address_books.ts";
import { dialScripted, type ScriptedPeer } from "../support/scripted_peer.ts";
import { simulateNode } from "../support/simulated_node.ts";
import { testHasher } from "../support/test_hasher.ts";

// Of whom a node speaks to others.

const RELAY_MS = 5 * 60_000;
/** Time enough for a node to say again to one of several where it is. */
const ANNOUNCE_MS = SELF_ANNOUNCE_MS / 4;
/** In the header of a frame. */
const LENGTH_AT = 16;

/** A peer that dialled the node on 1.0.0.1, and stays. */
async function dialIn(
  network: MemoryNetwork,
  host: string,
  features: readonly "sendaddrv2"[] = [],
): Promise<ScriptedPeer> {
  const peer = await dialScripted(network, host, "1.0.0.1", {}, features);
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
  };
  return peer;
}

/** Hosts that a peer was told of, but for the node's own. */
function told(peer: ScriptedPeer): string[] {
  const hosts = peer.of("addr").flatMap(({ addresses }) => addresses.map(({ address }) => address.bytes.join(".")));
  return hosts.filter((host) => host !== "1.0.0.1");
}

/** A fresh record of each host. */
function records(network: MemoryNetwork, ...hosts: readonly string[]) {
  const time = Math.floor(network.env("clock").wallClock() / 1000);
  return hosts.map((host) => recordOf(host, { time }));
}

test("addresses: who is banned or discouraged is neither kept nor passed on nor named to who asks", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "1.0.0.1");
  await node.start();
  const [source, other] = [await dialIn(network, "2.0.0.1"), await dialIn(network, "3.0.0.1")];
  other.send({ type: "getaddr" });
  source.send({ type: "addr", addresses: records(network, "77.1.0.1") });
  await network.run(network.now() + RELAY_MS);

  node.ban("77.1.0.0/16");
  (await dialIn(network, "66.0.0.1")).sendRaw(oversized());
  await network.run(network.now() + 1000);
  source.send({ type: "addr", addresses: records(network, "77.1.0.2", "66.0.0.1", "88.0.0.1") });
  await network.run(network.now() + RELAY_MS);
  assertEquals(told(other), ["77.1.0.1", "88.0.0.1"]);
  assertEquals(node.addresses().total, 2);
  const asker = await dialIn(network, "4.0.0.1");
  asker.send({ type: "getaddr" });
  await network.run(network.now() + 1000);
  assertEquals(told(asker), ["88.0.0.1"]);
});

test("addresses: who dialled us is told of them once it has said something about addresses, and not before", {
  timeout: 60_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 2 });
  const { node } = simulateNode(network, "1.0.0.1");
  await node.start();
  const silent: ScriptedPeer[] = [];
  for (let i = 2; i < 10; i++) silent.push(await dialIn(network, `${i}.0.0.1`, i % 2 ? ["sendaddrv2"] : []));
  const asker = await dialIn(network, "30.0.0.1");
  const teller = await dialIn(network, "31.0.0.1");
  asker.send({ type: "getaddr" });
  teller.send({ type: "addr", addresses: records(network, "77.0.0.1") });
  await network.run(network.now() + ANNOUNCE_MS);
  assertEquals([told(asker), told(teller)], [["77.0.0.1"], []]);
  assertEquals(silent.flatMap(({ received }) => received).filter(({ type }) => type.startsWith("addr")), []);

  silent[0]!.send({ type: "addr", addresses: records(network, "78.0.0.1") });
  await network.run(network.now() + RELAY_MS);
  assertEquals([told(asker), told(teller)], [["77.0.0.1", "78.0.0.1"], ["78.0.0.1"]]);
  assertEquals(silent.map((peer) => peer.of("addr").length > 0), [true, ...silent.slice(1).map(() => false)]);
});

/** The head of a frame that no honest node sends: its address is left alone from then on. */
function oversized(): Uint8Array {
  const frame = bitcoinCodec(REGTEST.magic, testHasher).encode({ type: "verack" }).slice();
  frame.fill(0xff, LENGTH_AT, LENGTH_AT + 4);
  return frame;
}
