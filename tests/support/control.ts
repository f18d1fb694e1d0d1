import { EventFeed } from "../../src/control/event_feed.ts";
import type {
  ControlAnswer,
  ControlRequest,
  ControlResponse,
  StreamSource,
  StreamWriter,
} from "../../src/control/http_types.ts";
import { toControlRequest } from "../../src/control/request.ts";
import type { Answering } from "../../src/control/routes.ts";
import type { ControlSubject } from "../../src/control/subject.ts";
import type { P2PNode } from "../../src/node/types.ts";
import type { Env } from "../../src/util/env.ts";
import { ManualEnv } from "./manual_env.ts";

export const UPTIME_MS = 61_500;

/** What the control API speaks about, of a node under test. `env`: whose time the events' readers live in. */
export function controlSubject(node: P2PNode, env: Env = new ManualEnv()): ControlSubject {
  const feed = new EventFeed({ node, env });
  return { node, feed, version: "1.2.3", runtime: "nodejs 24", uptimeMs: () => UPTIME_MS };
}

export function controlRequest(
  method: string,
  target: string,
  changes: Partial<ControlRequest> = {},
): ControlRequest {
  return { ...toControlRequest({ method, target, host: "127.0.0.1:8080", isLocalSocket: false }), ...changes };
}

/** The answer, which must be there at once and have an end. */
export function plain(answer: Answering): ControlResponse {
  const answered = atOnce(answer);
  if ("open" in answered) throw new Error("a stream");
  return answered;
}

export function atOnce(answer: Answering): ControlAnswer {
  if (answer instanceof Promise) throw new Error("an answer that is yet to come");
  return answer;
}

/** A reader of a stream whose connection takes bytes, or not, as the test says. */
export class RecordedReader implements StreamWriter {
  readonly writes: Uint8Array[] = [];
  takes = true;
  isCut = false;
  readonly source: StreamSource;

  constructor(answering: Answering) {
    const answer = atOnce(answering);
    if (!("open" in answer)) throw new Error(`no stream: ${answer.status} ${answer.body}`);
    this.source = answer.open(this);
  }

  write(bytes: Uint8Array): boolean {
    this.writes.push(bytes);
    return this.takes;
  }

  cut(): void {
    this.isCut = true;
    this.source.closed();
  }

  /** Everything it was sent, as text. */
  get text(): string {
    const decoder = new TextDecoder();
    return this.writes.map((bytes) => decoder.decode(bytes)).join("");
  }

  /** The events that it was sent, in order. */
  get events(): readonly SentEvent[] {
    return this.text.split("\n\n").flatMap((block) => {
      const data = /^data: (.*)$/m.exec(block)?.[1];
      return data === undefined ? [] : [{ name: /^event: (.*)$/m.exec(block)?.[1], ...JSON.parse(data) }];
    });
  }
}

export interface SentEvent {
  /** `lag`, or undefined for an event of the node. */
  readonly name: string | undefined;
  readonly type: string;
  readonly channel: string;
  readonly time: number;
  readonly event: Readonly<Record<string, unknown>>;
  readonly missed: number;
}
