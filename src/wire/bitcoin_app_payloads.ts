import { LocalError } from "../protocol/errors.ts";
import type { MessageOf } from "../protocol/messages.ts";
import { MAX_APP_PAYLOAD_BYTES, MAX_TOPIC_BYTES, MAX_TOPICS } from "../protocol/wire_limits.ts";
import { varIntSize } from "../util/bytes.ts";
import { APP_BODIES, type AppBody, type AppType, checkRequestId, nameSize, readName, writeName } from "./app_bodies.ts";
import { type PayloadCodec, readCount } from "./bitcoin_payload.ts";

const UINT32_BYTES = 4;
/** A topic takes a byte of length and a byte of text at the least. */
const LEAST_TOPIC_BYTES = 2;

/** Bytes as they are. */
export const app: PayloadCodec<MessageOf<"app">> = {
  maxBytes: MAX_APP_PAYLOAD_BYTES,
  sizeOf: (message) => message.payload.length,
  write: (writer, message) => void writer.raw(message.payload),
  read: (source) => ({ type: "app", payload: source.rest() }),
};

export const publish = withHead("publish");
export const request = withHead("request");
export const response = withHead("response");
export const subscribe = topicList("subscribe");
export const unsubscribe = topicList("unsubscribe");

export const cancel: PayloadCodec<MessageOf<"cancel">> = {
  maxBytes: UINT32_BYTES,
  sizeOf: () => UINT32_BYTES,
  write(writer, message) {
    checkRequestId("cancel", message.id);
    writer.uint32(message.id);
  },
  read: ({ reader }) => ({ type: "cancel", id: reader.uint32("id") }),
};

/** The head that both wires share, then the payload as it is. */
function withHead<T extends AppType>(type: T): PayloadCodec<MessageOf<T>> {
  const { maxBytes, headSize, writeHead, read } = APP_BODIES[type] as AppBody<MessageOf<T>>;
  return {
    maxBytes,
    sizeOf: (message) => headSize(message) + message.payload.length,
    write(writer, message) {
      writeHead(writer, message);
      writer.raw(message.payload);
    },
    read,
  };
}

/** A count, then so many names. */
function topicList<T extends "subscribe" | "unsubscribe">(
  type: T,
): PayloadCodec<{ readonly type: T; readonly topics: readonly string[] }> {
  return {
    maxBytes: varIntSize(MAX_TOPICS) + MAX_TOPICS * (1 + MAX_TOPIC_BYTES),
    sizeOf: ({ topics }) =>
      topics.reduce((sum, topic) => sum + nameSize(topic, MAX_TOPIC_BYTES), varIntSize(topics.length)),
    write(writer, { topics }) {
      if (topics.length > MAX_TOPICS) {
        const why = `at most ${MAX_TOPICS} topics: received ${topics.length}`;
        throw new LocalError("bad-argument", `Cannot encode ${type}: ${why}`);
      }
      writer.varInt(topics.length);
      for (const topic of topics) writeName(writer, topic, MAX_TOPIC_BYTES);
    },
    read({ reader }) {
      const count = readCount(reader, MAX_TOPICS, LEAST_TOPIC_BYTES, "topics");
      const topics: string[] = [];
      for (let i = 0; i < count; i++) {
        reader.enter("topics", i);
        topics.push(readName(reader, MAX_TOPIC_BYTES));
        reader.leave();
      }
      return { type, topics };
    },
  };
}
