// A program that says what it was started with, waits for a signal, and says which. See host_test.ts.

import { currentHost } from "../../src/platform/host.ts";

const host = currentHost();
const keeper = setInterval(() => {}, 1000);
host.onSignal((signal) => {
  host.stdout.write(`${signal}\n`);
  host.setExitCode(7);
  clearInterval(keeper);
});
host.stdout.write(
  `${JSON.stringify([host.pid, host.argv, host.environment["P2P_TEST_VALUE"], host.stdin.isTerminal])}\n`,
);
