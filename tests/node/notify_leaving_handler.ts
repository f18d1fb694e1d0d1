// A handler whose module ends the thread that loads it.

import process from "node:process";

process.exit(3);

export function handle(): void {}
