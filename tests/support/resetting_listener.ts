import { spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { deno } from "../../src/platform/runtimes.ts";

/** Another process that accepts and resets: in this one it would not come between a dial and our look at it. */
export async function startResettingListener(): Promise<{ readonly port: number } & AsyncDisposable> {
  const program = fileURLToPath(new URL("resetting_listener_program.ts", import.meta.url));
  const runtimeArgs = deno ? ["run", "--no-check", "--allow-net=127.0.0.1"] : [];
  const child = spawn(process.execPath, [...runtimeArgs, program], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  return {
    port: Number(line),
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await exited;
    },
  };
}
