import { CHANNELS } from "../../bus/channels.ts";
import { LocalError } from "../../protocol/errors.ts";
import { formatEndpoint } from "../../util/endpoint.ts";
import { escapeText, toSafeJson } from "../../util/escape.ts";
import type { Output } from "../context.ts";
import { CommandError, EXIT } from "../exit.ts";
import type { Json } from "../render_message.ts";
import { watchSignals } from "../signals.ts";
import { findControl, openControlLines } from "./ask.ts";
import { NODE_PLACE } from "./flags.ts";
import { readServerEvents } from "./server_events.ts";
import type { InspectSettings, Question, ViewTable } from "./view.ts";

type Fields = { readonly [key: string]: Json };

/** What a node tells as it happens. */
interface NodeEvent {
  readonly type: string;
  readonly channel: string;
  /** Unix milliseconds. */
  readonly time: number;
  readonly event: Json;
}

const CHANNEL_WIDTH = Math.max(...CHANNELS.map((name) => name.length));
/** Of an ISO date: the time of day, and no zone. */
const TIME_OF_DAY = [11, 23] as const;
/** What tells of a peer which one it is; `inspect peer ID` tells the rest. */
const PEER_FIELDS = ["id", "direction", "address", "userAgent"];

/** What happens, as it happens. */
export const EVENT_VIEWS: ViewTable = {
  events: {
    summary: "what happens, one line an event, until interrupted",
    takes: [...NODE_PLACE, "json", "channels", "types", "count"],
    run: followEvents,
  },
};

async function followEvents({ context, settings }: Question): Promise<number> {
  const query = new URLSearchParams();
  if (settings.channels !== undefined) query.set("channels", settings.channels);
  if (settings.types !== undefined) query.set("types", settings.types);
  const interrupt = watchSignals(context.host);
  try {
    const control = await findControl(settings, context.host.environment);
    const lines = await openControlLines(control, `/v1/events?${query}`, interrupt.signal, settings.wait);
    const isDone = await showEvents(lines, settings, context.out).catch((error: unknown) => {
      if (!(error instanceof LocalError)) throw error;
      return false;
    });
    if (isDone) return EXIT.done;
    if (interrupt.signal.aborted) return interrupt.exitCode;
    throw new CommandError(EXIT.unreachable, `the node at ${formatEndpoint(control.endpoint)} ended the events`);
  } finally {
    interrupt[Symbol.dispose]();
  }
}

/** True once there were as many as asked for; false where the node ends them before. */
async function showEvents(
  lines: AsyncIterable<string>,
  settings: InspectSettings,
  out: Output,
): Promise<boolean> {
  let count = 0;
  for await (const { name, data } of readServerEvents(lines)) {
    show(name, data, settings.json, out);
    if (name === "message" && ++count === settings.count) return true;
  }
  return false;
}

function show(name: string, data: string, asJson: boolean, out: Output): void {
  const value = JSON.parse(data) as Fields;
  if (name === "lag") {
    if (asJson) return out.line(toSafeJson({ type: "lag", ...value }));
    const many = value["atMost"] === true ? `at most ${value["missed"]}` : value["missed"];
    return out.line(out.colors.yellow(`missed ${many} events of channel ${escapeText(String(value["channel"]))}`));
  }
  if (asJson) return out.line(toSafeJson(value));
  const { type, channel, time, event } = value as unknown as NodeEvent;
  const clock = new Date(time).toISOString().slice(...TIME_OF_DAY);
  const head = `${clock}  ${escapeText(channel).padEnd(CHANNEL_WIDTH)}  ${out.colors.bold(escapeText(type))}`;
  out.line(`${head}  ${Object.entries(flatten(event)).map(([key, text]) => `${key}=${text}`).join(" ")}`);
}

/** `name=value` pairs on one line; of a peer, which one it is. */
function flatten(event: Json): Readonly<Record<string, string>> {
  const pairs: Record<string, string> = {};
  for (const [key, value] of Object.entries((event ?? {}) as Fields)) {
    if (key !== "peer" || typeof value !== "object" || value === null) pairs[escapeText(key)] = showValue(value);
    else for (const field of PEER_FIELDS) pairs[field === "id" ? "peer" : field] = showValue((value as Fields)[field]!);
  }
  return pairs;
}

/** A text with blanks in it stands in quotes, so that the pairs can be told apart. */
function showValue(value: Json): string {
  const text = escapeText(typeof value === "object" ? JSON.stringify(value) : String(value));
  return typeof value === "string" && /[\s"]/.test(text) ? JSON.stringify(text) : text;
}
