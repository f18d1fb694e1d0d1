import { test } from "node:test";
import { assertEquals, assertThrows } from "@std/assert";
import { copyBytes } from "../../src/platform/copy_bytes.ts";
import { RING_FRAMES_PER_TURN } from "../../src/protocol/ring_params.ts";
import { Pump } from "../../src/ring/pump.ts";
import { createRing, openReader, openWriter } from "../../src/ring/ring.ts";
import { ManualEnv } from "../support/manual_env.ts";

function makePump(handle: (value: number) => void = () => {}) {
  const env = new ManualEnv();
  const ring = createRing({ capacityBytes: 64 * 1024 });
  const heard: (number | string)[] = [];
  const sink = openWriter(ring, { copy: copyBytes, wakeReader: () => source.wake() });
  const source = openReader(ring, { copy: copyBytes, wakeWriter: () => sink.wake(), onFrames: () => pump.kick() });
  const pump: Pump = new Pump({
    source,
    env,
    handle: (bytes, start) => {
      heard.push(bytes[start]!);
      handle(bytes[start]!);
    },
    onTurn: () => heard.push("turn"),
    onEnd: (end) => heard.push(end),
  });
  const send = (...values: number[]) => {
    for (const value of values) sink.offer(Uint8Array.of(value));
    sink.commit();
  };
  return { env, sink, pump, heard, send };
}

test("pump: frames are handed over as they come, and the ring is asked no more in between", () => {
  const { pump, heard, send } = makePump();
  pump.resume();
  send(1, 2);
  send(3);
  assertEquals(heard, ["turn", 1, 2, "turn", 3, "turn"]);
});

test("pump: one turn has a bounded number of frames", () => {
  const { env, pump, heard, send } = makePump();
  send(...new Array(RING_FRAMES_PER_TURN + 1).fill(7));
  pump.resume();
  assertEquals(heard.length, RING_FRAMES_PER_TURN + 1);
  env.runTurns();
  assertEquals(heard.slice(-2), [7, "turn"]);
});

test("pump: while it is paused frames stay in the ring", () => {
  const { env, pump, heard, send } = makePump();
  pump.resume();
  pump.pause();
  send(1);
  env.runTurns();
  assertEquals(heard, ["turn"]);
  pump.resume();
  assertEquals(heard, ["turn", 1, "turn"]);
});

test("pump: a handler that throws costs its frame and no other", () => {
  const { env, pump, heard, send } = makePump((value) => {
    if (value === 1) throw new Error("a bug");
  });
  send(1, 2);
  assertThrows(() => pump.resume(), Error, "a bug");
  env.runTurns();
  assertEquals(heard, [1, "turn", 2, "turn"]);
});

test("pump: the end of the writer comes after its last frame", () => {
  const { pump, heard, sink, send } = makePump();
  send(1);
  sink.close();
  pump.resume();
  assertEquals(heard, [1, "turn", "closed"]);
});
