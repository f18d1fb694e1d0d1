import { readFileSync } from "node:fs";
import process from "node:process";

const BYTES_PER_KIB = 1024;

/** Bytes of memory that a process occupies; undefined where the system does not tell by a file. */
export function residentBytes(pid: number): number | undefined {
  if (process.platform !== "linux") return undefined;
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return kib === undefined ? undefined : Number(kib) * BYTES_PER_KIB;
}
