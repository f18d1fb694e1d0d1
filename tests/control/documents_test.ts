import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { assert, assertEquals } from "@std/assert";
import { act } from "../../src/control/actions.ts";
import { answer } from "../../src/control/routes.ts";
import { controlRequest, controlSubject, plain } from "../support/control.ts";
import { documentScene } from "../support/document_scene.ts";
import { listenScripted } from "../support/scripted_peer.ts";

const page = readFileSync(fileURLToPath(new URL("../../docs/control.md", import.meta.url)), "utf8");
const EXAMPLE = /```http\n(GET|POST|DELETE) (\S+)\n(?:(\{.*\})\n)?```\n\n```json\n([^]*?)\n```/g;
const examples = [...page.matchAll(EXAMPLE)].map(([, method, target, body, shown]) => {
  return { method: method!, target: target!, body: body ?? "", shown: JSON.parse(shown!) as unknown };
});

/** What of the example is not so, in words. */
function differences(shown: unknown, real: unknown, where: string): string[] {
  if (shown === null || real === null) return [];
  if (Array.isArray(shown)) {
    if (!Array.isArray(real)) return [`${where} is no list`];
    if (shown.length > 0 && real.length === 0) return [`${where} is empty`];
    return shown.flatMap((item) => differences(item, real[0], `${where}[]`));
  }
  if (typeof shown !== "object") return typeof shown === typeof real ? [] : [`${where} is a ${typeof real}`];
  if (typeof real !== "object") return [`${where} is a ${typeof real}`];
  return Object.entries(shown).flatMap(([name, value]) =>
    name in real
      ? differences(value, (real as Record<string, unknown>)[name], `${where}.${name}`)
      : [`${where} has no ${name}`]
  );
}

/** What the answer has and the example leaves out, at its top. */
function leftOut(shown: unknown, real: unknown): string[] {
  const [from, of] = [real, shown].map((value) => Array.isArray(value) ? value[0] : value);
  return Object.keys(from).filter((name) => !(name in of));
}

test("documents: every example of the control API is what the node answers", async () => {
  assert(examples.length >= 15, `${examples.length} examples`);
  const { network, node } = await documentScene();
  await listenScripted(network, "40.0.0.9");
  for (const { method, target, body, shown } of examples) {
    const request = controlRequest(method, target, { body, isLocalSocket: true });
    const answering = method === "GET"
      ? Promise.resolve(answer(controlSubject(node), request))
      : act({ node }, request)!;
    let isDone = false;
    answering.finally(() => isDone = true);
    await network.run(() => isDone);
    const answered = plain(await answering);
    const real: unknown = JSON.parse(answered.body);
    assert(answered.status === 200 || target === "/readyz", `${method} ${target}: ${answered.body}`);
    assertEquals(differences(shown, real, target), []);
    // Its peer's answer is shown in full elsewhere.
    if (target !== "/v1/peers" || method === "GET") assertEquals(leftOut(shown, real), [], target);
  }
});

test("documents: no path of the control API is without a word", async () => {
  const { node } = await documentScene();
  const paths = [...page.matchAll(/(?:GET|POST|DELETE|^)?`?(\/(?:v1\/[a-z]+|livez|readyz|metrics))/gm)].map((
    [, path],
  ) => path!);
  for (const path of new Set(paths)) {
    const { status } = await answer(
      controlSubject(node),
      controlRequest("GET", path === "/v1/blocks" ? "/v1/blocks/0" : path),
    );
    assertEquals(status, 200, path);
  }
  const routes = readFileSync(fileURLToPath(new URL("../../src/control/routes.ts", import.meta.url)), "utf8");
  const served = [...routes.matchAll(/path: \/\^\\\/((?:v1\\\/)?[a-z]+)/g)].map(([, path]) =>
    `/${path!.replace("\\/", "/")}`
  );
  assert(served.length > 10);
  assertEquals(served.filter((path) => !page.includes(path)), []);
});
