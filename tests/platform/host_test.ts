import { assert, assertEquals } from "@std/assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createTransport, currentHost } from "../../src/platform/host.ts";
import { bun, deno } from "../../src/platform/runtimes.ts";

test("the host names the runtime and measures the process", () => {
  const host = currentHost();
  assertEquals(host.runtimeName, bun ? "bun" : deno ? "deno" : "nodejs");
  assert(host.runtime.startsWith(`${host.runtimeName} `));
  assertEquals(host.pid, process.pid);
  const { residentBytes, heapBytes, peakBytes } = host.memory();
  assert(residentBytes > heapBytes && heapBytes > 100_000);
  // Who counts pages may be some of them behind.
  assert(peakBytes > 0.9 * residentBytes);
  const before = host.cpuMs();
  for (const start = performance.now(); performance.now() - start < 50;);
  assert(host.cpuMs() > before);
  assert(host.stdout.columns > 0);
});

test("garbage is collected where a program may ask for it", { skip: bun === undefined }, () => {
  const host = currentHost();
  let weight: number[] | undefined = Array.from({ length: 2_000_000 }, (_, i) => i + 0.5);
  host.collectGarbage();
  const before = host.memory().heapBytes;
  assert(weight.length > 0);
  weight = undefined;
  host.collectGarbage();
  assert(host.memory().heapBytes < before);
});

test("the transport of this runtime listens", async () => {
  const listener = await createTransport().listen({ host: "127.0.0.1", port: 0 }, () => {});
  listener.close();
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`a program hears of ${signal} and ends with its own exit code`, async () => {
    const { child, nextLine, exit } = startScript("host_child.ts", ["--flag", "two words"]);
    assertEquals(JSON.parse(await nextLine()), [child.pid, ["--flag", "two words"], "here", false]);
    // Not child.kill(): Deno then takes the signal for the cause of the end.
    process.kill(child.pid!, signal);
    assertEquals(await nextLine(), signal);
    assertEquals(await exit, [7, null]);
  });
}

test("an error thrown by a sink surfaces once and ends that connection on both sides", async () => {
  const { nextLine, exit } = startScript("throwing_sink_child.ts", []);
  const bug = "a bug in the handler";
  assertEquals(await nextLine(), `closed here: ${bug}; closed there; uncaught: ${bug}`);
  await exit;
});

function startScript(script: string, args: readonly string[]) {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const runtimeArgs = deno ? ["run", "-A", "--no-check"] : [];
  const child = spawn(process.execPath, [...runtimeArgs, path, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, P2P_TEST_VALUE: "here" },
  });
  const exit = once(child, "exit");
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (): Promise<string> => {
    const { value, done } = await lines.next();
    assert(!done, `${script} ended without a line`);
    return value;
  };
  return { child, nextLine, exit };
}
