import { createHash } from "node:crypto";
import { test } from "node:test";
import { assertEquals, assertMatch } from "@std/assert";
import type { ControlRequest } from "../../src/control/http_types.ts";
import { answer as answerAny } from "../../src/control/routes.ts";
import type { ControlSubject } from "../../src/control/subject.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { Miner } from "../support/mining.ts";
import { controlRequest, controlSubject, plain } from "../support/control.ts";
import { recordOf } from "../support/address_books.ts";
import { dialScripted } from "../support/scripted_peer.ts";
import { feed, simulateNode } from "../support/simulated_node.ts";

const BLOCKS = 3;

interface Scene {
  readonly subject: ControlSubject;
  /** Hashes by height. */
  readonly hashes: readonly string[];
  readonly raw: readonly Uint8Array[];
}

/** A node with three blocks of its own and one peer. */
async function openScene(): Promise<Scene> {
  const network = createMemoryNetwork({ seed: 1 });
  const blocks = new Miner().mineMany(BLOCKS);
  const raw = [REGTEST.genesisBlock!, ...blocks.map((block) => block.raw)];
  const { node } = simulateNode(network, "a");
  feed(node, raw);
  await node.start();
  const other = simulateNode(network, "b", { connect: ["a"], userAgent: "/evil\x1b[31m\u009b/" }).node;
  await other.start();
  await network.run(() => node.peers()[0]?.state === "ready");
  return {
    subject: controlSubject(node),
    hashes: [REGTEST.genesisHash, ...blocks.map(({ hash }) => hash)],
    raw,
  };
}

function request(target: string, { method = "GET", ...changes }: Partial<ControlRequest> = {}): ControlRequest {
  return controlRequest(method, target, changes);
}

function answer(subject: ControlSubject, asked: ControlRequest) {
  return plain(answerAny(subject, asked));
}

function get(subject: ControlSubject, target: string) {
  const { status, body } = answer(subject, request(target));
  return { status, value: JSON.parse(body) };
}

test("control: the node tells who it is", async () => {
  const { subject } = await openScene();
  assertEquals(get(subject, "/v1/node"), {
    status: 200,
    value: {
      version: "1.2.3",
      runtime: "nodejs 24",
      userAgent: "/a/",
      network: "regtest",
      wire: "bitcoin",
      uptimeSeconds: 61,
      listen: ["a:18444"],
      peers: { inbound: 1, outbound: 0 },
      refused: { full: 0, address: 0, group: 0, banned: 0, discouraged: 0, duplicate: 0 },
      evicted: 0,
      ended: {},
      inventory: { announced: 0, duplicates: 0, dropped: 0 },
      pool: { count: 0, bytes: 0, requested: 0 },
      topics: [],
      requests: {
        methods: [],
        pending: 0,
        unmatched: 0,
        running: 0,
        answered: 0,
        failed: 0,
        busy: 0,
        unanswered: 0,
        unknownCancels: 0,
      },
      appMessages: { received: 0, unheard: 0 },
    },
  });
});

test("control: peers, one peer, and nobody", async () => {
  const { subject } = await openScene();
  const { value: peers } = get(subject, "/v1/peers");
  assertEquals(peers.map(({ direction, state }: Record<string, unknown>) => [direction, state]), [[
    "inbound",
    "ready",
  ]]);
  assertEquals(get(subject, `/v1/peers/${peers[0].id}`).value, peers[0]);
  assertEquals(get(subject, "/v1/peers/99"), { status: 404, value: { error: "no peer 99" } });
  assertEquals(get(subject, "/v1/peers/x").status, 400);
});

test("control: what a peer sent is not sent on to a terminal as it came", async () => {
  const { subject } = await openScene();
  const { body } = answer(subject, request("/v1/peers"));
  assertMatch(body, /^[\x20-\x7e]+\n$/);
  assertEquals(JSON.parse(body)[0].userAgent, "/evil\x1b[31m\u009b/");
});

