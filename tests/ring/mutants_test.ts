// Mistakes in the rings that are easily made and hard to see: the explorer finds each of them. A rule of the memory
// order that nothing here breaks would be a rule that nobody has tested.

import { test } from "node:test";
import { assertThrows } from "@std/assert";
import { explore, FoundFault } from "../support/interleaving/explorer.ts";
import { Mutant, type Mutation } from "../support/mutants.ts";
import { aGhostReads } from "./ghost_program.ts";
import {
  aReaderDies,
  aWriterIsReplaced,
  oneReader,
  oneWriterDies,
  type Program,
  streamed,
  twoReaders,
} from "./ring_programs.ts";
import { REAL, type RingCode } from "./ring_threads.ts";

const few = (code: RingCode) => oneReader(code, { lengths: [28, 24] });
const open = (code: RingCode) => oneReader(code, { lengths: [28, 24], closes: false });
const full = (code: RingCode) => oneReader(code, { lengths: [28, 28, 28, 28] });
const shared = (code: RingCode) => twoReaders(code, { lengths: [28, 28, 28] });
const deadly = (code: RingCode) => oneWriterDies(code, { lengths: [20, 20] });

interface RingMutation extends Mutation {
  readonly program: (code: RingCode) => Program;
  /** 3, if it is left out. */
  readonly maxPreemptions?: number;
  /** What the explorer says. */
  readonly fault: string;
}

