import { test } from "node:test";
import { assertEquals, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { RequestQueue } from "../../src/net/request_queue.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import { fc } from "../support/properties.ts";

const ROOMY = { maxItems: 100_000, maxBytes: 1_000_000 };

function limitError(run: () => unknown): LocalError {
  const error = assertThrows(run, LocalError);
  assertEquals(error.code, "limit");
  return error;
}

/** The queue as anybody would write it who need not be quick. */
class Model {
  readonly owners: { name: string; items: { id: number; sizeBytes: number }[] }[] = [];

  get items() {
    return this.owners.flatMap(({ items }) => items);
  }

  get bytes(): number {
    return this.items.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }

  push(name: string, id: number, sizeBytes: number): void {
    const owner = this.owners.find((each) => each.name === name);
    if (owner) owner.items.push({ id, sizeBytes });
    else this.owners.push({ name, items: [{ id, sizeBytes }] });
  }

  take(): number | undefined {
    const owner = this.owners.shift();
    const item = owner?.items.shift();
    if (owner && owner.items.length > 0) this.owners.push(owner);
    return item?.id;
  }

  cancel(id: number): void {
    for (const owner of this.owners) owner.items = owner.items.filter((item) => item.id !== id);
    const left = this.owners.filter(({ items }) => items.length > 0);
    this.owners.splice(0, this.owners.length, ...left);
  }
}

test("request queue: it does what a slow and simple one does", { timeout: 60_000 }, () => {
  const step = fc.oneof(
    fc.record({ do: fc.constant("push" as const), owner: fc.constantFrom("a", "b", "c"), size: fc.nat(40) }),
    fc.record({ do: fc.constant("take" as const) }),
    fc.record({ do: fc.constant("cancel" as const), which: fc.nat(30) }),
  );
  fc.assert(fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
    const bounds = { maxItems: 8, maxBytes: 100 };
    const queue = new RequestQueue<number>(bounds);
    const model = new Model();
    const signals: AbortController[] = [];
    let refused = 0;
    for (const each of steps) {
      if (each.do === "take") {
        assertEquals(queue.take(), model.take());
      } else if (each.do === "cancel") {
        signals[each.which]?.abort();
        model.cancel(each.which);
      } else {
        const id = signals.push(new AbortController()) - 1;
        const push = () => queue.push(id, { sizeBytes: each.size, owner: each.owner, signal: signals[id]!.signal });
        if (model.items.length < bounds.maxItems && model.bytes + each.size <= bounds.maxBytes) {
          push();
          model.push(each.owner, id, each.size);
        } else {
          limitError(push);
          refused++;
        }
      }
      assertEquals([queue.length, queue.bytes, queue.counts.refused], [model.items.length, model.bytes, refused]);
    }
  }));
});

test("request queue: a full one refuses, by items and by bytes, and says what it holds", { timeout: 60_000 }, () => {
  const queue = new RequestQueue<string>({ maxItems: 2, maxBytes: 10 });
  queue.push("a", { sizeBytes: 6 });
  const tooLarge = limitError(() => queue.push("b", { sizeBytes: 5 }));
  queue.push("b", { sizeBytes: 4 });
  limitError(() => queue.push("c"));
  assertEquals(
    tooLarge.message,
    "Cannot queue a request of 5 bytes: the queue is full: it holds 1 of 2 requests, 6 of 10 bytes",
  );
  assertEquals(queue.counts, { pushed: 2, refused: 2, cancelled: 0 });
});

test(
  "request queue: a push wakes the consumer that waits longest, and one push wakes one",
  { timeout: 60_000 },
  async () => {
    const queue = new RequestQueue<number>(ROOMY);
    const got: string[] = [];
    const first = queue.pop().then((item) => got.push(`first ${item}`));
    const second = queue.pop().then((item) => got.push(`second ${item}`));
    queue.push(1);
    await first;
    assertEquals([got, queue.waiting], [["first 1"], 1]);
    queue.push(2);
    await second;
    assertEquals([got, queue.waiting, queue.length], [["first 1", "second 2"], 0, 0]);
  },
);