test("control: addresses, as JSON and one a line", async () => {
  const network = createMemoryNetwork({ seed: 2 });
  const { node } = simulateNode(network, "1.0.0.1");
  await node.start();
  const peer = await dialScripted(network, "2.0.0.1", "1.0.0.1");
  const time = Math.floor(network.env("clock").wallClock() / 1000);
  peer.send({ type: "addr", addresses: ["3.0.0.1", "4.0.0.1"].map((text) => recordOf(text, { time, services: 9n })) });
  await network.run(() => node.addresses().total === 2);
  const subject = controlSubject(node);
  const { value } = get(subject, "/v1/addresses?limit=1");
  assertEquals([value.total, value.new, value.tried, value.networks], [2, 2, 0, { ipv4: { new: 2, tried: 0 } }]);
  assertEquals(value.gossip, { received: 2, limited: 0, relayed: 0 });
  assertEquals(value.addresses.length, 1);
  const { body, headers } = answer(subject, request("/v1/addresses?format=lines"));
  assertEquals(headers["content-type"], "text/plain; charset=utf-8");
  assertEquals(body.trim().split("\n").sort(), [
    "# address good lastSuccess %(2h) %(8h) %(1d) %(1w) services",
    "3.0.0.1:8333 0 0 0.00 0.00 0.00 0.00 NETWORK,WITNESS",
    "4.0.0.1:8333 0 0 0.00 0.00 0.00 0.00 NETWORK,WITNESS",
  ]);
  assertEquals(get(subject, "/v1/addresses?format=xml").status, 400);
  assertEquals(get(subject, "/v1/addresses?limit=-1").status, 400);
});

test("control: the chain, with hashes in display order", async () => {
  const { subject, hashes } = await openScene();
  const { value } = get(subject, "/v1/chain");
  assertEquals([value.height, value.bestHash, value.headers, value.forks], [BLOCKS, hashes[BLOCKS], BLOCKS, []]);
  assertMatch(value.work, /^[0-9a-f]+$/);
});

test("control: the best header of a chain whose blocks are not here yet", async () => {
  const network = createMemoryNetwork({ seed: 2 });
  const { node } = simulateNode(network, "1.0.0.1");
  await node.start();
  const [block, next] = new Miner().mineMany(2);
  feed(node, [REGTEST.genesisBlock!, block!.raw]);
  const peer = await dialScripted(network, "2.0.0.1", "1.0.0.1", { startHeight: 2 });
  peer.onMessage = ({ type }) => {
    if (type === "getheaders") peer.send({ type: "headers", headers: [next!.header] });
  };
  await network.run(() => node.chain().headers === 2);
  const { value } = get(controlSubject(node), "/v1/chain");
  assertEquals(
    [value.height, value.bestHash, value.headers, value.bestHeaderHash],
    [1, block!.hash, 2, next!.hash],
  );
});

test("control: the event channels, each with its capacity and what was missed", async () => {
  const { subject } = await openScene();
  const { value } = get(subject, "/v1/channels");
  const rows = value.map((
    row: { channel: string; capacity: number; lag: number },
  ) => [row.channel, row.capacity, row.lag]);
  assertEquals(rows, [["control", 256, 0], ["sync", 512, 0], ["inventory", 1024, 0], ["data", 4096, 0]]);
});

