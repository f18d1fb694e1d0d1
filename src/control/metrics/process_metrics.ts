import { counter, type Definition, gauge, summaryOf } from "./definition.ts";
import { one, summary } from "./samples.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** What the process takes of the machine, and who watches it. */
export const PROCESS_METRICS: readonly Definition[] = [
  gauge("info", "Which program this is; always 1.", ({ about }) => [{ value: 1, labels: { ...about } }]),
  gauge(
    "uptime_seconds",
    "Seconds since the start of the node.",
    ({ vitals: { at, startedAt } }) => one((at - startedAt) / MS_PER_SECOND),
  ),
  counter(
    "process_cpu_seconds",
    "CPU time of the process, all threads.",
    ({ vitals: { machine } }) => one(machine && machine.cpuMs / MS_PER_SECOND),
  ),
  gauge(
    "process_resident_memory_bytes",
    "Memory of the process.",
    ({ vitals: { machine } }) => one(machine?.rssBytes),
  ),
  gauge("process_heap_bytes", "JavaScript objects and buffers.", ({ vitals: { machine } }) => one(machine?.heapBytes)),
  summaryOf(
    "event_loop_delay",
    "How late the event loop is, by a beat of 50 ms.",
    ({ vitals: { machine } }, name) => machine ? summary(name, machine.loopDelay) : [],
  ),
  gauge("control_event_readers", "Readers of /v1/events.", ({ readers }) => one(readers.count)),
  gauge(
    "control_event_reader_bytes",
    "Bytes that wait for slow readers of /v1/events.",
    ({ readers }) => one(readers.waitingBytes),
  ),
  gauge(
    "control_event_history_bytes",
    "Bytes of events that are kept for readers of /v1/events who come back.",
    ({ readers }) => one(readers.historyBytes),
  ),
];
