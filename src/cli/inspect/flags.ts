import { CHANNELS } from "../../bus/channels.ts";
import { EVENT_CHANNELS } from "../../node/events.ts";
import { listFlag, switchFlag, valueFlag } from "../flag.ts";
import { COMMON_FLAGS, JSON_FLAGS, PLACE_FLAGS, TOKEN_FLAGS } from "../flags.ts";
import { count, duration, oneOf, text } from "../values.ts";
import { MESSAGE_TYPES } from "../../wire/frame_trace.ts";

/** Weeks of a busy node. */
const MAX_EVENTS = 1_000_000_000;

/** What `p2p inspect` takes; which of them have a meaning, each view says. */
export const INSPECT_FLAGS = {
  ...PLACE_FLAGS,
  ...TOKEN_FLAGS,
  live: switchFlag("show it again and again: a screen with keys on a terminal", { conflicts: ["json"] }),
  interval: valueFlag(duration, "TIME", "how often --live looks", { fallbackText: "1s" }),
  wait: valueFlag(duration, "TIME", "wait so long for the node to answer"),
  timeout: valueFlag(duration, "TIME", "how long each step of inspect remote may take", { fallbackText: "10s" }),
  sort: valueFlag(text, "COLUMN[:desc]", "order the rows by a column"),
  filter: listFlag(text, "CONDITION", "show rows with COLUMN=VALUE only; also != < > <= >= ~ (contains) !~"),
  columns: valueFlag(text, "NAME,…|all", "show these columns", { conflicts: ["json"] }),
  tips: switchFlag("show the ends of all branches of the chain"),
  channels: valueFlag(text, "NAME,…", `events of these channels: ${CHANNELS.join(", ")}`, {
    fallbackText: "all",
    words: CHANNELS,
  }),
  types: valueFlag(text, "NAME,…", "events of these types only, such as peer:connected", {
    words: Object.keys(EVENT_CHANNELS),
  }),
  count: valueFlag(count(1, MAX_EVENTS), "N", "end after so many events, messages, pings, or looks of --live"),
  for: valueFlag(duration, "TIME", "how long a ban lasts", { fallbackText: "24h" }),
  dot: switchFlag("print the topology as a graph for Graphviz", { conflicts: ["json"] }),
  fields: switchFlag("show every field of each message in FILE", { conflicts: ["json"] }),
  payload: valueFlag(oneOf(MESSAGE_TYPES), "TYPE", "HEX is the payload of a message of this type, without its header"),
  reason: valueFlag(text, "TEXT", "why somebody is banned"),
  ...JSON_FLAGS,
  ...COMMON_FLAGS,
};

/** Flags that not every view has a use for. */
export type ViewFlag = Exclude<keyof typeof INSPECT_FLAGS, keyof typeof COMMON_FLAGS>;

/** How a view that asks a running node finds it. */
export const NODE_PLACE = [
  "network",
  "data-dir",
  "control",
  "control-token-file",
  "wait",
] as const satisfies readonly ViewFlag[];

/** How the rows of a table are chosen. */
export const TABLE_FLAGS = ["sort", "filter", "columns"] as const satisfies readonly ViewFlag[];

/** What `--live` takes besides. */
export const LIVE_FLAGS = ["interval", "count", ...TABLE_FLAGS] as const satisfies readonly ViewFlag[];
