import { assertEquals, assertGreater } from "@std/assert";
import type { PeerState } from "../support/p2p_node.ts";
import { siteTest } from "../support/site.ts";
import { poll } from "../support/wait.ts";

/** A network that nobody else on this machine has: whoever tests besides is in the same multicast group. */
function ownNetwork(): string {
  const [magic] = crypto.getRandomValues(new Uint32Array(1));
  return `name = "lab"\nmagic = ${magic}\nport = 28333\n[genesis]\ntime = 1_700_000_000\nmessage = "made for a test"\n`;
}

siteTest("local discovery: two processes on loopback that were told of nobody find each other", async (site) => {
  const network = site.file("lab.toml", new TextEncoder().encode(ownNetwork()));
  const args = ["--discover-local"];
  const first = await site.node({ network, discovers: true, args });
  const second = await site.node({ network, discovers: true, args });
  const look = () => Promise.all([first, second].map((node) => node.get<PeerState[]>("/v1/peers")));
  const areReady = (all: PeerState[][]) => all.every((peers) => peers.some(({ state }) => state === "ready"));
  await poll("a connection", look, areReady);
  type Told = { readonly local: { readonly interfaces: readonly string[]; readonly found: number } };
  const told = await Promise.all([first, second].map((node) => node.get<Told>("/v1/addresses")));
  assertEquals(told.map(({ local }) => local.interfaces), [["127.0.0.1"], ["127.0.0.1"]]);
  // One of the two heard the other first, and dialled.
  assertGreater(Math.max(...told.map(({ local }) => local.found)), 0);
});
