import { type IncomingMessage, request as httpRequest } from "node:http";
import { LocalError } from "../protocol/errors.ts";
import { askError, noAnswer } from "./system_errors.ts";
import type { Endpoint } from "./types.ts";

/** The beginning of an answer that goes on. */
export interface HttpLines {
  readonly status: number;
  /** Each once it is there, without its end. A reader that is slow slows the server. Throws LocalError if it breaks. */
  readonly lines: AsyncIterable<string>;
}

/** How long a server may take to begin an answer; the answer itself may go on for ever. */
const HEAD_TIMEOUT_MS = 30_000;
/** Longer than any line that a server of ours writes: an event is below 64 KiB. */
const MAX_LINE_CHARACTERS = 1_048_576;

/** Asks an HTTP server for lines, until the signal or the server ends them. Rejects with LocalError where none answers. */
export function openHttpLines(
  endpoint: Endpoint,
  target: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
  timeoutMs = HEAD_TIMEOUT_MS,
): Promise<HttpLines> {
  return new Promise((resolve, reject) => {
    const place = "path" in endpoint
      ? { socketPath: endpoint.path, headers: { ...headers, host: "localhost" } }
      : { host: endpoint.host, port: endpoint.port, headers };
    const request = httpRequest({ ...place, path: target, method: "GET", agent: false }, (response) => {
      clearTimeout(timer);
      resolve({ status: response.statusCode ?? 0, lines: readLines(endpoint, response, signal) });
    });
    const timer = setTimeout(() => request.destroy(noAnswer(endpoint, timeoutMs)), timeoutMs);
    request.on("error", (error) => {
      clearTimeout(timer);
      reject(askError(endpoint, error));
    });
    signal.addEventListener("abort", () => request.destroy(), { once: true });
    request.end();
  });
}

async function* readLines(endpoint: Endpoint, response: IncomingMessage, signal: AbortSignal): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for await (const chunk of response) {
      const parts = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split("\n");
      rest = parts.pop()!;
      if (rest.length > MAX_LINE_CHARACTERS) throw new Error(`a line of more than ${MAX_LINE_CHARACTERS} characters`);
      for (const line of parts) {
        if (signal.aborted) return;
        yield line;
      }
    }
  } catch (error) {
    if (signal.aborted) return;
    const { message } = askError(endpoint, error);
    throw new LocalError("unreachable", `The stream broke off: ${message}`);
  } finally {
    response.destroy();
  }
  if (rest !== "" && !signal.aborted) yield rest;
}
