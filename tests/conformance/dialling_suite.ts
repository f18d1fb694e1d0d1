import { assert, assertEquals } from "@std/assert";
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatEndpoint } from "../../src/util/endpoint.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { fillBacklog, startDeafListener } from "./deaf_listener.ts";
import { type Bench, type Harness, pattern, testOn } from "./harness.ts";
import { startResettingListener } from "../support/resetting_listener.ts";
import { exchange } from "./transfer_suite.ts";
import type { Endpoint } from "../../src/platform/types.ts";

/** How connections come about, and how not. */
export function testDialling(harness: Harness): void {
  testOn(harness, "port 0 gives a real port, and both ends agree on the addresses", async (bench) => {
    const { near, far, listener } = await bench.connect();
    assert("port" in listener.local && listener.local.port > 0);
    assertEquals(near.remote, listener.local);
    assertEquals(far.local, listener.local);
    assertEquals(near.local, far.remote);
  });

  testOn(harness, "a dial where nobody listens is refused", async (bench) => {
    const { local, close } = await bench.listen(() => {});
    close();
    // Deno frees the port a turn later.
    await exchange(bench);
    await assertFails(
      bench,
      bench.startDial(local),
      "unreachable",
      `Cannot dial ${formatEndpoint(local)}: connection refused`,
    );
  });

  testOn(harness, "an address in use is an error of the caller", async (bench) => {
    const { local } = await bench.listen(() => {});
    const reason = `Cannot listen on ${formatEndpoint(local)}: the address is already in use`;
    await assertFails(bench, bench.startListening(() => {}, local), "address-in-use", reason);
  });

  testOn(harness, "a port that is none is an error of the caller", async (bench) => {
    const endpoint = { host: bench.place.host, port: 70_000 };
    await assertFails(bench, bench.startDial(endpoint), "bad-argument");
    await assertFails(bench, bench.startListening(() => {}, endpoint), "bad-argument");
  });

  testOn(harness, "a dial without an answer ends at its time limit", async (bench) => {
    await withSilence(bench, async (endpoint) => {
      const dial = bench.startDial(endpoint, { timeoutMs: 50 });
      await assertFails(
        bench,
        dial,
        "timeout",
        `Cannot dial ${formatEndpoint(endpoint)}: timed out: no answer within 50 ms`,
      );
    });
  });

  testOn(harness, "a dial that is aborted ends at once", async (bench) => {
    await withSilence(bench, async (endpoint) => {
      const abort = new AbortController();
      const dial = bench.startDial(endpoint, { signal: abort.signal });
      abort.abort();
      await assertFails(bench, dial, "stopped", `Cannot dial ${formatEndpoint(endpoint)}: aborted`);
    });
  });

  testOn(harness, "a dial with a signal that was aborted before is not tried", async (bench) => {
    const { local } = await bench.listen(() => assert(false, "it was tried"));
    await assertFails(bench, bench.startDial(local, { signal: AbortSignal.abort() }), "stopped");
  });

  testOn(harness, "IPv6", async (bench) => {
    const { near, far } = await bench.connect({ host: "::1", port: 0 });
    assertEquals([near.remote, far.local].map((end) => "host" in end && end.host), ["::1", "::1"]);
    const receiver = bench.record(far);
    near.write(pattern(10));
    await bench.wait(receiver.received(10));
  });

  testOn(harness, "an address resolves to itself, a name to its addresses", async (bench) => {
    assertEquals(await bench.wait(bench.place.dialling.resolve("127.0.0.1")), ["127.0.0.1"]);
    assertEquals(await bench.wait(bench.place.dialling.resolve("::1")), ["::1"]);
  });

  if (harness.hasFiles) testCuts(harness);
  if (harness.hasFiles) testSharedPorts(harness);
  if (mayUseUnixSockets()) testUnixSockets(harness);
}

