import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { compiled } from "../support/binary.ts";
import { Program, run } from "../support/program.ts";
import { siteTest } from "../support/site.ts";

const P2P = ["--network", "p2p"];
const MAX_TRIES = 50;

siteTest("topics: what one says at a node, another hears at the node next to it; blocks travel too", async (site) => {
  const first = await site.node({ network: "p2p", args: ["--topic", "chat", "--mine", "1"] });
  const second = await site.node({ network: "p2p", args: ["--topic", "chat", "--connect", first.endpoint] });
  await second.chainUntil("a block of the first", ({ height }) => height > 0);

  const listener = new Program(compiled(), [
    ...["connect", second.endpoint, ...P2P, "--send", "subscribe chat", "--expect", "publish", "--ndjson"],
  ]);
  site.onEnd(() => listener.cleanUp());
  await listener.line(/"subscribe"/);
  // Whether the subscription has gone the whole way, only a message that arrives can tell.
  let code: number | null | undefined;
  void listener.exited.then((exit) => code = exit.code);
  for (let tries = 0; code === undefined && tries < MAX_TRIES; tries++) {
    const said = await run(compiled(), ["connect", first.endpoint, ...P2P, "--send", "topic:chat=hello"]);
    assertEquals(said.code, 0, said.stderr);
  }
  assertEquals(code, 0);
  assertStringIncludes(listener.stdout, '"hello"');
});

siteTest("topics: who speaks where nobody listens is told so", async (site) => {
  const node = await site.node({ network: "p2p", args: ["--topic", "chat"] });
  const said = await run(compiled(), ["connect", node.endpoint, ...P2P, "--send", "topic:chess=e4"]);
  assertEquals(said.code, 1);
  assertMatch(said.stderr, /takes no part in topic chess \(p2p node --topic chess\)/);
});

siteTest("topics: a name that is none is refused before anything starts", async (site) => {
  const long = await run(compiled(), ["node", "--data-dir", site.directory(), "--topic", "x".repeat(65)]);
  assertEquals([long.code, long.stderr], [
    2,
    `p2p: --topic: must be a name of 1 to 64 bytes of UTF-8: received "${"x".repeat(65)}"\n`,
  ]);
});

siteTest("requests: a node that allows benches answers echo, another one does not", async (site) => {
  const [open, closed] = [
    await site.node({ network: "p2p", args: ["--allow-bench"] }),
    await site.node({ network: "p2p" }),
  ];
  const ask = (node: { readonly endpoint: string }) => {
    return run(compiled(), ["connect", node.endpoint, ...P2P, "--send", "request:echo=hi", "--ndjson"]);
  };
  const answered = await ask(open);
  assertEquals(answered.code, 0, answered.stderr);
  assertMatch(answered.stdout, /"response".*"hi"/);
  const refused = await ask(closed);
  assertEquals(refused.code, 1);
  assertStringIncludes(refused.stderr, "no-method");
});
