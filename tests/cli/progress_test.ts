import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { createOutput } from "../../src/cli/context.ts";
import { createProgress } from "../../src/cli/progress.ts";
import { recordStream } from "./recorded_stream.ts";

test("progress: where nobody watches, a line every 10 s with rate and time left", () => {
  let now = 0;
  const stream = recordStream();
  const progress = createProgress("sync", "blocks", createOutput(stream, "never", {}), () => now);
  const TOTAL = 10_000;
  const PER_SECOND = 100;
  for (let second = 0; second <= 25; second++) {
    now = second * 1000;
    progress.update(second * PER_SECOND, TOTAL);
  }
  progress.stop();
  assertEquals(
    stream.text,
    "sync 10% 1000/10000 blocks, 100/s, 1m 30s left\nsync 20% 2000/10000 blocks, 100/s, 1m 20s left\n",
  );
});

test("progress: at the end no time is left, and a rate that nobody measured is not shown", () => {
  let now = 0;
  const stream = recordStream();
  const progress = createProgress("import", "MiB", createOutput(stream, "never", {}), () => now);
  progress.update(0, 10);
  now = 20_000;
  progress.update(10, 10);
  const late = createProgress("export", "blocks", createOutput(stream, "never", {}), () => now);
  now = 40_000;
  late.update(0, 10);
  assertEquals(stream.text, "import 100% 10/10 MiB, 0.5/s\nexport 0% 0/10 blocks\n");
});