/** The runtimes see most of these before the dial is done, and some after. */
function testCuts(harness: Harness): void {
  testOn(
    harness,
    "a connection that is accepted and cut at once was there, and ends as one that was cut",
    async (bench) => {
      await using listener = await startResettingListener();
      for (let i = 0; i < 20; i++) {
        const recorder = bench.record(await bench.dial({ host: "127.0.0.1", port: listener.port }));
        await bench.wait(recorder.ended());
        assertEquals(recorder.error?.message, "the remote cut the connection");
      }
    },
  );
}

function testSharedPorts(harness: Harness): void {
  testOn(harness, "listeners that agree to it share a port, others do not", async (bench) => {
    const options = { reusePort: true };
    const { local } = await bench.listen(() => {}, undefined, options);
    await bench.listen(() => {}, local, options);
    await bench.dial(local);
    await assertFails(bench, bench.startListening(() => {}, local), "address-in-use");
  });
}

function testUnixSockets(harness: Harness): void {
  testOn(harness, "a unix socket", async (bench) => {
    await withFolder(async (folder) => {
      const { near, far } = await bench.connect({ path: join(folder, "socket") });
      const receiver = bench.record(far);
      near.write(pattern(10));
      near.close();
      await bench.wait(receiver.ended());
      assertEquals(receiver.bytes, pattern(10));
    });
  });

  testOn(harness, "the path of a unix socket has one owner, and then another", async (bench) => {
    await withFolder(async (folder) => {
      const endpoint = { path: join(folder, "socket") };
      const owner = await bench.listen(() => {}, endpoint);
      await assertFails(bench, bench.startListening(() => {}, endpoint), "address-in-use");
      await assertFails(bench, bench.startDial({ path: join(folder, "none") }), "unreachable");
      owner.close();
      await bench.listen(() => {}, endpoint);
      await bench.dial(endpoint);
    });
  });

  if (!harness.hasFiles) return;
  testOn(harness, "a unix socket whose owner died is taken over, any other file is not", async (bench) => {
    await withFolder(async (folder) => {
      const stale = { path: join(folder, "stale") };
      const { close } = await bench.listen(() => {}, { path: join(folder, "first") });
      renameSync(join(folder, "first"), stale.path);
      close();
      await exchange(bench);
      await bench.listen(() => {}, stale);
      await bench.dial(stale);

      const file = { path: join(folder, "file") };
      writeFileSync(file.path, "precious");
      await assertFails(bench, bench.startListening(() => {}, file), "address-in-use");
      assertEquals(readFileSync(file.path, "utf8"), "precious");
    });
  });
}

/** Deno grants unix sockets by their exact paths only: under the permissions of deno.json there are none. */
function mayUseUnixSockets(): boolean {
  const permissions: DenoPermissions | undefined = Reflect.get(globalThis, "Deno")?.permissions;
  return permissions === undefined || permissions.querySync({ name: "net" }).state === "granted";
}

interface DenoPermissions {
  querySync(permission: { readonly name: "net" }): { readonly state: string };
}

async function assertFails(
  bench: Bench,
  promise: Promise<unknown>,
  code: LocalError["code"],
  message?: string,
): Promise<void> {
  const error = await bench.wait(promise.then(() => undefined, (reason: unknown) => reason));
  assert(error instanceof LocalError, `not a LocalError: ${error}`);
  assertEquals(error.code, code);
  if (message !== undefined) assertEquals(error.message, message);
}

/** Runs the test with an endpoint that does not answer at all. */
async function withSilence(bench: Bench, run: (endpoint: Endpoint) => Promise<void>): Promise<void> {
  const silent = bench.place.silentEndpoint();
  if (silent) return run(silent);
  const deaf = await startDeafListener();
  try {
    await fillBacklog(bench, deaf.endpoint);
    await run(deaf.endpoint);
  } finally {
    await deaf.stop();
  }
}

async function withFolder(run: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "p2p-conformance-"));
  try {
    await run(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
