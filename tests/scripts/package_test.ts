import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { assertEquals } from "@std/assert";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const TIMEOUT = { timeout: 120_000 };
const run = promisify(execFile);
const IN_DENO = "Deno" in globalThis;

/** Our threads and a handler's, from inside the package. */
const PROGRAM = `
import { openNode } from "p2p";

const handled = new Int32Array(new SharedArrayBuffer(4));
const node = openNode({ network: "regtest", listen: ["127.0.0.1:0"], workers: 2, mineSeconds: 0.1 });
await node.onWorker("block:connected", new URL("./handler.js", import.meta.url), { data: handled });
await node.start();
await Atomics.waitAsync(handled, 0, 0).value;
console.log(\`\${node.shards().length} shards, \${Atomics.load(handled, 0) > 0 ? "handled" : "not handled"}\`);
await node.stop();
`;
const HANDLER = `
export function handle(item, handled) {
  Atomics.add(handled, 0, 1);
  Atomics.notify(handled, 0);
}
`;
const USER_SETTINGS = {
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    module: "nodenext",
    strict: true,
    noEmit: true,
    types: ["node"],
    typeRoots: [join(ROOT, "node_modules/@types")],
  },
  files: ["example.ts", "applications.ts"],
};

test(
  "package: installed, it runs the README's example and threads, and both examples have its types",
  TIMEOUT,
  async () => {
    await run(process.execPath, scriptArgs(join(ROOT, "scripts/package.ts")));
    const folder = mkdtempSync(join(tmpdir(), "p2p-package-"));
    try {
      await install(folder);
      assertEquals((await runIn(folder, "example.ts")).match(/^block \d+/gm), ["block 1", "block 2", "block 3"]);
      assertEquals(await runIn(folder, "program.js"), "2 shards, handled\n");
      await run(join(ROOT, "node_modules/.bin/tsc"), ["-p", folder]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);

/** As npm would leave it: files, and no link to the repository. */
async function install(folder: string): Promise<void> {
  const modules = join(folder, "node_modules");
  cpSync(join(ROOT, "dist/npm"), join(modules, "p2p"), { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(modules, "p2p/package.json"), "utf8"));
  for (const name of Object.keys(dependencies)) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    // Not by the runtime: Deno makes no links for those who may not write everywhere.
    await run("ln", ["-s", join(ROOT, "node_modules", name), join(modules, name)]);
  }
  const files = {
    "example.ts": exampleOn("README.md"),
    "applications.ts": exampleOn("docs/applications.md"),
    "program.js": PROGRAM,
    "handler.js": HANDLER,
    "package.json": JSON.stringify({ type: "module", dependencies: { p2p: "*" } }),
    "tsconfig.json": JSON.stringify(USER_SETTINGS),
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
}

function exampleOn(page: string): string {
  return /```ts\n(.*?)```/s.exec(readFileSync(join(ROOT, page), "utf8"))![1]!;
}

async function runIn(cwd: string, file: string): Promise<string> {
  return (await run(process.execPath, scriptArgs(file), { cwd, timeout: TIMEOUT.timeout / 2 })).stdout;
}

function scriptArgs(file: string): string[] {
  return IN_DENO ? ["run", "-A", "--node-modules-dir=manual", file] : [file];
}