test("request queue: an owner with much waiting does not hold up the others", { timeout: 60_000 }, () => {
  const queue = new RequestQueue<string>(ROOMY);
  for (let i = 0; i < 1000; i++) queue.push(`greedy ${i}`, { owner: "greedy" });
  queue.push("modest 0", { owner: "modest" });
  queue.push("modest 1", { owner: "modest" });
  assertEquals(Array.from({ length: 4 }, () => queue.take()), ["greedy 0", "modest 0", "greedy 1", "modest 1"]);
});

test("request queue: a signal takes its item out, and only while it waits", { timeout: 60_000 }, () => {
  const queue = new RequestQueue<string>(ROOMY);
  const [waiting, taken] = [new AbortController(), new AbortController()];
  const cancelled: string[] = [];
  queue.push("taken", { signal: taken.signal, onCancelled: () => cancelled.push("taken") });
  queue.push("waiting", { sizeBytes: 3, signal: waiting.signal, onCancelled: () => cancelled.push("waiting") });
  assertEquals(queue.take(), "taken");
  taken.abort();
  waiting.abort();
  assertEquals([cancelled, queue.length, queue.bytes, queue.take()], [["waiting"], 0, 0, undefined]);
});

test("request queue: what is aborted already is not queued, on either side", { timeout: 60_000 }, async () => {
  const queue = new RequestQueue<number>(ROOMY);
  const reason = new Error("enough");
  const signal = AbortSignal.abort(reason);
  assertStrictEquals(assertThrows(() => queue.push(1, { signal })), reason);
  assertStrictEquals(await assertRejects(() => queue.pop(signal)), reason);
  assertEquals([queue.length, queue.waiting], [0, 0]);
});

test("request queue: a consumer that gives up gets nothing, and what it would have got is not lost", {
  timeout: 60_000,
}, async () => {
  const queue = new RequestQueue<number>(ROOMY);
  const given = new AbortController();
  const popping = assertRejects(() => queue.pop(given.signal));
  given.abort();
  queue.push(7);
  await popping;
  assertEquals([queue.length, queue.take()], [1, 7]);
});

test("request queue: closing sends everybody home and answers what was left", { timeout: 60_000 }, async () => {
  const idle = new RequestQueue<number>(ROOMY);
  const popping = assertRejects(() => idle.pop(), LocalError, "closed");
  assertEquals(idle.close(), []);
  await popping;
  const busy = new RequestQueue<number>(ROOMY);
  busy.push(1);
  busy.push(2);
  assertEquals(busy.close(), [1, 2]);
  assertEquals(assertThrows(() => busy.push(3), LocalError).code, "stopped");
  await assertRejects(() => busy.pop(), LocalError, "closed");
});

test(
  "request queue: of 16 producers and 5 consumers at once nothing is lost or doubled",
  { timeout: 60_000 },
  async () => {
    const [producers, consumers, each] = [16, 5, 500];
    const queue = new RequestQueue<number>({ maxItems: 64, maxBytes: 64 });
    const seen: number[] = [];
    let refusals = 0;

    async function produce(producer: number): Promise<void> {
      for (let i = 0; i < each;) {
        try {
          queue.push(producer * each + i, { sizeBytes: 1, owner: `${producer}` });
          i++;
        } catch (error) {
          if (!(error instanceof LocalError)) throw error;
          refusals++;
        }
        // Turns of different lengths, so that producers and consumers meet in every order.
        for (let turns = (producer + i) % 4; turns >= 0; turns--) await Promise.resolve();
      }
    }

    async function consume(consumer: number): Promise<void> {
      while (seen.length < producers * each) {
        const item = await queue.pop();
        if (item < 0) return;
        seen.push(item);
        if (item % 7 === consumer) await Promise.resolve();
      }
    }

    const consuming = Array.from({ length: consumers }, (_, i) => consume(i));
    await Promise.all(Array.from({ length: producers }, (_, i) => produce(i)));
    for (let i = 0; i < consumers; i++) queue.push(-1, { sizeBytes: 0, owner: "end" });
    await Promise.all(consuming);
    const left: number[] = [];
    while (queue.length > 0) left.push(queue.take()!);
    const all = [...seen, ...left.filter((item) => item >= 0)].sort((a, b) => a - b);
    assertEquals(all, Array.from({ length: producers * each }, (_, i) => i));
    assertEquals(queue.counts.refused, refusals);
  },
);
