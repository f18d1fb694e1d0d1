import type { FrameHandler } from "./frames.ts";
import { BufferMemory, type CopyBytes, type SharedMemory, shareMemory } from "./memory.ts";
import { QueueConsumer, type QueueConsumerOptions } from "./queue_consumer.ts";
import {
  checkQueueSize,
  CLOSED,
  HEAD,
  LENGTH_WORD,
  PHASE_MASK,
  queueBytes,
  type QueueSize,
  READ_BY,
  SLOT_HEADER_BYTES,
  Slots,
  TAIL,
  VOID,
  WAIT_FOR_FRAMES,
  WAIT_FOR_ROOM,
  wakeAll,
  wordAt,
  WRITTEN_BY,
} from "./queue_layout.ts";
import { QueueProducer, type QueueProducerOptions } from "./queue_producer.ts";

/** What threads hand to each other: a message may carry it, and every user opens it. */
export interface QueueHandle {
  readonly buffer: SharedArrayBuffer;
  readonly size: QueueSize;
}

type WithoutMemory<T> = Omit<T, "memory" | "size"> & { readonly copy: CopyBytes };

/** A queue in shared memory that many threads fill and many empty. Throws LocalError for a size that none has. */
export function createQueue(size: QueueSize): QueueHandle {
  checkQueueSize(size);
  const buffer = shareMemory("a queue", queueBytes(size));
  prepareQueue(new BufferMemory(buffer, noCopy), size, 0);
  return { buffer, size };
}

/** Makes an empty queue of fresh memory, whose tickets begin at `start`. */
export function prepareQueue(memory: SharedMemory, size: QueueSize, start: number): void {
  const slots = new Slots(size);
  memory.store(TAIL, start);
  memory.store(HEAD, start);
  for (let ticket = start; ticket < start + size.slots; ticket++) {
    memory.store(wordAt(slots.placeOf(ticket)), slots.stateOf(ticket, 0));
  }
}

export function openProducer(handle: QueueHandle, options: WithoutMemory<QueueProducerOptions>): QueueProducer {
  return new QueueProducer({ ...options, memory: new BufferMemory(handle.buffer, options.copy), size: handle.size });
}

export function openConsumer(handle: QueueHandle, options: WithoutMemory<QueueConsumerOptions>): QueueConsumer {
  return new QueueConsumer({ ...options, memory: new BufferMemory(handle.buffer, options.copy), size: handle.size });
}

/** Nothing more may go in; consumers take what is there, and then learn of the end. */
export function closeQueue({ buffer, size }: QueueHandle, wake: (user: number) => void): void {
  closeSlots(new BufferMemory(buffer, noCopy), size, wake);
}

export function closeSlots(memory: SharedMemory, size: QueueSize, wake: (user: number) => void): void {
  memory.store(CLOSED, 1);
  wakeEverybody(memory, size, wake);
}

/**
 * Says that a user's thread died; it must not run any more (`abandonRing` says when that is known). The slots that it was
 * writing are passed by.
 * Frames that it had taken and not finished go to `onTaken`: whether to handle them again is for the caller to say.
 */
export function abandonUser(
  { buffer, size }: QueueHandle,
  user: number,
  onTaken: FrameHandler,
  wake: (user: number) => void,
): void {
  abandonSlots(new BufferMemory(buffer, noCopy), size, user, onTaken, wake);
}

export function abandonSlots(
  memory: SharedMemory,
  size: QueueSize,
  user: number,
  onTaken: FrameHandler,
  wake: (user: number) => void,
): void {
  const slots = new Slots(size);
  for (let slot = 0; slot < size.slots; slot++) {
    const place = slots.placeOf(slot);
    const state = memory.load(wordAt(place));
    const phase = state & PHASE_MASK;
    if (phase === WRITTEN_BY + user) memory.store(wordAt(place), state ^ phase | VOID);
    if (phase !== READ_BY + user) continue;
    const [length, start] = [memory.get(wordAt(place) + LENGTH_WORD), place + SLOT_HEADER_BYTES];
    onTaken(memory.lend(start, length), start, start + length);
    memory.store(wordAt(place), slots.afterState(state));
  }
  wakeEverybody(memory, size, wake);
}

/** Also those who do not seem to sleep: the dead may have been about to ring. */
function wakeEverybody(memory: SharedMemory, { users }: QueueSize, wake: (user: number) => void): void {
  for (const word of [WAIT_FOR_FRAMES, WAIT_FOR_ROOM]) wakeAll(memory, word, () => {});
  for (let user = 0; user < users; user++) wake(user);
}

function noCopy(): void {
  throw new Error("nothing is copied here");
}
