// The words in which users of a queue say that they sleep, under every order: who is woken, and that nobody is forgotten
// who lies down meanwhile. Between a queue's frames such an order needs more preemptions than can be explored there.

import { test } from "node:test";
import { assert, assertEquals, assertThrows } from "@std/assert";
import * as layout from "../../src/ring/queue_layout.ts";
import { explore, FoundFault } from "../support/interleaving/explorer.ts";
import type { ThreadView } from "../support/interleaving/thread_view.ts";
import { Mutant, type Mutation } from "../support/mutants.ts";
import type { Program } from "./ring_programs.ts";

type Code = Pick<typeof layout, "announceSleep" | "withdrawSleep" | "isAnnounced" | "wakeOne" | "wakeAll">;

const SLEEPERS = 0;
/** Who sleeps has a word from here on: 1 once it need not sleep any more. Or there is one word, with a number of tokens. */
const EVENTS = 1;
const TOKENS = 1;

/** Each of two users sleeps until its event; `events` says, in their order, whom each event is for, and all are woken. */
function allAreWoken(code: Code, events: readonly (readonly number[])[]): Program {
  const sleeper = (user: number) => (thread: ThreadView) => {
    const hasCome = () => thread.load(EVENTS + user) === 1;
    sleepUntil(code, thread, user, hasCome);
    code.withdrawSleep(thread, SLEEPERS, user);
  };
  return {
    name: `all who sleep are woken, for ${events.map((users) => `[${users}]`).join(" and ")}`,
    words: EVENTS + 2,
    threads: [sleeper(0), sleeper(1), (thread) => {
      for (const users of events) {
        for (const user of users) thread.store(EVENTS + user, 1);
        code.wakeAll(thread, SLEEPERS, (user) => thread.ring(user));
      }
    }],
    check: () => {},
  };
}

/** There is a token for each of two users, and one is woken for each token. Who need not sleep any more passes that on. */
function oneIsWokenForEach(code: Code): Program {
  const wakeOne = (thread: ThreadView) => code.wakeOne(thread, SLEEPERS, (user) => thread.ring(user));
  const sleeper = (user: number) => (thread: ThreadView) => {
    do sleepUntil(code, thread, user, () => thread.load(TOKENS) > 0); while (!takeToken(thread));
    const isWokenInVain = !code.withdrawSleep(thread, SLEEPERS, user);
    if (isWokenInVain && thread.load(TOKENS) > 0) wakeOne(thread);
    thread.report("has one");
  };
  return {
    name: "one who sleeps is woken for each token",
    // Without a bound these are more than two million states.
    maxPreemptions: 3,
    words: TOKENS + 1,
    threads: [sleeper(0), sleeper(1), (thread) => {
      for (let token = 0; token < 2; token++) {
        for (let seen = thread.load(TOKENS);;) {
          const found = thread.compareExchange(TOKENS, seen, seen + 1);
          if (found === seen) break;
          seen = found;
        }
        wakeOne(thread);
      }
    }],
    check: (reports) => assertEquals(reports.slice(0, 2), [["has one"], ["has one"]]),
  };
}

/** As users of a queue do: it says that it sleeps, looks once more, and believes a bell only where its bit is gone. */
function sleepUntil(code: Code, thread: ThreadView, user: number, holds: () => boolean): void {
  for (;;) {
    code.announceSleep(thread, SLEEPERS, user);
    if (holds()) return;
    do thread.waitForBell(); while (code.isAnnounced(thread, SLEEPERS, user));
  }
}

function takeToken(thread: ThreadView): boolean {
  for (let seen = thread.load(TOKENS); seen > 0;) {
    const found = thread.compareExchange(TOKENS, seen, seen - 1);
    if (found === seen) return true;
    seen = found;
  }
  return false;
}

const one = (code: Code) => oneIsWokenForEach(code);
const both = (code: Code) => allAreWoken(code, [[0, 1]]);
const inTurn = (code: Code) => allAreWoken(code, [[0], [1]]);

for (const program of [one(layout), both(layout), inTurn(layout)]) {
  test(`sleepers, every order: ${program.name}`, (context) => {
    const { states, runs } = explore(program);
    context.diagnostic?.(`${states} states, ${runs} runs to the end`);
    assert(runs > 1);
  });
}

interface SleeperMutation extends Omit<Mutation, "file"> {
  readonly program: (code: Code) => Program;
}

const CLEAR_ALL = "    const found = memory.compareExchange(word, seen, 0);\n";
const CLEAR_ONE = "    const found = memory.compareExchange(word, seen, seen & ~(1 << user));\n";
const RING_EACH = "    if (found === seen) return ringEach(seen, ring);\n";
const RING_ONE = "    if (found === seen) return ring(user);\n";

const MUTATIONS: readonly SleeperMutation[] = [
  {
    name: "all are taken off the word without a compare-and-exchange",
    from: CLEAR_ALL,
    to: "    const found = seen;\n    memory.store(word, 0);\n",
    program: inTurn,
  },
  {
    name: "nobody is woken where somebody lies down meanwhile",
    from: `${RING_EACH}    seen = found;\n`,
    to: "    return found === seen ? ringEach(seen, ring) : undefined;\n",
    program: inTurn,
  },
  {
    name: "of all that sleep one is rung",
    from: "left !== 0; left &= left - 1)",
    to: "left !== 0; left = 0)",
    program: both,
  },
  {
    name: "one of all that are rung is taken off the word",
    from: CLEAR_ALL,
    to: CLEAR_ALL.replace("seen, 0)", "seen, seen & (seen - 1))"),
    program: both,
  },
  {
    name: "all are rung before they are taken off the word",
    from: CLEAR_ALL + RING_EACH,
    to: `    ringEach(seen, ring);\n${CLEAR_ALL}    if (found === seen) return;\n`,
    program: both,
  },
  {
    name: "one is taken off the word without a compare-and-exchange",
    from: CLEAR_ONE + RING_ONE,
    to: "    memory.store(word, seen & ~(1 << user));\n    const found = seen;\n    return ring(user);\n",
    program: one,
  },
  {
    name: "one is rung before it is taken off the word",
    from: CLEAR_ONE + RING_ONE,
    to: `    ring(user);\n${CLEAR_ONE}    if (found === seen) return;\n`,
    program: one,
  },
  {
    name: "a user lies down without a compare-and-exchange",
    from: "    const found = memory.compareExchange(word, seen, seen | (1 << user));\n",
    to: "    const found = seen;\n    memory.store(word, seen | (1 << user));\n",
    program: both,
  },
  {
    name: "a user gets up without a compare-and-exchange",
    from: `${CLEAR_ONE}    if (found === seen) return true;\n`,
    to: "    const found = seen;\n    memory.store(word, seen & ~(1 << user));\n    if (found === seen) return true;\n",
    program: inTurn,
  },
];

for (const mutation of MUTATIONS) {
  test(`sleepers, a mistake that is found: ${mutation.name}`, async () => {
    using mutant = new Mutant({ ...mutation, file: "ring/queue_layout.ts" });
    const program = mutation.program(await mutant.load<Code>("queue_layout.ts"));
    assertThrows(() => explore(program), FoundFault, "waits for ever");
  });
}
