import { counter, type Definition, gauge, summaryOf } from "./definition.ts";
import { one, summary } from "./samples.ts";

/** What waits, and for how long. */
export const QUEUE_METRICS: readonly Definition[] = [
  gauge(
    "mailbox_bytes",
    "Bytes that peers sent and nobody handled yet.",
    ({ vitals: { queues } }) => one(queues.mailboxBytes),
  ),
  gauge(
    "mailboxes_paused",
    "Peers that are not read from because messages wait.",
    ({ vitals: { queues } }) => one(queues.pausedPeers),
  ),
  gauge("outbox_bytes", "Bytes that wait for peers to take them.", ({ vitals: { queues } }) => one(queues.outboxBytes)),
  gauge("outbox_frames", "Frames of those.", ({ vitals: { queues } }) => one(queues.outboxFrames)),
  counter(
    "outbox_dropped",
    "Frames dropped because a peer's outbox was full.",
    ({ vitals: { traffic } }) => one(traffic.dropped),
  ),
  gauge(
    "request_queue_items",
    "Requests to any peer that wait for their turn.",
    ({ vitals: { queues } }) => one(queues.requests),
  ),
  gauge("request_queue_bytes", "Bytes of those.", ({ vitals: { queues } }) => one(queues.requestBytes)),
  gauge(
    "requests_under_way",
    "Requests that were asked and wait for their answer.",
    ({ vitals: { queues } }) => one(queues.requestsUnderWay),
  ),
  counter(
    "requests_refused",
    "Requests refused because the queue was full.",
    ({ vitals: { queues } }) => one(queues.requestsRefused),
  ),
  gauge("blocks_in_flight", "Blocks that are asked of peers.", ({ vitals: { queues } }) => one(queues.blocksInFlight)),
  summaryOf(
    "peer_turn_wait",
    "What was left of a peer's messages after its turn, until the next one.",
    ({ vitals: { times } }, name) => summary(name, times.turnWait),
  ),
  summaryOf(
    "peer_write_wait",
    "A connection that took no more, until it did.",
    ({ vitals: { times } }, name) => summary(name, times.writeWait),
  ),
  summaryOf(
    "request_wait",
    "Requests to any peer, until the first one is asked.",
    ({ vitals: { times } }, name) => summary(name, times.requestWait),
  ),
];
