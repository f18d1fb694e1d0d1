import { EventParser, type ServerEvent } from "./sse.ts";

/** The node wants to see a token. */
export class Unauthorised extends Error {}

const TOKEN_KEY = "p2p-token";
const UNAUTHORISED = 401;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;

export function setToken(token: string): void {
  sessionStorage.setItem(TOKEN_KEY, token);
}

/** What the node answers to one request. */
export async function getJson<T>(path: string): Promise<T> {
  const response = await ask(path);
  return await response.json() as T;
}

/** Follows events until the page goes; goes on where it was when the stream breaks, and says how it stands. */
export async function follow(
  path: string,
  onEvent: (event: ServerEvent) => void,
  onState: (isConnected: boolean) => void,
): Promise<never> {
  let lastId: string | undefined;
  const note = (event: ServerEvent) => {
    lastId = event.id ?? lastId;
    onEvent(event);
  };
  for (let waitMs = FIRST_RETRY_MS;;) {
    try {
      const response = await ask(path, lastId === undefined ? {} : { "last-event-id": lastId });
      onState(true);
      waitMs = FIRST_RETRY_MS;
      await read(response, note);
    } catch {
      // Whatever it was, a stopped node or no network: asked again below.
    }
    onState(false);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    waitMs = Math.min(2 * waitMs, MAX_RETRY_MS);
  }
}

async function ask(path: string, more: Readonly<Record<string, string>> = {}): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const response = await fetch(path, {
    headers: token === null ? more : { ...more, authorization: `Bearer ${token}` },
  });
  if (response.status === UNAUTHORISED) throw new Unauthorised(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response;
}

async function read(response: Response, onEvent: (event: ServerEvent) => void): Promise<void> {
  const parser = new EventParser();
  const decoder = new TextDecoder();
  const reader = response.body!.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    for (const event of parser.feed(decoder.decode(value, { stream: true }))) onEvent(event);
  }
}
