// A thread that writes frames into a ring or a queue, or reads them: one of those that ring_crew.ts starts.

import { parentPort, workerData } from "node:worker_threads";
import { openBells } from "../../src/platform/bells.ts";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import { createEnv } from "../../src/platform/env.ts";
import type { FrameSink, FrameSource } from "../../src/ring/frames.ts";
import { type FramePort, MessageReader, MessageWriter } from "../../src/ring/message_ring.ts";
import { Pump } from "../../src/ring/pump.ts";
import { openConsumer, openProducer } from "../../src/ring/queue.ts";
import { openReader, openWriter } from "../../src/ring/ring.ts";
import type { Report, Task } from "./ring_crew.ts";
import { FrameChecker, FrameMaker } from "./ring_traffic.ts";

const task = workerData as Task;
const { medium, thread, writers, frameBytes } = task;
const bells = openBells(task.bells, thread);
const env = createEnv();
/** Users of a queue are numbered from 0, and threads from 1. */
const wakeUser = (user: number) => bells.ring(user + 1);

function tell(report: Report): void {
  parentPort!.postMessage(report);
}

const port: FramePort = {
  post: (message, transfer) => task.port!.postMessage(message, [...transfer]),
  listen: (listener) => void task.port!.on("message", listener),
};

function openSink(onRoom: () => void): FrameSink {
  if (medium.kind === "messages") return new MessageWriter({ ...medium, ports: [port], onRoom });
  if (medium.kind === "queue") {
    return openProducer(medium.handle, { copy: copyBytes, user: thread - 1, wake: wakeUser, onRoom });
  }
  const wakeReader = (reader: number) => bells.ring(writers + 1 + reader);
  return openWriter(medium.handle, { copy: copyBytes, wakeReader, onRoom });
}

function openSource(onFrames: () => void): FrameSource {
  if (medium.kind === "messages") return new MessageReader({ port, onFrames });
  if (medium.kind === "queue") {
    return openConsumer(medium.handle, { copy: copyBytes, user: thread - 1, wake: wakeUser, onFrames });
  }
  const wakeWriter = () => bells.ring(1);
  return openReader(medium.handle, { copy: copyBytes, reader: thread - writers - 1, wakeWriter, onFrames });
}

function write(): void {
  const maker = new FrameMaker(thread, frameBytes);
  let sent = 0;
  let frame: Uint8Array | undefined;
  const sink = openSink(send);
  bells.listen(() => sink.wake());

  function send(): void {
    while (sent < task.count) {
      frame ??= maker.next();
      if (!sink.offer(frame)) return;
      frame = undefined;
      if (++sent % task.batch === 0) sink.commit();
    }
    sink.close();
    tell({ kind: "written" });
  }

  start(send);
}

function read(): void {
  const checker = new FrameChecker();
  const source = openSource(() => pump.kick());
  const pump: Pump = new Pump({
    source,
    env,
    handle: (bytes, start, end) => checker.check(bytes, start, end),
    onEnd: () => tell({ kind: "read", accounts: [...checker.accounts] }),
  });
  bells.listen(() => source.wake());
  start(() => pump.resume());
}

/**
 * Waits for the word: a thread's start takes as long as a million frames. The port stays open: to wait for shared memory
 * alone does not keep a thread alive.
 */
function start(act: () => void): void {
  parentPort!.on("message", act);
  tell({ kind: "ready" });
}

if (thread <= writers) write();
else read();
