// Takes and releases a data directory on command, one answer a line. Argument: the directory.
import process from "node:process";
import { createInterface } from "node:readline";
import { type DataDir, openDataDir } from "../../src/platform/data_dir.ts";
import { LocalError } from "../../src/protocol/errors.ts";

let held: DataDir | undefined;

function take(): string {
  try {
    held = openDataDir(process.argv[2]!);
    return "won";
  } catch (error) {
    if (!(error instanceof LocalError)) throw error;
    return `${error.code} ${error.message}`;
  }
}

function release(): string {
  held?.close();
  held = undefined;
  return "released";
}

console.log("ready");
for await (const command of createInterface({ input: process.stdin })) {
  console.log(command === "take" ? take() : release());
}
