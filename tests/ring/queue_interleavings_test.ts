// The queue under all orders of its atomic operations with few preemptions, and the mistakes that this finds.
// P2P_EXPLORE=deep explores for minutes instead of seconds.

import process from "node:process";
import { test } from "node:test";
import { assert, assertThrows } from "@std/assert";
import { abandonSlots } from "../../src/ring/queue.ts";
import { QueueConsumer } from "../../src/ring/queue_consumer.ts";
import { QueueProducer } from "../../src/ring/queue_producer.ts";
import { explore, FoundFault } from "../support/interleaving/explorer.ts";
import { Mutant, type Mutation } from "../support/mutants.ts";
import { closesEarly, exchange, type QueueCode, userDies } from "./queue_programs.ts";
import type { Program } from "./ring_programs.ts";

const REAL: QueueCode = { QueueProducer, QueueConsumer, abandonSlots };
const isDeep = process.env.P2P_EXPLORE === "deep";

/** With how many preemptions each is explored, and with how many more in depth: where somebody may die it has to be few. */
const PROGRAMS: readonly (readonly [program: Program, maxPreemptions: number, deeper?: number])[] = [
  [exchange(REAL, { sends: [2], takes: [2] }), 3],
  [exchange(REAL, { sends: [4], takes: [4], start: -3 }), 1],
  [exchange(REAL, { sends: [1, 1], takes: [2] }), 2],
  [exchange(REAL, { sends: [2, 2], takes: [4] }), 0],
  [exchange(REAL, { sends: [3], takes: [1, 2] }), 1, 1],
  [exchange(REAL, { sends: [6], takes: [3, 3], slots: 4, start: 4 }), 0, 1],
  [exchange(REAL, { sends: [3, 3], takes: [6], slots: 4, start: 4 }), 0],
  [exchange(REAL, { sends: [3, 1], takes: [4] }), 1, 1],
  [exchange(REAL, { sends: [1, 1], takes: [1, 1] }), 0],
  [exchange(REAL, { sends: [1], takes: [0, 1] }), 2, 1],
  [exchange(REAL, { sends: [2], takes: [1, 1], batch: 2, together: true }), 1],
  [exchange(REAL, { sends: [3], takes: [3], batch: 3 }), 2],
  [exchange(REAL, { sends: [6], takes: [3, 3], slots: 4, atOnce: 3 }), 0, 1],
  [closesEarly(REAL), 1],
  [userDies(REAL, { sends: [1, 1], takes: [1] }, 0), 0],
  [userDies(REAL, { sends: [1, 2], takes: [1] }, 0), 0],
  [userDies(REAL, { sends: [1], takes: [1, 1] }, 1), 0],
  [userDies(REAL, { sends: [2], takes: [2, 2], atOnce: 2, batch: 2, start: -1 }, 1), 0],
];

for (const [program, preemptions, deeper = program.mortal ? 1 : 2] of PROGRAMS) {
  test(`queue, every order: ${program.name}`, (context) => {
    const { states, runs } = explore({ ...program, maxPreemptions: preemptions + (isDeep ? deeper : 0) });
    context.diagnostic?.(`${states} states, ${runs} runs to the end`);
    assert(runs > 1);
  });
}

interface QueueMutation extends Mutation {
  readonly program: (code: QueueCode) => Program;
  /** 2, if it is left out. */
  readonly maxPreemptions?: number;
  /** What the explorer says. */
  readonly fault: string;
}

const one = (code: QueueCode) => exchange(code, { sends: [3], takes: [3] });
const wrapping = (code: QueueCode) => exchange(code, { sends: [4], takes: [4], start: -3 });
const many = (code: QueueCode) => exchange(code, { sends: [1, 1], takes: [1, 1] });
const helped = (code: QueueCode) => exchange(code, { sends: [1], takes: [0, 1] });
const closing = (code: QueueCode) => closesEarly(code);
const deadProducer = (code: QueueCode) => userDies(code, { sends: [1, 1], takes: [1] }, 0);
const deadConsumer = (code: QueueCode) => userDies(code, { sends: [3], takes: [1, 1] }, 1);