test("control: a block by height and by hash, described and in hex", async () => {
  const { subject, hashes, raw } = await openScene();
  const { value } = get(subject, "/v1/blocks/2");
  assertEquals([value.hash, value.height, value.active, value.previous], [hashes[2], 2, true, hashes[1]]);
  assertEquals([value.size, value.transactions], [raw[2]!.length, 1]);
  assertEquals(get(subject, `/v1/blocks/${hashes[2]!.toUpperCase()}`).value, value);
  const { body, headers } = answer(subject, request(`/v1/blocks/${hashes[2]}?raw=1`));
  assertEquals(body.trim(), [...raw[2]!].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
  assertEquals(headers["content-type"], "text/plain; charset=utf-8");
});

test("control: the genesis block of regtest weighs what it weighs", async () => {
  const { subject } = await openScene();
  const { value } = get(subject, "/v1/blocks/0");
  assertEquals([value.size, value.weight, value.transactions, value.nonce], [285, 1140, 1, 2]);
});

test("control: no block, no such name of one, no such path", async () => {
  const { subject } = await openScene();
  assertEquals(get(subject, "/v1/blocks/4").status, 404);
  assertEquals(get(subject, `/v1/blocks/${"0".repeat(64)}`).status, 404);
  for (const id of ["-1", "1.5", "0x1", "1".repeat(16), "ab"]) {
    assertEquals(get(subject, `/v1/blocks/${id}`).status, 400);
  }
  for (const path of ["/index.html", "/v1", "/v1/peers/", "/v1/blocks/1/2", "http://localhost/v1/node", "*"]) {
    assertEquals(get(subject, path), { status: 404, value: { error: "no such path" } });
  }
});

test("control: alive and ready", async () => {
  const { subject } = await openScene();
  assertEquals(get(subject, "/livez"), { status: 200, value: { ok: true, checks: { answering: true } } });
  assertEquals(get(subject, "/readyz"), { status: 200, value: { ok: true, checks: { synced: true } } });
});

test("control: nothing but GET and HEAD", async () => {
  const { subject } = await openScene();
  for (const method of ["POST", "PUT", "DELETE", "OPTIONS", "get"]) {
    const { status, headers } = answer(subject, request("/v1/node", { method }));
    assertEquals([status, headers["allow"]], [405, "GET, HEAD"]);
  }
  assertEquals(answer(subject, request("/v1/node", { method: "HEAD" })).status, 200);
});

test("control: a page that made its own name mean this machine is refused", async () => {
  const { subject } = await openScene();
  for (
    const host of ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "127.1", "10.0.0.1", undefined, ""]
  ) {
    assertEquals(answer(subject, request("/v1/node", { host })).status, 403, String(host));
  }
  for (const host of ["localhost", "localhost:8080", "127.0.0.1", "[::1]:8080"]) {
    assertEquals(answer(subject, request("/v1/node", { host })).status, 200, host);
  }
  assertEquals(answer(subject, request("/v1/node", { host: undefined, isLocalSocket: true })).status, 200);
});

test("control: what other machines reach needs the token for all but the page and the health checks", async () => {
  const { subject } = await openScene();
  const open = { ...subject, isPublic: true, token: "0123456789abcdef" };
  const host = "node.example:8080";
  for (const path of ["/v1/node", "/v1/peers", "/v1/events", "/v1/nothing"]) {
    assertEquals(answer(open, request(path, { host })).status, 401, path);
    assertEquals(answer(open, request(path, { host, authorization: "Bearer wrong" })).status, 401, path);
  }
  assertEquals(answer(open, request("/v1/node", { host, authorization: `Bearer ${open.token}` })).status, 200);
  for (const path of ["/livez", "/readyz"]) assertEquals(answer(open, request(path, { host })).status, 200, path);
});

test("control: the dashboard may run its own script, ask its own node, and nothing else", async () => {
  const { subject } = await openScene();
  const { status, headers, body } = plain(await answerAny(subject, request("/")));
  assertEquals([status, headers["content-type"]], [200, "text/html; charset=utf-8"]);
  const policy = headers["content-security-policy"]!;
  assertMatch(
    policy,
    /default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; connect-src 'self';/,
  );
  const script = /<script>([^]*?)<\/script>/.exec(body)![1]!;
  assertEquals(policy.includes(createHash("sha256").update(script).digest("base64")), true);
  assertEquals(/(?:src|href)="(?!data:,|#)/.test(body.replace(script, "")), false, "nothing is fetched");
});
