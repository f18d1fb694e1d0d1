import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { act } from "../../src/control/actions.ts";
import type { ControlRequest } from "../../src/control/http_types.ts";
import { answer } from "../../src/control/routes.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../src/platform/memory.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { parseSubnet } from "../../src/protocol/subnets.ts";
import { controlRequest, controlSubject, plain } from "../support/control.ts";
import { dialRaw, dialScripted } from "../support/scripted_peer.ts";
import { PORT, simulateNode } from "../support/simulated_node.ts";

interface Scene {
  readonly network: MemoryNetwork;
  readonly node: P2PNode;
}

async function openScene(): Promise<Scene> {
  const network = createMemoryNetwork({ seed: 1 });
  const { node } = simulateNode(network, "30.0.0.1");
  await node.start();
  return { network, node };
}

const TOKEN = "a-token-of-some-length";
const AUTHORISED = { authorization: `Bearer ${TOKEN}` };

/** What became of a request, while virtual time runs. Over a port, and with the token, unless `changes` say otherwise. */
async function ask(
  { network, node }: Scene,
  method: string,
  target: string,
  fields?: unknown,
  { token = TOKEN, ...changes }: Partial<ControlRequest> & { readonly token?: string | null } = {},
) {
  const body = typeof fields === "string" ? fields : fields === undefined ? "" : JSON.stringify(fields);
  const asked = act(
    { node, ...(token !== null && { token }) },
    controlRequest(method, target, { body, ...AUTHORISED, ...changes }),
  );
  if (!asked) return undefined;
  let isDone = false;
  asked.then(() => isDone = true, () => isDone = true);
  await network.run(() => isDone);
  const { status, body: answered } = await asked;
  return { status, value: JSON.parse(answered) };
}

function get({ node }: Scene, target: string) {
  return JSON.parse(plain(answer(controlSubject(node), controlRequest("GET", target))).body);
}

test("control: a ban ends connections, refuses new ones, is listed, and is lifted", async () => {
  const scene = await openScene();
  const { network, node } = scene;
  const guest = await dialScripted(network, "20.1.0.1", "30.0.0.1");
  const banned = await ask(scene, "POST", "/v1/bans", { address: "20.1.9.9/16", seconds: 60, reason: "spam" });
  assertEquals(banned!.status, 200);
  await network.run(network.now() + 100);
  assertEquals([guest.closed, node.peers().length], [true, 0]);
  const [ban] = get(scene, "/v1/bans");
  assertEquals([ban.id, ban.subnet, ban.secondsLeft, ban.reason], ["20.1.0.0/16", "20.1.0.0/16", 60, "spam"]);
  const late = await dialRaw(network, "20.1.0.2", "30.0.0.1");
  await network.run(network.now() + 100);
  assertEquals([late.closed, late.received, node.peers()], [true, [], []]);
  assertEquals((await ask(scene, "DELETE", "/v1/bans/20.1.0.0%2F16"))!.status, 200);
  assertEquals((await ask(scene, "DELETE", "/v1/bans/20.1.0.0/16"))!.status, 404);
  await dialScripted(network, "20.1.0.3", "30.0.0.1");
  await network.run(network.now() + 100);
  assertEquals([get(scene, "/v1/bans"), node.peers().length], [[], 1]);
});

test("control: a ban that noban takes the effect from says so, and one in other words reads as a sentence", async () => {
  const network = createMemoryNetwork({ seed: 2 });
  const permits = [{ subnet: parseSubnet("20.1.2.0/24"), permissions: new Set(["noban"] as const) }];
  const { node } = simulateNode(network, "30.0.0.1", { permits });
  await node.start();
  const scene = { network, node };
  const guest = await dialScripted(network, "20.1.2.3", "30.0.0.1");
  const banned = await ask(scene, "POST", "/v1/bans", { address: "20.1.0.0/16" });
  assertStringIncludes(banned!.value.warning, "noban");
  const other = await ask(scene, "POST", "/v1/bans", { address: "20.2.0.0/16" });
  assertEquals([banned!.status, other!.value.warning, guest.closed], [200, undefined, false]);
  const wrong = await ask(scene, "POST", "/v1/bans", { address: "20.2.0.0/33" });
  const why = "Cannot ban: it must have a number from 0 to 32 after the slash: received 20.2.0.0/33";
  assertEquals([wrong!.status, wrong!.value.error], [400, why]);
});

test("control: a dial to a banned address says so, and a ban ends when it ends", async () => {
  const scene = await openScene();
  await simulateNode(scene.network, "20.2.0.1").node.start();
  await ask(scene, "POST", "/v1/bans", { address: "20.2.0.1", seconds: 60 });
  const refused = await ask(scene, "POST", "/v1/peers", { address: "20.2.0.1" });
  assertEquals(refused!.status, 409);
  assertStringIncludes(refused!.value.error, "p2p inspect unban");
  assertEquals(get(scene, "/v1/node").refused.banned, 1);
  await scene.network.run(scene.network.now() + 60_000);
  const connected = await ask(scene, "POST", "/v1/peers", { address: `20.2.0.1:${PORT}` });
  assertEquals([connected!.status, connected!.value.kind, connected!.value.state], [200, "manual", "ready"]);
});