const MUTATIONS: readonly QueueMutation[] = [
  {
    name: "a slot is published before it is written",
    file: "ring/queue_producer.ts",
    from: "    this.#memory.put(wordAt(place) + LENGTH_WORD",
    to: "    this.#memory.store(wordAt(place), this.#slots.stateOf(this.#ticket - 1, FULL));\n" +
      "    this.#memory.put(wordAt(place) + LENGTH_WORD",
    program: one,
    fault: "data race",
  },
  {
    name: "a slot is published by a plain write",
    file: "ring/queue_producer.ts",
    from: "this.#memory.store(wordAt(place), this.#slots.stateOf(this.#ticket - 1, FULL));",
    to: "this.#memory.put(wordAt(place), this.#slots.stateOf(this.#ticket - 1, FULL));",
    program: one,
    fault: "data race",
  },
  {
    name: "a producer claims a slot without a compare-and-exchange",
    file: "ring/queue_producer.ts",
    from: "if (this.#memory.compareExchange(wordAt(place), free, mine) !== free) continue;",
    to: "this.#memory.store(wordAt(place), mine);",
    program: many,
    fault: "data race",
  },
  {
    name: "a consumer claims a frame without a compare-and-exchange",
    file: "ring/queue_consumer.ts",
    from: "if (this.#memory.compareExchange(word, state, mine) !== state) continue;",
    to: "this.#memory.store(word, mine);",
    program: (code) => exchange(code, { sends: [2], takes: [2, 2], closes: true }),
    fault: "",
  },
  {
    name: "a producer does not look at the round of the slot",
    file: "ring/queue_producer.ts",
    from: "if (state === free) {",
    to: "if ((state & 255) === FREE || (state & 255) === FULL) {",
    program: one,
    fault: "",
  },
  {
    name: "a slot is free before its frame was read",
    file: "ring/queue_consumer.ts",
    from: "    const length = this.#memory.get(",
    to: "    this.#memory.store(wordAt(place), this.#slots.nextRound(ticket));\n    const length = this.#memory.get(",
    program: one,
    fault: "data race",
  },
  {
    name: "a consumer goes to sleep without a second look",
    file: "ring/queue_consumer.ts",
    from: "this.#heldFrom < this.#heldTo || this.#hasNext() || this.#isOver()",
    to: "this.#isOver()",
    program: one,
    fault: "waits for ever",
  },
  {
    name: "a producer waits for room without a second look",
    file: "ring/queue_producer.ts",
    from: "const again = this.#tryClaim();",
    to: "const again = FULL_QUEUE;",
    program: one,
    fault: "waits for ever",
  },
  {
    name: "producers are not told of room where frames are left",
    file: "ring/queue_consumer.ts",
    from: "if (left < this.#options.size.slots / 2)",
    to: "if (left < 0)",
    program: one,
    fault: "waits for ever",
  },
  {
    name: "a consumer tells of room by where it stood before others went on",
    file: "ring/queue_consumer.ts",
    from: "    this.#find();\n    const left",
    to: "    const left",
    program: (code) => exchange(code, { sends: [3], takes: [1, 2] }),
    fault: "waits for ever",
  },
  {
    name: "a producer waits for room with frames that it has told nobody of",
    file: "ring/queue_producer.ts",
    from: "    this.commit();\n    announceSleep",
    to: "    announceSleep",
    program: (code) => exchange(code, { sends: [3], takes: [3], batch: 3 }),
    fault: "waits for ever",
  },
  {
    name: "a producer that was woken does not say so",
    file: "ring/queue_producer.ts",
    from: "if (!this.#isWaiting || isAnnounced(",
    to: "if (!this.#isWaiting || !isAnnounced(",
    program: one,
    fault: "waits for ever",
  },
  {
    name: "a consumer keeps to itself that there are more frames than it takes",
    file: "ring/queue_consumer.ts",
    from: "    if (taken === limit) this.#passOn();\n",
    to: "",
    program: (code) => exchange(code, { sends: [2], takes: [1, 1], batch: 2, together: true }),
    fault: "waits for ever",
  },
  {
    name: "of frames that are taken at once, one is held",
    file: "ring/queue_consumer.ts",
    from: "this.#held[this.#heldTo++] = ticket;",
    to: "this.#held[this.#heldTo++ & 0] = ticket;",
    program: (code) => exchange(code, { sends: [6], takes: [3, 3], slots: 4, atOnce: 3 }),
    maxPreemptions: 0,
    fault: "",
  },
  {
    name: "a ticket is taken for nothing",
    file: "ring/queue_consumer.ts",
    from: "        this.#held[this.#heldTo++] = ticket;",
    to: "        if (ticket !== -1) this.#held[this.#heldTo++] = ticket;",
    program: wrapping,
    fault: "waits for ever",
  },
  {
    name: "a consumer that leaves keeps the wake-up for itself",
    file: "ring/queue_consumer.ts",
    from: "    if (withdrawSleep(this.#memory, WAIT_FOR_FRAMES, this.#options.user)) return;\n    this.#passOn();",
    to: "    withdrawSleep(this.#memory, WAIT_FOR_FRAMES, this.#options.user);",
    program: helped,
    fault: "waits for ever",
  },
  {
    name: "a producer does not look once more whether the queue was closed",
    file: "ring/queue_producer.ts",
    from: "    if (this.#memory.load(CLOSED) === 1) throw this.#giveUp(place);",
    to: "",
    program: closing,
    fault: "",
  },
  {
    name: "a closed queue ends before the frames that are being written",
    file: "ring/queue_consumer.ts",
    from: "(this.#find() & PHASE_MASK) === FREE",
    to: "!this.#hasNext()",
    program: closing,
    fault: "",
  },
  {
    name: "slots of a dead producer are not passed by",
    file: "ring/queue.ts",
    from: "    if (phase === WRITTEN_BY + user)",
    to: "    if (phase < 0)",
    program: deadProducer,
    maxPreemptions: 0,
    fault: "waits for ever",
  },
  {
    name: "slots of a dead consumer are not given back",
    file: "ring/queue.ts",
    from: "    memory.store(wordAt(place), slots.afterState(state));",
    to: "",
    program: deadConsumer,
    maxPreemptions: 0,
    fault: "waits for ever",
  },
  {
    name: "nobody is woken when a user has died",
    file: "ring/queue.ts",
    from: "    memory.store(wordAt(place), slots.afterState(state));\n  }\n  wakeEverybody(memory, size, wake);",
    to: "    memory.store(wordAt(place), slots.afterState(state));\n  }",
    program: deadConsumer,
    maxPreemptions: 0,
    fault: "waits for ever",
  },
];

const MAX_PREEMPTIONS = 2;

for (const mutation of MUTATIONS) {
  test(`queue, a mistake that is found: ${mutation.name}`, async () => {
    using mutant = new Mutant(mutation);
    const files = ["queue_producer.ts", "queue_consumer.ts", "queue.ts"];
    const modules = await Promise.all(files.map((file) => mutant.load<object>(file)));
    const code = Object.assign({}, ...modules) as QueueCode;
    const { maxPreemptions = MAX_PREEMPTIONS } = mutation;
    const program = { ...mutation.program(code), maxPreemptions };
    assertThrows(() => explore(program), FoundFault, mutation.fault);
  });
}
