import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { compiled, END_TO_END, type TestOptions } from "./binary.ts";
import { P2pNode, type P2pNodeOptions } from "./p2p_node.ts";

export type SiteNodeOptions = Partial<P2pNodeOptions>;

/** A place for one test: a folder, and processes that do not outlive it. */
export class Site {
  readonly folder: string = mkdtempSync(join(tmpdir(), "p2p-"));
  readonly #nodes: P2pNode[] = [];
  readonly #endings: (() => Promise<void> | void)[] = [];
  #count = 0;

  /** A new empty folder. Its path is short: a unix socket's may have about 100 characters. */
  directory(): string {
    const path = join(this.folder, `d${++this.#count}`);
    mkdirSync(path);
    return path;
  }

  file(name: string, content: Uint8Array | string): string {
    const path = join(this.folder, name);
    writeFileSync(path, content);
    return path;
  }

  /** A copy of a file, in a folder of its own. */
  copy(path: string): string {
    const target = join(this.directory(), basename(path));
    copyFileSync(path, target);
    return target;
  }

  /** Starts a node, by default the compiled one in a new directory, and waits until it is up. */
  async node(options?: SiteNodeOptions, timeoutMs?: number): Promise<P2pNode> {
    const node = new P2pNode({ command: compiled(), ...options, dataDir: options?.dataDir ?? this.directory() });
    this.#nodes.push(node);
    this.onEnd(() => node.program.cleanUp());
    await node.up(timeoutMs);
    return node;
  }

  /** Calls `end` when the test is over, last come first served. */
  onEnd(end: () => Promise<void> | void): void {
    this.#endings.push(end);
  }

  /** Fails if a node met a bug of its own, which costs a peer and must not pass unseen here. */
  assertNoBugs(): void {
    for (const { log } of this.#nodes) {
      const line = log.split("\n").find((text) => /internal.error|unhandled/i.test(text));
      if (line !== undefined) throw new Error(`a node logged a bug: ${line}`);
    }
  }

  /** What became of each node, for the report of a failure. */
  account(): string {
    const lines = this.#nodes.map(({ program, endpoint }) =>
      `node ${endpoint}, process ${program.pid}: ${program.isAlive ? "runs" : "is over"}\n${program.tail()}`
    );
    return lines.join("\n");
  }

  async close(): Promise<void> {
    for (const end of this.#endings.splice(0).reverse()) await end();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Registers a test that gets a place of its own, cleared away whatever happens. */
export function siteTest(name: string, act: (site: Site) => Promise<void>, options: TestOptions = END_TO_END): void {
  test(name, options, async () => {
    const site = new Site();
    try {
      await act(site);
      site.assertNoBugs();
    } catch (error) {
      throw new Error(`${error instanceof Error ? error.message : error}\n${site.account()}`, { cause: error });
    } finally {
      await site.close();
    }
  });
}
