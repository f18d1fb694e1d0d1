import { escapeText, toSafeJson } from "../../../util/escape.ts";
import type { Hasher } from "../../../util/hash.ts";
import { fitText, textWidth } from "../../../util/text_width.ts";
import { formatSize, MS_PER_SECOND } from "../../../util/units.ts";
import type { Output } from "../../context.ts";
import { messageToJson } from "../../render_message.ts";
import { printRows } from "../../tables.ts";
import { traceFrame, tracePayload } from "../../../wire/frame_trace.ts";
import { printFrame } from "../frame_report.ts";
import { traceOptions } from "../trace_options.ts";
import { summarize } from "./message_summary.ts";
import type { Sighting } from "./sighting.ts";

interface TypeTotal {
  readonly type: string;
  count: number;
  bytes: number;
}

export interface PrintOptions {
  readonly asJson: boolean;
  /** Below each message all of its fields. */
  readonly withFields: boolean;
}

/** Characters that are put together for one write. */
const BATCH_CHARACTERS = 65_536;
/** 50 ms: people see the first lines at once, and those that are rare when they come. */
const BATCH_MS = 50;
const SECONDS_DIGITS = 3;
/** The largest time that a date can hold. */
const LAST_DATE_MS = 8_640_000_000_000_000;
/** Of what matters of a message; a terminal may have less room. */
const SHOWN_CHARACTERS = 160;
const LEAST_CHARACTERS = 16;
const NUMBER_WIDTH = 6;
const TIME_WIDTH = 23;
const WAY_WIDTH = 33;
const TYPE_WIDTH = 11;
const SIZE_WIDTH = 9;
const FIELDS = 5;
const GAP = "  ";

/** Prints messages as they come, and in the end how many there were. It never holds more than a page. */
export class SightingPrinter {
  readonly #out: Output;
  readonly #hasher: Hasher;
  readonly #asJson: boolean;
  readonly #withFields: boolean;
  readonly #totals = new Map<string, TypeTotal>();
  #text = "";
  #writtenAt = Date.now();
  #problems = 0;

  constructor(out: Output, hasher: Hasher, { asJson, withFields }: PrintOptions) {
    this.#out = out;
    this.#hasher = hasher;
    this.#asJson = asJson;
    this.#withFields = withFields;
  }

  get count(): number {
    return this.#totals.values().reduce((sum, { count }) => sum + count, 0);
  }

  /** Resolves when there is room for more: a reader that is slow, or gone, is waited for. */
  async print(sighting: Sighting): Promise<void> {
    this.#count(sighting);
    this.#text += `${this.#asJson ? this.#toJson(sighting) : this.#toLine(sighting)}\n`;
    if (this.#withFields) this.#text += this.#fieldsOf(sighting);
    if (this.#text.length >= BATCH_CHARACTERS || Date.now() - this.#writtenAt >= BATCH_MS) await this.flush();
  }

  async flush(): Promise<void> {
    if (this.#text !== "") this.#out.stream.write(this.#text);
    this.#text = "";
    await this.#out.stream.flush();
    this.#writtenAt = Date.now();
  }

  /** Prints the totals by type. */
  async end(): Promise<void> {
    await this.flush();
    const totals = [...this.#totals.values()].sort((left, right) => right.bytes - left.bytes);
    const all: TypeTotal = { type: "all", count: 0, bytes: 0 };
    for (const { count, bytes } of totals) {
      all.count += count;
      all.bytes += bytes;
    }
    if (this.#asJson) {
      const types = Object.fromEntries(totals.map(({ type, count, bytes }) => [type, { count, bytes }]));
      this.#out.line(toSafeJson({ summary: { count: all.count, bytes: all.bytes, problems: this.#problems, types } }));
      return;
    }
    this.#out.line("");
    printRows([...totals, all], [
      { title: "type", cell: ({ type }) => type },
      { title: "messages", cell: ({ count }) => String(count), isNumber: true },
      { title: "size", cell: ({ bytes }) => formatSize(bytes), isNumber: true },
    ], this.#out);
    if (this.#problems > 0) this.#out.line(this.#out.colors.red(`${this.#problems} of them with a problem`));
  }

  #count({ type, sizeBytes, problem }: Sighting): void {
    let total = this.#totals.get(type);
    if (!total) this.#totals.set(type, total = { type, count: 0, bytes: 0 });
    total.count++;
    total.bytes += sizeBytes;
    if (problem !== undefined) this.#problems++;
  }

  #fieldsOf({ network, bytes, isFramed }: Sighting): string {
    if (!network || bytes.length === 0) return "";
    const options = traceOptions(this.#hasher);
    const trace = isFramed
      ? traceFrame(network.wire, network.magic, bytes, 0, options)
      : tracePayload("bitcoin", "block", bytes, options);
    let text = "";
    const { stream, colors } = this.#out;
    const line = (each: string) => void (text += `    ${each}\n`);
    printFrame({ trace, network, bytes, start: 0 }, this.#hasher, { stream, colors, line });
    return text;
  }

  #toLine(sighting: Sighting): string {
    const { number, direction, from, to, type, sizeBytes, message, problem } = sighting;
    const { bold, dim, red } = this.#out.colors;
    const way = from !== undefined && to !== undefined ? `${from} → ${to}` : direction ?? "";
    const what = problem === undefined ? message ? summarize(message, this.#hasher) : "" : `problem: ${problem}`;
    const parts = [
      String(number).padStart(NUMBER_WIDTH),
      dim(showTime(sighting).padEnd(TIME_WIDTH)),
      escapeText(way).padEnd(WAY_WIDTH),
      bold(escapeText(type).padEnd(TYPE_WIDTH)),
      formatSize(sizeBytes).padStart(SIZE_WIDTH),
    ];
    const told = fitText(escapeText(what), this.#roomBehind(way));
    return `${parts.join(GAP)}${GAP}${problem === undefined ? told : red(told)}`.trimEnd();
  }

  /** Characters that are left of a line; colours take none. */
  #roomBehind(way: string): number {
    const { isTerminal, columns } = this.#out.stream;
    if (!isTerminal) return SHOWN_CHARACTERS;
    const fields = NUMBER_WIDTH + TIME_WIDTH + Math.max(WAY_WIDTH, textWidth(way)) + TYPE_WIDTH + SIZE_WIDTH;
    return Math.min(SHOWN_CHARACTERS, Math.max(LEAST_CHARACTERS, columns - fields - FIELDS * GAP.length));
  }

  #toJson(
    { number, time, isRelative, direction, from, to, network, type, sizeBytes, message, problem }: Sighting,
  ): string {
    return toSafeJson({
      number,
      time: isRelative || time === undefined ? null : time,
      seconds: isRelative && time !== undefined ? time / MS_PER_SECOND : null,
      direction: direction ?? null,
      from: from ?? null,
      to: to ?? null,
      network: network?.name ?? null,
      type,
      sizeBytes,
      problem: problem ?? null,
      summary: message ? summarize(message, this.#hasher) : null,
      message: message ? messageToJson(message) : null,
    });
  }
}

function showTime({ time, isRelative }: Sighting): string {
  if (time === undefined) return "-";
  if (isRelative) return (time / MS_PER_SECOND).toFixed(SECONDS_DIGITS);
  if (!(Math.abs(time) <= LAST_DATE_MS)) return String(time);
  return new Date(time).toISOString().replace("T", " ").replace("Z", "");
}