test("control: a peer is disconnected by its id", async () => {
  const scene = await openScene();
  const guest = await dialScripted(scene.network, "20.1.0.1", "30.0.0.1");
  const [peer] = get(scene, "/v1/peers");
  assertEquals([peer.score, peer.permissions, peer.kind], [0, [], "inbound"]);
  assertEquals((await ask(scene, "DELETE", `/v1/peers/${peer.id}`))!.value, { disconnected: peer.id });
  await scene.network.run(scene.network.now() + 100);
  for (const id of ["abc", "-1", "1".repeat(16)]) {
    const { status, value } = (await ask(scene, "DELETE", `/v1/peers/${id}`))!;
    assertEquals([status, value], [400, { error: "a peer's id is a number" }]);
  }
  assertEquals([guest.closed, (await ask(scene, "DELETE", `/v1/peers/${peer.id}`))!.status], [true, 404]);
});

test("control: what makes no sense is refused with the reason", async () => {
  const scene = await openScene();
  const bad: readonly (readonly [string, string, unknown])[] = [
    ["POST", "/v1/bans", { address: "everybody" }],
    ["POST", "/v1/bans", { address: "1.2.3.4/40" }],
    ["POST", "/v1/bans", { address: "1.2.3.4", seconds: "a day" }],
    ["POST", "/v1/bans", { address: "1.2.3.4", seconds: -1 }],
    ["POST", "/v1/bans", { address: "1.2.3.4", seconds: 1e300 }],
    ["POST", "/v1/bans", { address: "1.2.3.4", reason: 7 }],
    ["POST", "/v1/bans", {}],
    ["POST", "/v1/bans", "no json"],
    ["POST", "/v1/bans", []],
    ["POST", "/v1/peers", { address: "" }],
    ["POST", "/v1/peers", { address: "1.2.3.4:99999" }],
    ["DELETE", "/v1/bans/%zz", undefined],
    ["DELETE", "/v1/bans/nobody", undefined],
  ];
  for (const [method, target, fields] of bad) {
    const outcome = await ask(scene, method, target, fields);
    assertEquals(
      [outcome!.status, typeof outcome!.value.error],
      [400, "string"],
      `${target} ${JSON.stringify(fields)}`,
    );
  }
  assertEquals(get(scene, "/v1/bans"), []);
});

test("control: nobody there to dial is no fault of ours", async () => {
  const scene = await openScene();
  const outcome = await ask(scene, "POST", "/v1/peers", { address: "20.9.0.1:1" });
  assertEquals(outcome!.status, 502);
});

test("control: a page of the web cannot change anything, a script and our own page can", async () => {
  const scene = await openScene();
  const ban = { address: "1.2.3.4" };
  const refused: readonly Partial<ControlRequest>[] = [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:9999" },
    { origin: "https://127.0.0.1:8080" },
    { host: "evil.example", origin: "http://evil.example" },
    { host: "evil.example" },
  ];
  for (const changes of refused) {
    assertEquals((await ask(scene, "POST", "/v1/bans", ban, changes))!.status, 403, JSON.stringify(changes));
  }
  assertEquals(get(scene, "/v1/bans"), []);
  for (const changes of [{}, { origin: "http://127.0.0.1:8080" }]) {
    assertEquals((await ask(scene, "POST", "/v1/bans", ban, changes))!.status, 200);
  }
});

test("control: over a port changes need the token, over the unix socket they do not", async () => {
  const scene = await openScene();
  const ban = { address: "1.2.3.4" };
  const wrong = [undefined, "", "Bearer wrong", `Basic ${TOKEN}`, `Bearer ${TOKEN}x`, `Bearer ${TOKEN.slice(1)}`]
    .concat("Bearer ", `Bearer${TOKEN}`, `Bearer ${TOKEN.toUpperCase()}`);
  for (const authorization of wrong) {
    assertEquals((await ask(scene, "POST", "/v1/bans", ban, { authorization }))!.status, 401, authorization);
  }
  for (const scheme of ["bearer", "BEARER", "Bearer "]) {
    const authorization = `${scheme} ${TOKEN}`;
    assertEquals((await ask(scene, "POST", "/v1/bans", ban, { authorization }))!.status, 200, scheme);
  }
  const socket = { isLocalSocket: true, host: undefined, authorization: undefined };
  for (const changes of [AUTHORISED, socket, { token: null, ...socket }]) {
    assertEquals((await ask(scene, "POST", "/v1/bans", ban, changes))!.status, 200);
  }
  const unconfigured = await ask(scene, "POST", "/v1/bans", ban, { token: null });
  assertEquals(unconfigured!.status, 403);
  assertStringIncludes(unconfigured!.value.error, "--control-token-file");
});

test("control: a method that a path does not take is refused with those that it does", async () => {
  const scene = await openScene();
  assertEquals(await ask(scene, "PUT", "/v1/bans", {}), undefined);
  const { status, headers } = plain(answer(controlSubject(scene.node), controlRequest("PUT", "/v1/peers")));
  assertEquals([status, headers["allow"]], [405, "GET, HEAD, POST"]);
});
