import type { ChannelUse } from "../../bus/bus.ts";
import { counter, type Definition, gauge, type Reading, summaryOf } from "./definition.ts";
import { type Sample, summary } from "./samples.ts";

/** The channels in which a node's own events travel. */
export const EVENT_METRICS: readonly Definition[] = [
  counter("event_channel_events", "Events published.", of(({ published }) => published)),
  counter("event_channel_deliveries", "Deliveries to subscribers that were due.", of(({ offered }) => offered)),
  counter("event_channel_lag", "Deliveries that slow subscribers missed.", of(({ lag }) => lag)),
  gauge("event_channel_capacity_usage", "The fullest subscriber's queue, 0 to 1.", of(({ usage }) => usage)),
  gauge("event_channel_capacity", "Events that may wait for one subscriber.", of(({ capacity }) => capacity)),
  gauge("event_channel_subscribers", "Subscribers.", of(({ subscribers }) => subscribers)),
  summaryOf(
    "event_channel_wait",
    "From an event's publication to its delivery, by samples.",
    ({ vitals }, name) => vitals.channels.flatMap(({ channel, wait }) => summary(name, wait, { channel })),
  ),
];

function of(read: (use: ChannelUse) => number): (reading: Reading) => readonly Sample[] {
  return ({ vitals }) => vitals.channels.map((use) => ({ value: read(use), labels: { channel: use.channel } }));
}
