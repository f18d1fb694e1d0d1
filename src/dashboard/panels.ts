import type { ChannelUse } from "../bus/bus.ts";
import type { Diagnosis, Finding } from "../doctor/diagnosis.ts";
import type { Vitals } from "../doctor/vitals.ts";
import { byId, el, setText } from "./dom.ts";
import { formatBytes, formatClock, formatCount, formatMs, formatSeconds, formatShare, shortHash } from "./format.ts";
import type { Moment } from "./history.ts";
import { MS_PER_SECOND } from "../util/units.ts";

/** Events that the list keeps. */
const MAX_EVENTS = 40;
const MAX_LINE_CHARS = 300;
const HASH = /^[0-9a-f]{64}$/;
const MARKS: { readonly [L in Finding["level"]]: string } = { problem: "✕", warning: "!", note: "i", ok: "✓" };

/** The figures at the top. */
export function showFigures(vitals: Vitals, moment: Moment | undefined): void {
  const { chain, peers, times, machine, pool, startedAt, at } = vitals;
  const behind = chain.headers - chain.height;
  figure("height", formatWhole(chain.height), behind > 0 ? `${behind} behind` : chain.syncing ? "syncing" : "in step");
  figure("peers", String(peers.inbound + peers.outbound), `${peers.inbound} in, ${peers.outbound} out`);
  figure(
    "traffic",
    `${formatBytes(Math.round((moment?.bytesIn ?? 0) + (moment?.bytesOut ?? 0)))}/s`,
    `${formatBytes(Math.round(moment?.bytesIn ?? 0))} in, ${formatBytes(Math.round(moment?.bytesOut ?? 0))} out`,
  );
  figure("propagation", formatMs(times.blockPropagation.p50Ms), `p99 ${formatMs(times.blockPropagation.p99Ms)}`);
  figure("loop", formatMs(machine?.loopDelay.p99Ms), `p99; CPU ${formatShare(moment?.cpuShare)}`);
  figure("memory", formatBytes(machine?.rssBytes), `${formatBytes(peers.heldBytes)} held for peers`);
  figure("pool", formatCount(pool.count), formatBytes(pool.bytes));
  figure("uptime", formatSeconds((at - startedAt) / MS_PER_SECOND), "");
}

function figure(id: string, value: string, note: string): void {
  setText(byId(`figure-${id}`), value);
  setText(byId(`figure-${id}-note`), note);
}

/** How far the sync is; nothing to see once it is done. */
export function showSync({ chain, queues }: Vitals): void {
  const place = byId("sync");
  const isBehind = chain.syncing || chain.headers > chain.height;
  place.hidden = !isBehind;
  const bar = byId("sync-bar") as HTMLProgressElement;
  bar.value = chain.progress;
  setText(
    byId("sync-note"),
    `${formatWhole(chain.height)} of ${formatWhole(chain.headers)} blocks, ${formatShare(chain.progress)}; ` +
      `${queues.blocksInFlight} asked for`,
  );
}

/** The event channels: how full, how much was missed. */
export function showChannels(channels: readonly ChannelUse[]): void {
  byId("channels-body").replaceChildren(
    ...channels.map(({ channel, usage, capacity, published, lag, offered, wait }) => {
      const meter = el("meter", {
        min: 0,
        max: 1,
        high: 0.8,
        value: usage,
        "aria-label": `${channel}: ${formatShare(usage)} of ${capacity}`,
      });
      return el(
        "tr",
        {},
        el("th", { scope: "row" }, channel),
        el("td", {}, meter, ` ${formatShare(usage)}`),
        el("td", { class: "number" }, formatCount(published)),
        el(
          "td",
          { class: lag > 0 ? "number bad" : "number", title: `${lag} of ${offered} deliveries` },
          lag > 0 ? `${formatCount(lag)} (${formatShare(lag / offered)})` : "0",
        ),
        el("td", { class: "number wide" }, formatMs(wait.p99Ms)),
      );
    }),
  );
}

/** What the doctor finds, the gravest first, with its numbers and its advice. */
export function showFindings({ findings }: Diagnosis): void {
  byId("findings").replaceChildren(...findings.map(({ level, text, evidence, advice }) => {
    const numbers = Object.entries(evidence).filter(([, value]) => value !== null)
      .map(([name, value]) => `${name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)} ${value}`).join(", ");
    return el(
      "li",
      { class: level },
      el("span", { class: "mark", title: level, "aria-label": level }, MARKS[level]),
      el(
        "div",
        {},
        el("p", {}, text),
        el("p", { class: "evidence" }, numbers),
        ...(advice === null ? [] : [el("p", { class: "advice" }, `→ ${advice}`)]),
      ),
    );
  }));
}

/** The latest events, the newest first. */
export class EventList {
  readonly #place = byId("events");

  add(type: string, time: number, event: Readonly<Record<string, unknown>>): void {
    const line = el(
      "li",
      {},
      el("time", {}, formatClock(time)),
      el("b", {}, type),
      el("span", {}, describe(event)),
    );
    this.#place.prepend(line);
    while (this.#place.children.length > MAX_EVENTS) this.#place.lastElementChild!.remove();
  }
}

/** An event's fields on one line; of a peer, who it is. */
function describe(event: Readonly<Record<string, unknown>>): string {
  return Object.entries(event).map(([name, value]) => {
    if (typeof value === "number") return `${name} ${Number(value.toFixed(1))}`;
    if (typeof value === "string" && HASH.test(value)) return `${name} ${shortHash(value)}`;
    if (typeof value !== "object" || value === null) return `${name} ${value}`;
    const { id, address, userAgent } = value as Readonly<Record<string, unknown>>;
    return address === undefined ? `${name} ${JSON.stringify(value)}` : `${name} ${id} ${address} ${userAgent ?? ""}`;
  }).join(" · ").slice(0, MAX_LINE_CHARS);
}

function formatWhole(value: number): string {
  return value.toLocaleString("en").replaceAll(",", " ");
}
