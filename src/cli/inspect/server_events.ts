/** One event of a server: its name (`message` where it has none) and its data. */
export interface ServerEvent {
  readonly name: string;
  readonly data: string;
}

/** Reads server-sent events (HTML standard, section 9.2) from lines. Comments and what else has no data is left out. */
export async function* readServerEvents(lines: AsyncIterable<string>): AsyncGenerator<ServerEvent> {
  let name = "message";
  let data: string[] = [];
  for await (const line of lines) {
    const [, field = "", value = ""] = /^([^:]*):? ?(.*)$/.exec(line.replace(/\r$/, "")) ?? [];
    if (line.replace(/\r$/, "") === "") {
      if (data.length > 0) yield { name, data: data.join("\n") };
      name = "message";
      data = [];
    } else if (field === "event") {
      name = value;
    } else if (field === "data") {
      data.push(value);
    }
  }
}
