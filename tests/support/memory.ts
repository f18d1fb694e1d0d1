import { spawnSync } from "node:child_process";

const BYTES_PER_KIB = 1024;

/** Bytes of memory that a process occupies; undefined where the system has no `ps` to ask. */
export function residentBytes(pid: number): number | undefined {
  const { status, stdout } = spawnSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return status === 0 ? Number(stdout) * BYTES_PER_KIB : undefined;
}
