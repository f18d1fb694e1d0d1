import { test } from "node:test";
import { assert } from "@std/assert";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { addressGroup } from "../../src/net/address_group.ts";
import { DEFAULT_MAX_OUTBOUND } from "../../src/protocol/peer_params.ts";
import { at, recordOf } from "../support/address_books.ts";
import { dialRaw, listenScripted, type ScriptedPeer, versionOf } from "../support/scripted_peer.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

const HONEST = 20;
const ATTACKERS = 200;
const MINUTE_MS = 60_000;

const honestHost = (index: number) => `${20 + index}.0.0.1`;
const attackerHost = (index: number) => `66.66.${index}.1`;

/** Answers pings, so that it stays. */
function stay(peer: ScriptedPeer): void {
  peer.onMessage = (message) => {
    if (message.type === "ping") peer.send({ type: "pong", nonce: message.nonce });
  };
}

test("eclipse: 200 attackers of one group, who dial, tell of each other and answer, do not surround a node", {
  timeout: 120_000,
}, async () => {
  const network = createMemoryNetwork({ seed: 21 });
  const join = [{ host: honestHost(0), port: PORT }];
  const honest = Array.from(
    { length: HONEST },
    (_, index) => simulateNode(network, honestHost(index), { discover: true, join: index === 0 ? [] : join }).node,
  );
  for (const node of honest) await node.start();
  for (let index = 0; index < ATTACKERS; index++) await listenScripted(network, attackerHost(index), {}, stay);

  let { node: victim, store } = simulateNode(network, "9.0.0.1", { discover: true, join });
  await victim.start();
  const seconds = () => Math.floor(network.env("clock").wallClock() / 1000);
  const names = Array.from({ length: ATTACKERS }, (_, index) => recordOf(attackerHost(index), { port: PORT }));
  // The attack begins with the first minute, and goes on for hours of restarts and lost connections.
  for (let round = 0; round < 3; round++) {
    const attackers: ScriptedPeer[] = [];
    for (let index = 0; index < ATTACKERS; index++) {
      const attacker = await dialRaw(network, attackerHost(index), "9.0.0.1");
      stay(attacker);
      attacker.send(versionOf(), { type: "verack" });
      attackers.push(attacker);
    }
    await network.run(network.now() + 1000);
    attackers.forEach((attacker, index) => {
      const told = [...names, ...names].slice(index, index + 10).map((record) => ({ ...record, time: seconds() }));
      if (!attacker.closed) attacker.send({ type: "addr", addresses: told });
    });
    await network.run(network.now() + 20 * MINUTE_MS);
    network.kill("9.0.0.1");
    ({ node: victim, store } = simulateNode(network, "9.0.0.1", { discover: true, join, store: store.crash() }));
    await victim.start();
    await network.run(network.now() + 10 * MINUTE_MS);

    const known = victim.addresses(Number.MAX_SAFE_INTEGER).addresses;
    assert(known.some(({ address }) => address.startsWith("66.66.")), "the attacker was not heard: this tests nothing");
    const outbound = victim.peers().filter(({ direction, state }) => direction === "outbound" && state === "ready");
    const group = addressGroup(at(attackerHost(0)));
    const theirs = outbound.filter(({ address }) => addressGroup(at(address.split(":")[0]!)) === group);
    assert(outbound.length >= DEFAULT_MAX_OUTBOUND - 2, `${outbound.length} outbound peers`);
    assert(theirs.length <= 2, `${theirs.length} of ${outbound.length} outbound peers are the attacker's`);
  }
});
