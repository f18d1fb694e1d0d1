import { Buffer } from "node:buffer";
import { assertEquals } from "@std/assert";
import { compiled } from "../support/binary.ts";
import type { P2pNode } from "../support/p2p_node.ts";
import { run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";
import { numbered } from "../support/transaction_world.ts";
import { poll } from "../support/wait.ts";

const NODES = 10;

/** The parts of `GET /v1/node` that are looked at. */
interface Overview {
  readonly pool: { readonly count: number };
  readonly topics: readonly { readonly accepted: number; readonly peers: number }[];
}

siteTest(
  "network: ten nodes that know a seed outlive it and a restart of half of them, and all hear everything",
  async (site) => {
    const seed = await site.node({ network: "p2p", discovers: true });
    const join = (dataDir: string) => {
      const args = ["--join", seed.endpoint, "--topic", "news"];
      return site.node({ network: "p2p", discovers: true, dataDir, args });
    };
    const nodes: P2pNode[] = [];
    for (let i = 0; i < NODES; i++) nodes.push(await join(site.directory()));
    await poll("connected without the seed", () => look(nodes), isSettled);

    await seed.stop("SIGKILL");
    await say(nodes[0]!, "--send", "topic:news=the seed is dead");
    await poll(
      "news after the death of the seed",
      () => overviews(nodes),
      (all) => all.every((each) => heard(each) === 1),
    );

    const half = nodes.splice(0, NODES / 2);
    await Promise.all(half.map((node) => node.stop()));
    await poll("connected without half", () => look(nodes), ({ links }) => isConnected(links));
    nodes.push(...await Promise.all(half.map(({ dataDir }) => join(dataDir))));
    await poll("connected again", () => look(nodes), isSettled);

    await say(
      nodes.at(-1)!,
      "--send",
      "topic:news=all are back",
      "--send",
      `tx ${Buffer.from(numbered(1)).toString("hex")}`,
    );
    await poll(
      "news of those who are back",
      () => overviews(nodes),
      (all) => all.every((each, i) => heard(each) === (i < NODES / 2 ? 2 : 1)),
    );
    await poll(
      "the transaction everywhere",
      () => overviews(nodes),
      (all) => all.every(({ pool }) => pool.count === 1),
    );
  },
);

/** A stranger dials the node and says something. */
async function say(node: P2pNode, ...words: readonly string[]): Promise<void> {
  const { code, stderr } = await run(compiled(), ["connect", node.endpoint, "--network", "p2p", ...words]);
  assertEquals(code, 0, stderr);
}

async function overviews(nodes: readonly P2pNode[]): Promise<Overview[]> {
  return await Promise.all(nodes.map((node) => node.get<Overview>("/v1/node")));
}

function heard({ topics: [topic] }: Overview): number {
  return topic!.accepted;
}

interface Picture {
  /** Whom each of the nodes dialled for more than blocks, by their places in the list. */
  readonly links: readonly (readonly number[])[];
  /** How many subscribers to its topic each of them knows. */
  readonly subscribers: readonly number[];
}

async function look(nodes: readonly P2pNode[]): Promise<Picture> {
  const places = new Map(nodes.map(({ endpoint }, i) => [endpoint, i]));
  const peers = await Promise.all(nodes.map((node) => node.peers()));
  const links = peers.map((all) =>
    all.filter(({ state, kind }) => state === "ready" && kind === "full")
      .map(({ address }) => places.get(address)).filter((place) => place !== undefined)
  );
  return { links, subscribers: (await overviews(nodes)).map(({ topics: [topic] }) => topic!.peers) };
}

/**
 * Whether all are connected, no pair twice, and subscribers known to their peers: what is said while one of two
 * connections is being given up may be lost with it, since topics repeat nothing.
 */
function isSettled({ links, subscribers }: Picture): boolean {
  const isTwice = links.some((others, here) => others.some((other) => links[other]!.includes(here)));
  const isKnown = links.every((others, here) => {
    const callers = links.filter((all) => all.includes(here));
    return subscribers[here]! >= others.length + callers.length;
  });
  return isConnected(links) && !isTwice && isKnown;
}

function isConnected(links: readonly (readonly number[])[]): boolean {
  const reached = new Set([0]);
  for (const here of reached) {
    links.forEach((others, there) => {
      for (const other of others) if (other === here || there === here) reached.add(other).add(there);
    });
  }
  return reached.size === links.length;
}
