import type { Message, MessageType } from "../protocol/messages.ts";
import { serviceNames } from "../protocol/service_flags.ts";
import { formatHostPort } from "../util/endpoint.ts";
import { escapeText, toSafeJson } from "../util/escape.ts";
import type { Output } from "./context.ts";
import type { Expectations } from "./expectations.ts";
import type { Greeting } from "./greeting.ts";
import { type Json, messageToJson, messageToLine } from "./render_message.ts";

/** How `p2p connect` shows what happens. */
export interface ConnectView {
  peer(greeting: Greeting): void;
  message(message: Message): void;
  /** The conversation is over. */
  end(expectations: Expectations): void;
}

export type ConnectFormat = "text" | "json" | "ndjson";

/** --json shows everything at the end: a peer that floods must not fill the memory until then. */
const MAX_KEPT_MESSAGES = 1_000;
const INDENT = 2;
const LABEL_WIDTH = 12;
/** Tenths of a millisecond: what a loopback round trip shows in. */
const TIME_DIGITS = 1;
const US_PER_MS = 1_000;

/** The introduction tells what these said. */
const HANDSHAKE_TYPES: ReadonlySet<MessageType> = new Set(["version", "wtxidrelay", "sendaddrv2", "verack"]);

/** `print` takes whole lines for stdout. */
export function createView(format: ConnectFormat, out: Output, print: (text: string) => void): ConnectView {
  const { bold, dim } = out.colors;
  const kept: Json[] = [];
  let received = 0;
  let peer: Json = null;
  /** What came before the peer was introduced. */
  const early: Message[] = [];
  let isIntroduced = false;

  function showLine(message: Message): void {
    print(`${dim("<")} ${messageToLine(message)}\n`);
  }

  const views: { readonly [F in ConnectFormat]: ConnectView } = {
    text: {
      peer(greeting) {
        print(describePeer(greeting, bold));
        early.splice(0).forEach(showLine);
        isIntroduced = true;
      },
      message(message) {
        if (isIntroduced) showLine(message);
        else if (!HANDSHAKE_TYPES.has(message.type) && early.length < MAX_KEPT_MESSAGES) early.push(message);
      },
      end: () => {},
    },
    ndjson: {
      peer: (greeting) => print(`${toSafeJson({ event: "peer", ...peerToJson(greeting) })}\n`),
      message: (message) => print(`${toSafeJson({ event: "message", ...messageToJson(message) })}\n`),
      end: () => {},
    },
    json: {
      peer(greeting) {
        peer = peerToJson(greeting);
      },
      message(message) {
        received++;
        if (kept.length < MAX_KEPT_MESSAGES) kept.push(messageToJson(message));
      },
      end({ met, missing }) {
        const left = received - kept.length;
        print(`${toSafeJson({ peer, messages: kept, messagesNotShown: left, expected: { met, missing } }, INDENT)}\n`);
      },
    },
  };
  return views[format];
}

function peerToJson({ agreement, address, timeOffsetSeconds, timesMs }: Greeting): Record<string, Json> {
  const { version } = agreement;
  return {
    address: formatHostPort(address),
    version: version.protocolVersion,
    userAgent: version.userAgent,
    services: serviceNames(version.services),
    height: version.startHeight,
    relay: version.relay ?? null,
    timeOffsetSeconds,
    timesMs: Object.fromEntries(Object.entries(timesMs).map(([step, ms]) => [step, ms && roundTime(ms)])),
  };
}

/** To whole microseconds: clocks are no finer. */
function roundTime(ms: number): number {
  return Math.round(ms * US_PER_MS) / US_PER_MS;
}

function describePeer(
  { agreement, address, timeOffsetSeconds, timesMs }: Greeting,
  bold: (text: string) => string,
): string {
  const { version } = agreement;
  const rows: readonly (readonly [string, string])[] = [
    ["peer", formatHostPort(address)],
    ["version", String(version.protocolVersion)],
    ["user agent", escapeText(version.userAgent)],
    ["services", serviceNames(version.services).join(", ") || "none"],
    ["height", String(version.startHeight)],
    ["clock", `${timeOffsetSeconds >= 0 ? "+" : ""}${timeOffsetSeconds} s`],
    ["times", Object.entries(timesMs).map(([step, ms]) => `${step} ${formatTime(ms)}`).join(", ")],
  ];
  return rows.map(([label, value]) => `${bold(label.padEnd(LABEL_WIDTH))}${value}\n`).join("");
}

function formatTime(ms: number | null): string {
  return ms === null ? "unanswered" : `${ms.toFixed(TIME_DIGITS)} ms`;
}
