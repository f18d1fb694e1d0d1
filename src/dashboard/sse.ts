/** One event of a stream, as its lines say. */
export interface ServerEvent {
  /** `message` where no line names it. */
  readonly name: string;
  readonly data: string;
  /** By which the stream can be gone on with from here. */
  readonly id?: string;
}

/** Longest line that is waited for: far above any event. */
const MAX_BUFFER_CHARS = 4_194_304;

/** Finds the events in a stream of text that comes in any pieces (the fields of WHATWG's server-sent events). */
export class EventParser {
  #buffer = "";

  /** The events that are complete now. Comments and waiting times are skipped. */
  feed(text: string): readonly ServerEvent[] {
    this.#buffer += text;
    if (this.#buffer.length > MAX_BUFFER_CHARS) throw new Error("an event without an end");
    const blocks = this.#buffer.split(/\r?\n\r?\n/);
    this.#buffer = blocks.pop() ?? "";
    return blocks.flatMap(readBlock);
  }
}

function readBlock(block: string): ServerEvent[] {
  let name = "message";
  let id: string | undefined;
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const value = line.slice(line.indexOf(":") + 1).replace(/^ /, "");
    if (line.startsWith("event:")) name = value;
    if (line.startsWith("id:")) id = value;
    if (line.startsWith("data:")) data.push(value);
  }
  return data.length > 0 ? [{ name, data: data.join("\n"), ...(id !== undefined && { id }) }] : [];
}
