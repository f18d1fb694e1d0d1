import { spawn } from "node:child_process";
import process from "node:process";

/** What a service manager is told: that the service serves, or that it is ending. */
export type ServiceState = "ready" | "stopping";

/** systemd answers at once; where it hangs, the node does not. */
const NOTIFY_TIMEOUT_MS = 2_000;

/**
 * Tells the service manager that started us (sd_notify(3)), where one did. No runtime but C speaks the unix datagrams that
 * it listens to, so this runs `systemd-notify`, which is there wherever systemd is; the unit needs NotifyAccess=all.
 * Resolves with what went wrong, if anything did: a service goes on without its manager.
 */
export function notifyServiceManager(state: ServiceState, status: string): Promise<string | undefined> {
  if (!process.env["NOTIFY_SOCKET"]) return Promise.resolve(undefined);
  return new Promise((resolve) => {
    // As variables: before version 253 there was no option --stopping.
    const child = spawn("systemd-notify", [`${state.toUpperCase()}=1`, `STATUS=${status}`], {
      stdio: "ignore",
      timeout: NOTIFY_TIMEOUT_MS,
    });
    child.once("error", (error) => resolve(`systemd-notify: ${error.message}`));
    child.once(
      "exit",
      (code, signal) => resolve(code === 0 ? undefined : `systemd-notify: ended with ${code ?? signal}`),
    );
  });
}
