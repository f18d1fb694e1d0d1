// A thread of `p2p bench ring`: it writes frames into a ring or a queue, or takes them out.

import { openBells } from "../../platform/bells.ts";
import { copyBytes } from "../../platform/copy_bytes.ts";
import { createEnv } from "../../platform/env.ts";
import { onParentMessage, ownData, postToParent } from "../../platform/threads.ts";
import type { FrameSink, FrameSource } from "../../ring/frames.ts";
import { Pump } from "../../ring/pump.ts";
import { openConsumer, openProducer } from "../../ring/queue.ts";
import { openReader, openWriter } from "../../ring/ring.ts";
import type { RingReport, RingTask } from "./ring_crew.ts";

const { medium, thread, writers, count, frameBytes, batch, bells: handle } = ownData() as RingTask;
const bells = openBells(handle, thread);
/** Users of a queue are numbered from 0, threads from 1. */
const wake = (user: number) => bells.ring(user + 1);

function tell(report: RingReport): void {
  postToParent(report);
}

function openSink(onRoom: () => void): FrameSink {
  if (medium.kind === "queue") {
    return openProducer(medium.handle, { copy: copyBytes, user: thread - 1, wake, onRoom });
  }
  const wakeReader = (reader: number) => bells.ring(writers + 1 + reader);
  return openWriter(medium.handle, { copy: copyBytes, wakeReader, onRoom });
}

function openSource(onFrames: () => void): FrameSource {
  if (medium.kind === "queue") {
    return openConsumer(medium.handle, { copy: copyBytes, user: thread - 1, wake, onFrames });
  }
  const reader = thread - writers - 1;
  return openReader(medium.handle, { copy: copyBytes, reader, wakeWriter: () => bells.ring(1), onFrames });
}

function prepareToWrite(): () => void {
  const frame = new Uint8Array(frameBytes).fill(thread);
  let sent = 0;
  const sink = openSink(send);
  bells.listen(() => sink.wake());

  function send(): void {
    while (sent < count) {
      if (!sink.offer(frame)) return;
      if (++sent % batch === 0) sink.commit();
    }
    sink.close();
    tell({ kind: "written" });
  }

  return send;
}

function prepareToRead(): () => void {
  let [frames, sum] = [0, 0];
  const source = openSource(() => pump.kick());
  const pump: Pump = new Pump({
    source,
    env: createEnv(),
    handle(bytes, start, end) {
      frames++;
      sum += bytes[start]! + bytes[end - 1]!;
    },
    onEnd: () => tell({ kind: "read", frames, sum }),
  });
  bells.listen(() => source.wake());
  return () => pump.resume();
}

const begin = thread <= writers ? prepareToWrite() : prepareToRead();
onParentMessage(begin);
tell({ kind: "ready" });
