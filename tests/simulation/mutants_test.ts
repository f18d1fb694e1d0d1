import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { assertEquals } from "@std/assert";
import * as Simulate from "../../src/simulation/simulate.ts";
import * as Scenarios from "../../src/simulation/scenarios.ts";
import type { Invariant } from "../../src/simulation/watch.ts";
import { settingOf } from "../support/simulation.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Inside the repository, so that packages are found. */
const FOLDER = join(ROOT, "dist", "mutants");
/** By then each of them was caught, most by one of the first. */
const SEEDS = 40;

/** A bug of a kind that has cost others a release, planted in a copy of the sources; and what gives it away. */
interface Mutant {
  readonly file: string;
  readonly text: string;
  readonly mutation: string;
  readonly caughtBy: readonly Invariant[];
}

const MUTANTS: Readonly<Record<string, Mutant>> = {
  "lost wake-up: the first change of a turn schedules no commit": {
    file: "ledger/ledger.ts",
    text: "if (this.#uncommitted.length === 0) this.#options.env.soon",
    mutation: "if (this.#uncommitted.length === 1) this.#options.env.soon",
    caughtBy: ["one-tip", "what-happens-is-told"],
  },
  "lost wake-up: a queue of events that was empty is not looked at again": {
    file: "bus/subscriber.ts",
    text: "        this.#pumping = false;\n",
    mutation: "",
    caughtBy: ["what-happens-is-told"],
  },
  "lost wake-up: a socket that was paused is not read again": {
    file: "peer/mailbox.ts",
    text: "    this.#connection.resume();\n",
    mutation: "",
    caughtBy: ["nothing-waits-for-ever"],
  },
  "lost wake-up: a request waits although somebody has time for it": {
    file: "net/request_queue.ts",
    text: "if (this.#waiters.size > 0) return this.#hand(item);",
    mutation: "",
    caughtBy: ["nothing-waits-for-ever"],
  },
  "unbounded queue: nothing leaves a full event queue": {
    file: "bus/bounded_queue.ts",
    text: "    while (this.#items.length > 0 && !this.#hasRoomFor(item)) left(this.shift()!);\n",
    mutation: "",
    caughtBy: ["queues-are-bounded"],
  },
  "wrong fork choice: the chain that was seen first stays": {
    file: "chain/chain.ts",
    text: "nodes.filter((node) => node.chainWork > this.tip.chainWork)",
    mutation: "nodes.filter((node) => node.chainWork > this.tip.chainWork && node.parent === this.tip)",
    caughtBy: ["one-tip"],
  },
  "forgotten timeout: no deadline has a timer": {
    file: "util/deadlines.ts",
    text: "if (dueAt < this.#timerAt) this.#arm(dueAt);",
    mutation: "",
    caughtBy: ["nothing-waits-for-ever"],
  },
  "double count: a message that arrives counts as two": {
    file: "peer/local_peer.ts",
    text: "(this.messagesIn[message.type] ?? 0) + 1;",
    mutation: "(this.messagesIn[message.type] ?? 0) + 2;",
    caughtBy: ["counts-agree"],
  },
  "double count: a message that is sent counts as two": {
    file: "peer/local_peer.ts",
    text: "(this.messagesOut[type] ?? 0) + 1;",
    mutation: "(this.messagesOut[type] ?? 0) + 2;",
    caughtBy: ["counts-agree"],
  },
  "early word: blocks are told of before they are durable": {
    file: "ledger/ledger.ts",
    text: "    store.commit();\n",
    mutation: "",
    caughtBy: ["nothing-acknowledged-is-lost"],
  },
  "left behind: a stopped node still ticks": {
    file: "node/core.ts",
    text: "    this.#ticker?.cancel();\n",
    mutation: "",
    caughtBy: ["what-is-stopped-is-gone"],
  },
  "left behind where one leaves: the timer that cuts peers who take too long": {
    file: "net/peers.ts",
    text: "    timer.cancel();\n",
    mutation: "",
    caughtBy: ["what-is-stopped-is-gone"],
  },
};

type Sources = typeof Simulate & typeof Scenarios;

/** The sources with the mutant in them. */
async function plant(name: string, { file, text, mutation }: Mutant): Promise<Sources> {
  const folder = join(FOLDER, name.replace(/\W+/g, "_"), "src");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  cpSync(join(ROOT, "src"), folder, { recursive: true });
  const parts = readFileSync(join(folder, file), "utf8").split(text);
  assertEquals(parts.length, 2, `${file} has the text of mutant "${name}" ${parts.length - 1} times`);
  writeFileSync(join(folder, file), parts.join(mutation));
  const [simulate, scenarios] = await Promise.all(
    ["simulate.ts", "scenarios.ts"].map((module) => import(pathToFileURL(join(folder, "simulation", module)).href)),
  );
  rmSync(folder, { recursive: true });
  return { ...simulate, ...scenarios };
}

/** A story, of one seed, with the faults that it plans or where all is well. */
interface Story {
  readonly seed: number;
  readonly isCalm: boolean;
}

/** The invariant that a story breaks. */
async function tell({ simulate, SCENARIOS }: Sources, { seed, isCalm }: Story): Promise<Invariant | undefined> {
  const changes = isCalm ? { faults: new Set<number>() } : {};
  return (await simulate(SCENARIOS.scuffle, settingOf(SCENARIOS.scuffle, seed, changes))).broken?.invariant;
}

/** The first story that breaks one. */
async function findBroken(sources: Sources): Promise<{ story: Story; broken: Invariant }> {
  for (let seed = 1; seed <= SEEDS; seed++) {
    for (const isCalm of [false, true]) {
      const story = { seed, isCalm };
      const broken = await tell(sources, story);
      if (broken) return { story, broken };
    }
  }
  throw new Error(`${SEEDS} seeds break nothing`);
}

// What the simulation notices does not depend on the runtime, and loading the sources so often is dear: Bun, as the
// quickest at that, does it for all.
for (const [name, mutant] of Object.entries(MUTANTS)) {
  test(`mutant: ${name}`, { timeout: 120_000, skip: !("Bun" in globalThis) }, async () => {
    const { story, broken } = await findBroken(await plant(name, mutant));
    assertEquals(mutant.caughtBy.includes(broken), true, `caught by ${broken}`);
    // It is the bug that breaks it: without it the same story ends well.
    assertEquals(await tell({ ...Simulate, ...Scenarios }, story), undefined);
  });
}
