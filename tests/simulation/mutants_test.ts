import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { assertEquals } from "@std/assert";
import * as Simulate from "../../src/simulation/simulate.ts";
import * as Scenarios from "../../src/simulation/scenarios.ts";
import type { Invariant } from "../../src/simulation/watch.ts";
import { type Mutation, plantMistake } from "../support/mutants.ts";
import { settingOf } from "../support/simulation.ts";

/** By then each of them was caught, most by one of the first. */
const SEEDS = 40;

/** A bug of a kind that has cost others a release, planted in a copy of the sources; and what gives it away. */
interface Mutant extends Omit<Mutation, "name"> {
  readonly caughtBy: readonly Invariant[];
}

const MUTANTS: Readonly<Record<string, Mutant>> = {
  "lost wake-up: the first change of a turn schedules no commit": {
    file: "ledger/ledger.ts",
    from: "if (this.#uncommitted.length === 0) this.#options.env.soon",
    to: "if (this.#uncommitted.length === 1) this.#options.env.soon",
    caughtBy: ["one-tip", "what-happens-is-told"],
  },
  "lost wake-up: a queue of events that was empty is not looked at again": {
    file: "bus/subscriber.ts",
    from: "        this.#pumping = false;\n",
    to: "",
    caughtBy: ["what-happens-is-told"],
  },
  "lost wake-up: a socket that was paused is not read again": {
    file: "peer/mailbox.ts",
    from: "    this.#connection.resume();\n",
    to: "",
    caughtBy: ["nothing-waits-for-ever"],
  },
  "lost wake-up: a request waits although somebody has time for it": {
    file: "net/request_queue.ts",
    from: "if (this.#waiters.size > 0) return this.#hand(item);",
    to: "",
    caughtBy: ["nothing-waits-for-ever"],
  },
  "unbounded queue: nothing leaves a full event queue": {
    file: "bus/bounded_queue.ts",
    from: "    while (this.#items.length > 0 && !this.#hasRoomFor(item)) left(this.shift()!);\n",
    to: "",
    caughtBy: ["queues-are-bounded"],
  },
  "wrong fork choice: the chain that was seen first stays": {
    file: "chain/chain.ts",
    from: "nodes.filter((node) => node.chainWork > this.tip.chainWork)",
    to: "nodes.filter((node) => node.chainWork > this.tip.chainWork && node.parent === this.tip)",
    caughtBy: ["one-tip"],
  },
  "forgotten timeout: no deadline has a timer": {
    file: "util/deadlines.ts",
    from: "if (dueAt < this.#timerAt) this.#arm(dueAt);",
    to: "",
    caughtBy: ["nothing-waits-for-ever"],
  },
  "double count: a message that arrives counts as two": {
    file: "peer/local_peer.ts",
    from: "(this.messagesIn[message.type] ?? 0) + 1;",
    to: "(this.messagesIn[message.type] ?? 0) + 2;",
    caughtBy: ["counts-agree"],
  },
  "double count: a message that is sent counts as two": {
    file: "peer/local_peer.ts",
    from: "(this.messagesOut[type] ?? 0) + 1;",
    to: "(this.messagesOut[type] ?? 0) + 2;",
    caughtBy: ["counts-agree"],
  },
  "early word: blocks are told of before they are durable": {
    file: "ledger/ledger.ts",
    from: "    store.commit();\n",
    to: "",
    caughtBy: ["nothing-acknowledged-is-lost"],
  },
  "left behind: a stopped node still ticks": {
    file: "node/core.ts",
    from: "    this.#ticker?.cancel();\n",
    to: "",
    caughtBy: ["what-is-stopped-is-gone"],
  },
  "left behind where one leaves: the timer that cuts peers who take too long": {
    file: "net/peers.ts",
    from: "    timer.cancel();\n",
    to: "",
    caughtBy: ["what-is-stopped-is-gone"],
  },
};

type Sources = typeof Simulate & typeof Scenarios;

/** The sources with the mutant in them. */
async function plant(name: string, mutant: Mutant): Promise<Sources> {
  const folder = plantMistake({ name, ...mutant });
  const [simulate, scenarios] = await Promise.all(
    ["simulate.ts", "scenarios.ts"].map((module) => import(pathToFileURL(join(folder, "simulation", module)).href)),
  );
  rmSync(dirname(folder), { recursive: true });
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
