import process from "node:process";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Frees what nothing refers to any more, on any of the three runtimes; what this turn looked at may live on. */
export async function collectGarbage(): Promise<void> {
  const collect = collector();
  for (let i = 0; i < 3; i++) {
    // A turn of its own: a weak reference that was followed keeps its target until the turn ends.
    await new Promise((resolve) => setTimeout(resolve, 0));
    collect();
  }
}

function collector(): () => void {
  const { Bun } = globalThis as { Bun?: { gc(sync: boolean): void } };
  if (process.versions.bun && Bun) return () => Bun.gc(true);
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
}
