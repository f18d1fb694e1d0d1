import { LocalError } from "../protocol/errors.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import { type Schedule, type Socket, SocketConnection } from "./socket_connection.ts";
import { checkPort, dialError, isCut } from "./system_errors.ts";
import type { Connection, DialOptions, Endpoint } from "./types.ts";

/**
 * Runs one attempt to connect under a time limit and an abort signal. `attempt` should give up when its signal aborts;
 * a connection that comes too late is dropped. Rejects with LocalError.
 */
export function dialWithin(
  schedule: Schedule,
  endpoint: Endpoint,
  options: DialOptions,
  attempt: (signal: AbortSignal) => Promise<SocketConnection>,
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    checkPort("dial", endpoint);
    const giveUp = new AbortController();
    let open = true;

    function finish(): boolean {
      const first = open;
      open = false;
      timer.cancel();
      options.signal?.removeEventListener("abort", onAbort);
      return first;
    }
    function stop(error: LocalError): void {
      if (!finish()) return;
      reject(error);
      giveUp.abort();
    }
    function onAbort(): void {
      stop(new LocalError("stopped", `Cannot dial ${formatEndpoint(endpoint)}: aborted`));
    }
    function onTimeout(): void {
      const reason = `timed out: no answer within ${options.timeoutMs} ms`;
      stop(new LocalError("timeout", `Cannot dial ${formatEndpoint(endpoint)}: ${reason}`));
    }

    const timer = schedule.after(options.timeoutMs, onTimeout);
    if (options.signal?.aborted) return onAbort();
    options.signal?.addEventListener("abort", onAbort);
    attempt(giveUp.signal).then(
      (connection) => finish() ? resolve(connection) : connection.abort(),
      (error) => {
        if (!finish()) return;
        if (isCut(error)) resolve(cutConnection(schedule, endpoint, error));
        else reject(dialError(endpoint, error));
      },
    );
  });
}

/**
 * What was accepted and cut at once: whether the runtime saw the connection before is a matter of microseconds, and must
 * not decide whether it is said that somebody is there.
 */
function cutConnection(schedule: Schedule, endpoint: Endpoint, error: Error): Connection {
  const connection = new SocketConnection(NO_SOCKET, schedule, endpoint, endpoint);
  connection.onEnded(error);
  return connection;
}

/** What is left of it. */
const NO_SOCKET: Socket = { write: () => false, pause() {}, resume() {}, finish() {}, destroy() {} };
