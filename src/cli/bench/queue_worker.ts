// A producer of `p2p bench queue`: it sends numbers to the thread that has the queue.

import { type BellsHandle, openBells } from "../../platform/bells.ts";
import { copyBytes } from "../../platform/copy_bytes.ts";
import { onParentMessage, ownData, postToParent } from "../../platform/threads.ts";
import { openProducer, type QueueHandle } from "../../ring/queue.ts";

export interface ProducerTask {
  readonly queue: QueueHandle;
  readonly bells: BellsHandle;
  /** From 0; it is a user of the queue, and has a bell, of that number. */
  readonly producer: number;
}

/** Every so many numbers, from the first one on, as far as there are so many in all. */
export interface ProducerRound {
  readonly first: number;
  readonly step: number;
  readonly count: number;
  /** Whether each offer is timed. */
  readonly isTimed: boolean;
}

/** What it says once it is there; and after a timed round, how many milliseconds each offer took. */
export type ProducerReport = "ready" | Float64Array<ArrayBuffer>;

/** What a commit shows at once. */
const BATCH = 64;

const { queue, bells: handle, producer: user } = ownData() as ProducerTask;
const bells = openBells(handle, user);
const producer = openProducer(queue, { copy: copyBytes, user, wake: (other) => bells.ring(other), onRoom: send });
const operation = new Uint32Array(2);
const bytes = new Uint8Array(operation.buffer);
let round: ProducerRound = { first: 0, step: 1, count: 0, isTimed: false };
let next = 0;
let times: number[] = [];

bells.listen(() => producer.wake());
onParentMessage((message) => {
  round = message as ProducerRound;
  next = round.first;
  times = [];
  send();
});
tell("ready");

function tell(report: ProducerReport): void {
  postToParent(report, report === "ready" ? [] : [report.buffer]);
}

function send(): void {
  for (let inBatch = 1; next < round.count; next += round.step, inBatch++) {
    operation[0] = user;
    operation[1] = next;
    if (!(round.isTimed ? offerTimed() : producer.offer(bytes))) return;
    if (inBatch % BATCH === 0) producer.commit();
  }
  producer.commit();
  if (round.isTimed) tell(Float64Array.from(times));
}

function offerTimed(): boolean {
  const startedAt = performance.now();
  const isTaken = producer.offer(bytes);
  times.push(performance.now() - startedAt);
  return isTaken;
}
