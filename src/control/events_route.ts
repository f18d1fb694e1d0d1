import { CHANNELS } from "../bus/channels.ts";
import { EVENT_CHANNELS } from "../node/events.ts";
import { MAX_EVENT_READERS, MAX_EVENT_TYPES } from "../protocol/control_params.ts";
import { type EventFeed, type EventWish, typesOf } from "./event_feed.ts";
import type { ControlAnswer, ControlRequest } from "./http_types.ts";
import { refuse, STATUS } from "./responses.ts";

const STREAM_HEADERS = { "content-type": "text/event-stream; charset=utf-8" };
const TOPIC_PREFIX = "topic:";

/** `?channels=control,data&types=peer:connected,topic:NAME`: all channels and all of their events unless told. */
export function answerEvents(feed: EventFeed, { query, lastEventId }: ControlRequest): ControlAnswer {
  const wish = readWish(query);
  if (typeof wish === "string") return refuse(STATUS.badRequest, wish);
  if (feed.size >= MAX_EVENT_READERS) {
    return refuse(STATUS.unready, `${MAX_EVENT_READERS} readers of events are here already: no more are served`);
  }
  return { status: STATUS.ok, headers: STREAM_HEADERS, open: (writer) => feed.open({ ...wish, lastEventId }, writer) };
}

/** The wish, or what is wrong with it. */
function readWish(query: URLSearchParams): EventWish | string {
  const types = readList(query.get("types"));
  const channels = readList(query.get("channels"));
  const known = Object.keys(EVENT_CHANNELS);
  if (types.length > MAX_EVENT_TYPES) return `types lists at most ${MAX_EVENT_TYPES} names`;
  const unknownChannel = channels.find((name) => !(CHANNELS as readonly string[]).includes(name));
  if (unknownChannel !== undefined) return `channels are ${CHANNELS.join(", ")}: received ${unknownChannel}`;
  const unknownType = types.find((name) => !known.includes(name) && !name.startsWith(TOPIC_PREFIX));
  if (unknownType !== undefined) {
    return `types are ${known.join(", ")} and ${TOPIC_PREFIX}NAME: received ${unknownType}`;
  }
  if (types.length === 0) {
    return {
      sources: channels.length > 0 ? channels : CHANNELS,
      wants: () => true,
      wantsAll: true,
    };
  }
  const topics = types.filter((name) => name.startsWith(TOPIC_PREFIX));
  const asked = (channels.length > 0 ? channels : CHANNELS).filter((channel) =>
    typesOf(channel).some((type) => types.includes(type))
  );
  const sources = [...asked, ...topics];
  if (sources.length === 0) return `no event of ${types.join(", ")} travels in ${channels.join(", ")}`;
  const wanted = new Set(types);
  return { sources, wants: (type) => wanted.has(type), wantsAll: false };
}

function readList(text: string | null): readonly string[] {
  return [...new Set((text ?? "").split(",").map((name) => name.trim()).filter((name) => name !== ""))];
}
