import type { NetworkParams } from "../../../protocol/network_params.ts";
import { serviceNames } from "../../../protocol/service_flags.ts";
import { formatHostPort } from "../../../util/endpoint.ts";
import { escapeText, toSafeJson } from "../../../util/escape.ts";
import { bitcoinCodec } from "../../../wire/bitcoin.ts";
import { nativeCodec } from "../../../wire/native.ts";
import type { Output } from "../../context.ts";
import { EXIT } from "../../exit.ts";
import { loadNetwork } from "../../network.ts";
import { createParts } from "../../parts.ts";
import { DEFAULT_GREETING_MS, readRemote } from "../../remote_word.ts";
import type { Json } from "../../render_message.ts";
import type { View } from "../view.ts";
import type { Features } from "./features.ts";
import { type Probe, probe } from "./probe.ts";

/** Round trips that are measured unless `--count` says otherwise. */
const DEFAULT_PINGS = 5;
const INDENT = 2;
const LABEL_WIDTH = 14;
/** Hundredths of a millisecond: what a loopback round trip shows in. */
const TIME_DIGITS = 2;
const US_PER_MS = 1_000;

/** Dials a node and tells what it is. */
export const remoteView: View = {
  summary: "who is at an address: version, services, features, and how fast it answers",
  subject: "HOST:PORT",
  takes: ["network", "timeout", "count", "json"],

  async run({ context, settings, id }) {
    const { env, transport, hasher } = createParts(context);
    const network = await loadNetwork(settings.network, hasher);
    const codec = network.wire === "native" ? nativeCodec(network.magic) : bitcoinCodec(network.magic, hasher);
    const remote = readRemote(id, network);
    const timeoutMs = settings.timeout ?? DEFAULT_GREETING_MS;
    const found = await probe({ env, transport, codec, remote, timeoutMs }, settings.count ?? DEFAULT_PINGS);
    if (settings.json) context.out.line(toSafeJson(probeToJson(found, network), INDENT));
    else printProbe(found, network, context.out);
    return EXIT.done;
  },
};

/** The stable form. */
function probeToJson({ greeting, features, pingsMs }: Probe, network: NetworkParams): Json {
  const { agreement, address, timeOffsetSeconds, timesMs } = greeting;
  const { version } = agreement;
  return {
    address: formatHostPort(address),
    network: network.name,
    wire: network.wire,
    version: version.protocolVersion,
    agreedVersion: agreement.protocolVersion,
    userAgent: version.userAgent,
    services: serviceNames(version.services),
    height: version.startHeight,
    timeOffsetSeconds,
    timesMs: {
      resolve: roundTime(timesMs.resolve),
      connect: roundTime(timesMs.connect),
      handshake: roundTime(timesMs.handshake),
    },
    pingMs: {
      count: pingsMs.length,
      min: timeAt(pingsMs, 0),
      median: timeAt(pingsMs, MIDDLE),
      max: timeAt(pingsMs, 1),
    },
    features: { ...features, sendcmpct: features.sendcmpct.map((each) => ({ ...each })) },
  };
}

function printProbe({ greeting, features, pingsMs }: Probe, network: NetworkParams, out: Output): void {
  const { agreement, address, timeOffsetSeconds, timesMs } = greeting;
  const { version } = agreement;
  const agreed = agreement.protocolVersion === version.protocolVersion ? "" : `, spoken ${agreement.protocolVersion}`;
  const rows: readonly (readonly [label: string, text: string])[] = [
    ["address", formatHostPort(address)],
    ["network", `${network.name}, ${network.wire} wire`],
    ["version", `${version.protocolVersion}${agreed}`],
    ["user agent", version.userAgent],
    ["services", serviceNames(version.services).join(", ") || "none"],
    ["height", String(version.startHeight)],
    ["clock", `${timeOffsetSeconds >= 0 ? "+" : ""}${timeOffsetSeconds} s`],
    ["resolve", showTime(timesMs.resolve)],
    ["connect", showTime(timesMs.connect)],
    ["handshake", showTime(timesMs.handshake)],
    ["ping", describePings(pingsMs)],
    ...describeFeatures(features),
  ];
  for (const [label, text] of rows) out.line(`${out.colors.bold(label.padEnd(LABEL_WIDTH))}${escapeText(text)}`);
}

function describeFeatures(features: Features): readonly (readonly [label: string, text: string])[] {
  const { sendcmpct, feefilter, relay, topics, unknown } = features;
  const compact = sendcmpct.map(({ version, highBandwidth }) =>
    `version ${version}${highBandwidth ? ", unasked" : ""}`
  );
  return [
    ["wtxidrelay", yesNo(features.wtxidrelay)],
    ["sendaddrv2", yesNo(features.sendaddrv2)],
    ["sendheaders", yesNo(features.sendheaders)],
    ["sendcmpct", compact.join("; ") || "no"],
    ["feefilter", feefilter === null ? "not said" : `${feefilter} satoshi per 1,000 virtual bytes`],
    ["relay", relay === null ? "not said" : yesNo(relay)],
    ["applications", yesNo(features.applications)],
    ["topics", topics.join(", ") || "none"],
    ["topology", yesNo(features.topology)],
    ...unknown.length > 0 ? [["unknown", unknown.join(", ")] as const] : [],
  ];
}

const MIDDLE = 0.5;

function describePings(pingsMs: readonly number[]): string {
  if (pingsMs.length === 0) return "unanswered";
  const [min, median, max] = [0, MIDDLE, 1].map((share) => showTime(at(pingsMs, share)!));
  return `${median} (median of ${pingsMs.length}, from ${min} to ${max})`;
}

/** The value below which this share of the values lie. */
function at(sorted: readonly number[], share: number): number | undefined {
  return sorted[Math.floor(share * (sorted.length - 1))];
}

function timeAt(sorted: readonly number[], share: number): number | null {
  const value = at(sorted, share);
  return value === undefined ? null : roundTime(value);
}

/** To whole microseconds: clocks are no finer. */
function roundTime(ms: number): number {
  return Math.round(ms * US_PER_MS) / US_PER_MS;
}

function showTime(ms: number): string {
  return `${ms.toFixed(TIME_DIGITS)} ms`;
}

function yesNo(is: boolean): string {
  return is ? "yes" : "no";
}
