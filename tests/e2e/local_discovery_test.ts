import { assertEquals } from "@std/assert";
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
  const { local } = await second.get<{ local: { interfaces: string[]; found: number } }>("/v1/addresses");
  assertEquals([local.interfaces, local.found], [["127.0.0.1"], 1]);
});
