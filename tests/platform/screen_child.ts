import process from "node:process";
import { currentHost } from "../../src/platform/host.ts";
import { openScreen } from "../../src/platform/screen.ts";

/** A screen that shows the keys it gets. Some keys end it: each on another way out. */
const ENDINGS: Readonly<Record<string, () => void>> = {
  q: () => screen[Symbol.dispose](),
  e: () => process.exit(7),
  t: () => {
    throw new Error("thrown in the middle");
  },
  r: () => void Promise.reject(new Error("rejected in the middle")),
};

// As the program does.
const host = currentHost();
host.onUncaught((error) => {
  host.stderr.write((error as Error).message);
  host.exit(5);
});

const screen = openScreen({
  onKey(key) {
    screen.draw([`key <${key}>`, `${screen.columns}x${screen.rows}`]);
    ENDINGS[key]?.();
  },
  onResize: () => screen.draw(["resized", `${screen.columns}x${screen.rows}`]),
});
screen.draw(["started", `${screen.columns}x${screen.rows}`]);
