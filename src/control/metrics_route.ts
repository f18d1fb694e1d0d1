import type { ControlAnswer, ControlRequest } from "./http_types.ts";
import type { Format } from "./metrics/exposition.ts";
import { STATUS } from "./responses.ts";
import type { ControlSubject } from "./subject.ts";

/** All metrics, in the format that the reader prefers. Loaded for the first who asks: nobody else needs the library. */
export async function answerMetrics(subject: ControlSubject, { accept = "" }: ControlRequest): Promise<ControlAnswer> {
  const { CONTENT_TYPES, expose } = await import("./metrics/exposition.ts");
  const { node, feed, version, runtime } = subject;
  const format: Format = accept.includes("application/openmetrics-text") ? "openmetrics" : "prometheus";
  const reading = {
    vitals: node.vitals(),
    figures: node.diagnose().figures,
    about: { version, network: node.network.name, runtime },
    readers: { count: feed.size, waitingBytes: feed.waitingBytes, historyBytes: feed.historyBytes },
  };
  const body = await expose(reading, format);
  return { status: STATUS.ok, headers: { "content-type": CONTENT_TYPES[format] }, body };
}
