import { get, type IncomingMessage } from "node:http";

/** An event about the chain, as `GET /v1/events` tells it. */
export interface ToldEvent {
  readonly type: string;
  readonly event: { readonly hash: string; readonly height: number };
}

export interface EventStream {
  /** The node listens to us from here on. */
  readonly opened: Promise<void>;
  /** Everything that was sent has been heard; the connection is over, whoever ended it. */
  readonly ended: Promise<void>;
}

/** Hears the events of a channel of a node until it is gone. `control` is host:port. */
export function followEvents(control: string, channel: string, heard: (event: ToldEvent) => void): EventStream {
  const opened = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<void>();
  const request = get(`http://${control}/v1/events?channels=${channel}`, { agent: false });
  request.on("response", (response: IncomingMessage) => {
    let rest = "";
    response.setEncoding("utf8");
    response.on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) if (line.startsWith("data: ")) heard(JSON.parse(line.slice("data: ".length)));
    });
    // The far end dies without a word: that is an end, too.
    response.on("error", () => ended.resolve());
    response.on("close", () => ended.resolve());
    opened.resolve();
  });
  request.on("error", (error) => {
    opened.reject(error);
    ended.resolve();
  });
  return { opened: opened.promise, ended: ended.promise };
}
