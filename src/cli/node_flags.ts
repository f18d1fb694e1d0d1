import { CHANNEL_CAPACITIES, CHANNEL_MODES } from "../bus/channels.ts";
import {
  DEFAULT_MAX_INBOUND,
  DEFAULT_MAX_OUTBOUND,
  DEFAULT_MAX_PER_ADDRESS,
  DEFAULT_MAX_PER_GROUP,
  MAX_OPTION_PEERS,
  SEED_MAX_INBOUND,
} from "../protocol/peer_params.ts";
import { DEFAULT_NOTIFY_WORKERS, MAX_NOTIFY_WORKERS } from "../protocol/notify_params.ts";
import { MAX_WORKERS } from "../protocol/shard_params.ts";
import { PERMISSIONS } from "../protocol/permissions.ts";
import { DEDUPE_MODES } from "../protocol/dedupe.ts";
import { STRATEGY_NAMES } from "../net/balancing/rules.ts";
import { CAPTURE_FLAGS } from "./capture.ts";
import { defaultFlag, listFlag, switchFlag, valueFlag } from "./flag.ts";
import { COMMON_FLAGS, JSON_FLAGS, PLACE_FLAGS, TOKEN_FLAGS } from "./flags.ts";
import {
  balancingRule,
  channelCapacity,
  handlerFile,
  localHost,
  mebibytes,
  oneOf,
  permit,
  remoteHost,
  seconds,
  text,
  topicName,
  weight,
  wholeNumber,
} from "./values.ts";

/** Each outbound peer takes a place at somebody else's node. */
const MAX_OUTBOUND = 1_000;

const setting = { isSetting: true };
const inboundSetting = { ...setting, idleBeside: ["no-listen"] };

/** What `p2p node` takes. */
export const NODE_FLAGS = {
  seed: switchFlag("be a seed: serve many short connections, dial nobody", {
    ...setting,
    conflicts: ["join", "connect"],
    valueHint: "to join through a seed use --join HOST:PORT",
  }),
  join: listFlag(remoteHost, "HOST:PORT", "bootstrap through this peer, then discover others", setting),
  connect: listFlag(remoteHost, "HOST:PORT", "connect to these peers only", setting),
  ...PLACE_FLAGS,
  ...TOKEN_FLAGS,
  listen: listFlag(localHost, "HOST:PORT", "accept peers here", {
    ...setting,
    fallbackText: "0.0.0.0 and :: at the network's port",
    conflicts: ["no-listen"],
  }),
  "no-listen": switchFlag("accept no peers", { ...setting, conflicts: ["listen"] }),
  "no-discover": switchFlag("dial nobody but --join and --connect peers", setting),
  "discover-local": switchFlag(
    "find nodes on the local network too; tells everybody there that a node runs here, unless with --no-listen",
    { ...setting, conflicts: ["no-discover", "connect"] },
  ),
  "max-inbound": valueFlag(wholeNumber(0, MAX_OPTION_PEERS), "N", "peers that may connect to us", {
    ...inboundSetting,
    fallbackText: `${DEFAULT_MAX_INBOUND}, ${SEED_MAX_INBOUND} for a seed`,
  }),
  "max-outbound": defaultFlag(wholeNumber(0, MAX_OUTBOUND), "N", DEFAULT_MAX_OUTBOUND, "peers that we dial", {
    ...setting,
    idleBeside: ["seed"],
  }),
  "max-per-address": defaultFlag(
    wholeNumber(1, MAX_OPTION_PEERS),
    "N",
    DEFAULT_MAX_PER_ADDRESS,
    "of them, peers of one public address (IPv6: one /64)",
    inboundSetting,
  ),
  "max-per-group": defaultFlag(
    wholeNumber(1, MAX_OPTION_PEERS),
    "N",
    DEFAULT_MAX_PER_GROUP,
    "of them, peers of one public network (IPv4: one /16, IPv6: one /32)",
    inboundSetting,
  ),
  permit: listFlag(
    permit,
    "CIDR=WORD+…",
    `let peers of a subnet do more: ${PERMISSIONS.join(", ")}`,
    setting,
  ),
  workers: defaultFlag(
    wholeNumber(1, MAX_WORKERS),
    "N",
    1,
    "event loops for connections; from 2 on they are threads of their own",
    setting,
  ),
  dedupe: defaultFlag(
    oneOf(DEDUPE_MODES),
    "off|count|drop",
    "drop",
    "what to do about announcements that repeat others",
    setting,
  ),
  channels: defaultFlag(
    oneOf(CHANNEL_MODES),
    "segmented|single",
    "segmented",
    "a queue a channel for each reader of events, or one for all",
    setting,
  ),
  "channel-capacity": listFlag(
    channelCapacity,
    "CHANNEL=N",
    `how many events of a channel may wait for one reader; of ${
      Object.entries(CHANNEL_CAPACITIES).map(([channel, size]) => `${channel}=${size}`).join(", ")
    }`,
    { ...setting, idleBeside: ["channels=single"], idleUnless: ["autotune"] },
  ),
  autotune: switchFlag("follow the advice of p2p inspect doctor on channels and duplicates while running", setting),
  "allow-bench": switchFlag("answer requests of the method echo with what they bring, for others to measure", setting),
  "block-relay-only": switchFlag("take and pass on blocks, and no transactions of others", setting),
  region: valueFlag(text, "NAME", "where this node is, for others to know and for requests to prefer", setting),
  capability: listFlag(text, "NAME", "what this node can do, for others to know", setting),
  balance: listFlag(
    balancingRule,
    "CLASS=STRATEGY[+sticky=TIME][+retries=N]",
    `spread requests of a class by one of: ${STRATEGY_NAMES.join(", ")}`,
    {
      ...setting,
      fallbackText: "*=adaptive",
    },
  ),
  on: listFlag(
    handlerFile,
    "EVENT+…=FILE",
    "run the function `handle` of a file for these events, in a thread of its own pool",
    setting,
  ),
  "handler-threads": defaultFlag(
    wholeNumber(1, MAX_NOTIFY_WORKERS),
    "N",
    DEFAULT_NOTIFY_WORKERS,
    "threads for handlers of events, started when they are needed",
    { ...setting, needs: ["on"] },
  ),
  weight: listFlag(weight, "NAME=N", "the share of requests of a peer (HOST:PORT) or region, where weights count", {
    ...setting,
    fallbackText: "1 each",
  }),
  topic: listFlag(topicName, "NAME", "take part in this topic: pass on its messages between peers", setting),
  mine: valueFlag(
    seconds,
    "SECONDS",
    "produce a block every so many seconds on average, where that is trivial",
    setting,
  ),
  prune: valueFlag(mebibytes, "MIB", "keep at most so much of old blocks", { ...setting, fallbackText: "all" }),
  import: valueFlag(text, "FILE", "read this block file (blk*.dat layout) before the node starts"),
  export: valueFlag(text, "FILE", "write the best chain into this block file, and exit"),
  ...CAPTURE_FLAGS,
  "ready-file": valueFlag(text, "FILE", "write the addresses there once they listen; removed at the end", setting),
  "print-config": switchFlag("show each setting and where it came from, and exit"),
  ...JSON_FLAGS,
  ...COMMON_FLAGS,
};
