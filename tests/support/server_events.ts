/** A server-sent event as a browser would dispatch it. */
export interface DispatchedEvent {
  readonly name: string;
  readonly data: string;
}

export interface ParsedStream {
  readonly events: readonly DispatchedEvent[];
  /** What the browser sends as Last-Event-ID when the stream breaks here; undefined: it sends none. */
  readonly lastEventId: string | undefined;
}

/** What a browser makes of a stream of server-sent events, by the HTML standard's "event stream interpretation". */
export function parseEventStream(text: string): ParsedStream {
  const events: DispatchedEvent[] = [];
  let lastEventId = "";
  let [id, name, data] = ["", "", ""];
  // What no line ends is not complete; an event that no blank line ends is not dispatched.
  for (const line of text.split(/\r\n|\n|\r/).slice(0, -1)) {
    if (line === "") {
      lastEventId = id;
      if (data !== "") events.push({ name: name || "message", data: data.slice(0, -1) });
      [name, data] = ["", ""];
      continue;
    }
    const [, field, value = ""] = /^([^:]*)(?:: ?(.*))?$/s.exec(line)!;
    if (field === "event") name = value;
    else if (field === "data") data += `${value}\n`;
    else if (field === "id" && !value.includes("\0")) id = value;
  }
  return { events, lastEventId: lastEventId || undefined };
}