const MUTATIONS: readonly RingMutation[] = [
  {
    name: "the position is shown before the frame is written",
    file: "ring/writer.ts",
    from: "this.#tail = (this.#tail + needed) | 0;",
    to: "this.#tail = (this.#tail + needed) | 0; this.#memory.store(TAIL, this.#tail);",
    program: few,
    fault: "data race",
  },
  {
    name: "the position is shown by a plain write",
    file: "ring/writer.ts",
    from: "this.#memory.store(TAIL, this.#tail);",
    to: "this.#memory.put(TAIL, this.#tail);",
    program: few,
    fault: "data race",
  },
  {
    name: "the room is freed before the frames were read",
    file: "ring/reader.ts",
    from: "    let taken = 0;",
    to: "    let taken = 0; this.#memory.store(this.#headWord, this.#tail);",
    program: full,
    fault: "data race",
  },
  {
    name: "the room is freed by a plain write",
    file: "ring/reader.ts",
    from: "this.#memory.store(this.#headWord, this.#head);",
    to: "this.#memory.put(this.#headWord, this.#head);",
    program: full,
    fault: "data race",
  },
  {
    name: "the reader goes to sleep without a second look",
    file: "ring/reader.ts",
    from: "this.#memory.load(TAIL) !== this.#head || this.#memory.load(STATE) !== 0",
    to: "this.#memory.load(STATE) !== 0",
    program: open,
    fault: "waits for ever",
  },
  {
    name: "the reader does not look whether the writer ended before it sleeps",
    file: "ring/reader.ts",
    from: " || this.#memory.load(STATE) !== 0",
    to: "",
    program: few,
    fault: "waits for ever",
  },
  {
    name: "the writer looks for sleepers before it shows the position",
    file: "ring/writer.ts",
    from: "    this.#committed = this.#tail;\n    // Releases",
    to:
      "    this.#committed = this.#tail;\n    this.#wakeReader(0);\n    this.#memory.store(TAIL, this.#tail);\n    return;\n    // Releases",
    program: open,
    fault: "waits for ever",
  },
  {
    name: "the writer waits for room without a second look",
    file: "ring/writer.ts",
    from: "    this.#head = this.#slowest();\n    if (needed <= this.#free()) {\n      this.#await(0);",
    to: "    if (needed <= this.#free()) {\n      this.#await(0);",
    program: full,
    fault: "waits for ever",
  },
  {
    name: "the reader looks for a waiting writer before it frees the room",
    file: "ring/reader.ts",
    from: "    this.#memory.store(this.#headWord, this.#head);\n    // After",
    to:
      "    const isWaiting = this.#memory.load(this.#awaitedWord) === 1;\n    this.#memory.store(this.#headWord, this.#head);\n    if (!isWaiting) return;\n    // After",
    program: full,
    fault: "waits for ever",
  },
  {
    name: "the writer waits with frames that it has not shown",
    file: "ring/writer.ts",
    from: "    this.commit();\n    this.#await(1);",
    to: "    this.#await(1);",
    program: (code) => oneReader(code, { lengths: [28, 28, 28], batch: 3 }),
    fault: "waits for ever",
  },
  {
    name: "the room is too large by as much as a frame is padded",
    file: "ring/writer.ts",
    from: "return this.#capacity - ((this.#tail - this.#head) | 0);",
    to: "return this.#capacity + 8 - ((this.#tail - this.#head) | 0);",
    program: (code) => oneReader(code, { lengths: [12, 12, 12, 12, 0] }),
    fault: "data race",
  },
  {
    name: "only the first reader is waited for",
    file: "ring/writer.ts",
    from: "    for (const reader of this.#attached) {\n      furthest",
    to: "    for (const reader of this.#attached.slice(0, 1)) {\n      furthest",
    program: shared,
    fault: "data race",
  },
  {
    name: "a dead writer's readers are not woken where they seem awake",
    file: "ring/ring.ts",
    from: "    memory.store(asleepOf(reader), 0);\n    wakeReader(reader);",
    to: "    if (memory.compareExchange(asleepOf(reader), 1, 0) === 1) wakeReader(reader);",
    program: deadly,
    fault: "waits for ever",
  },
  {
    name: "a dead writer's readers are woken while it still seems that they sleep",
    file: "ring/ring.ts",
    from: "    memory.store(asleepOf(reader), 0);\n    wakeReader(reader);",
    to: "    wakeReader(reader);\n    memory.store(asleepOf(reader), 0);",
    program: deadly,
    fault: "waits for ever",
  },
  {
    name: "a dead writer's successor does not say that it begins",
    file: "ring/writer.ts",
    from: "    this.#memory.put(at >> WORD_SHIFT, RESTART);\n",
    to: "    this.#memory.put(at >> WORD_SHIFT, 0);\n",
    program: (code) => aWriterIsReplaced(code, { lengths: [70] }),
    maxPreemptions: 0,
    fault: "",
  },
  {
    name: "the writer goes on waiting for a reader that died",
    file: "ring/writer.ts",
    from: "    if (this.#isWaiting) this.#goOn();\n",
    to: "",
    program: (code) => aReaderDies(code, { lengths: [28, 28, 28], closes: false }),
    maxPreemptions: 0,
    fault: "waits for ever",
  },
  {
    name: "the writer waits until all readers have made room",
    file: "ring/writer.ts",
    from: "this.#attached.some((reader) => this.#memory.load(awaitedOf(reader)) === 0)",
    to: "this.#attached.every((reader) => this.#memory.load(awaitedOf(reader)) === 0)",
    program: (code) => twoReaders(code, { lengths: [28, 28, 28], closes: false }),
    fault: "waits for ever",
  },
  {
    name: "only the first reader hears of the end",
    file: "ring/writer.ts",
    from: "    this.#memory.store(STATE, CLOSED);\n    for (const reader of this.#attached)",
    to: "    this.#memory.store(STATE, CLOSED);\n    for (const reader of this.#attached.slice(0, 1))",
    program: (code) => twoReaders(code, { lengths: [28] }),
    fault: "waits for ever",
  },
  {
    name: "the end comes before the last frames",
    file: "ring/writer.ts",
    from: "    this.commit();\n    this.#isClosed = true;",
    to: "    this.#tellEnd();\n    this.commit();\n    this.#isClosed = true;",
    program: (code) => oneReader(code, { lengths: [20, 8], batch: 3 }),
    fault: "",
  },
  {
    name: "the end comes before the last parts of a frame",
    file: "ring/writer.ts",
    from: "    if (this.#stream === undefined) this.#tellEnd();",
    to: "    this.#tellEnd();",
    program: (code) => streamed(code, { lengths: [2, 70] }),
    fault: "",
  },
  {
    name: "the last part of a frame is not shown",
    file: "ring/writer.ts",
    from: "    this.commit();\n    this.#stream = undefined;",
    to: "    this.#stream = undefined;",
    program: (code) => streamed(code, { lengths: [70], closes: false }),
    fault: "waits for ever",
  },
];

const MAX_PREEMPTIONS = 3;

test("ring, a mistake that is found: a reader's successor gets the place in which that reader may still be writing", () => {
  const program = { ...aGhostReads(REAL, { lengths: [28, 28, 28, 28], successor: 0 }), maxPreemptions: 1 };
  assertThrows(() => explore(program), FoundFault);
});

for (const mutation of MUTATIONS) {
  test(`ring, a mistake that is found: ${mutation.name}`, async () => {
    using mutant = new Mutant(mutation);
    const modules = await Promise.all(["writer.ts", "reader.ts", "ring.ts"].map((file) => mutant.load<object>(file)));
    const code = Object.assign({}, ...modules) as RingCode;
    const { maxPreemptions = MAX_PREEMPTIONS } = mutation;
    const program = { ...mutation.program(code), maxPreemptions };
    assertThrows(() => explore(program), FoundFault, mutation.fault);
  });
}
