import { CHANNEL_MODES, MAX_CHANNEL_CAPACITY, type PerChannel } from "../bus/channels.ts";
import type { BalancingRule } from "../net/balancing/rules.ts";
import type { Permit } from "../net/reputation.ts";
import type { Cadences } from "../protocol/cadences.ts";
import { DEDUPE_MODES } from "../protocol/dedupe.ts";
import { LocalError } from "../protocol/errors.ts";
import { MAX_NOTIFY_WORKERS } from "../protocol/notify_params.ts";
import { MAX_OPTION_PEERS } from "../protocol/peer_params.ts";
import { MAX_WORKERS } from "../protocol/shard_params.ts";
import {
  MAX_CAPABILITIES,
  MAX_CAPABILITY_BYTES,
  MAX_REGION_BYTES,
  MAX_USER_AGENT_BYTES,
} from "../protocol/wire_limits.ts";
import type { RelayPace } from "../services/transaction_relay/pace.ts";
import type { OpenNodeOptions } from "./open_options.ts";
import {
  aboveZero,
  anything,
  checkFields,
  fields,
  fromZero,
  isObject,
  list,
  oneOf,
  optional,
  rule,
  type RuleTable,
  show,
  text,
  toldText,
  truth,
  wholeNumber,
} from "./option_rules.ts";
import type { BalancingOptions } from "./services.ts";
import type { NodeOptions } from "./types.ts";

const CAPACITY = optional(wholeNumber(1, MAX_CHANNEL_CAPACITY));
const PEERS = wholeNumber(0, MAX_OPTION_PEERS);
const SOME_PEERS = wholeNumber(1, MAX_OPTION_PEERS);
const USER_AGENT = toldText(MAX_USER_AGENT_BYTES);

/** What openNode and createNode have in common, none of which has to be given. */
const SHARED = {
  discover: optional(truth),
  discoverLocal: optional(truth),
  pruneBytes: optional(wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  mineSeconds: optional(aboveZero),
  dedupe: optional(oneOf(DEDUPE_MODES)),
  channels: optional(oneOf(CHANNEL_MODES)),
  channelCapacities: optional(
    fields<PerChannel<number>>({ control: CAPACITY, sync: CAPACITY, inventory: CAPACITY, data: CAPACITY }),
  ),
  autotune: optional(truth),
  blockRelayOnly: optional(truth),
  pace: optional(fields<RelayPace>({
    inboundTrickleMs: fromZero,
    outboundTrickleMs: fromZero,
    headStartMs: fromZero,
    unannouncedServeAgeMs: fromZero,
  })),
  // What the fields of a rule may be, net/balancing knows, who compiles them.
  balancing: optional(fields<BalancingOptions>({
    rules: optional(
      list(fields<BalancingRule>({ class: text, strategy: text, stickyMs: anything, retries: anything })),
    ),
    weights: optional(rule("an object", isObject)),
  })),
  region: optional(toldText(MAX_REGION_BYTES)),
  capabilities: optional(list(toldText(MAX_CAPABILITY_BYTES), MAX_CAPABILITIES)),
  workers: optional(wholeNumber(1, MAX_WORKERS)),
  notifyWorkers: optional(wholeNumber(1, MAX_NOTIFY_WORKERS)),
} satisfies Partial<RuleTable<NodeOptions & OpenNodeOptions>>;

const ENDPOINT = rule("{ host, port } or { path }", (value) => {
  if (!isObject(value)) return false;
  return "path" in value ? typeof value.path === "string" : isTcpEndpoint(value);
});
const TCP_ENDPOINT = rule("{ host, port }", isTcpEndpoint);

const NODE_RULES: RuleTable<NodeOptions> = {
  ...SHARED,
  network: rule("the parameters of a network", (value) => isObject(value) && "genesisHash" in value),
  listen: list(ENDPOINT),
  join: list(TCP_ENDPOINT),
  connect: list(TCP_ENDPOINT),
  maxInbound: PEERS,
  maxPerAddress: optional(SOME_PEERS),
  maxPerGroup: optional(SOME_PEERS),
  maxOutbound: PEERS,
  permits: optional(list(fields<Permit>({ subnet: rule("a subnet", isObject), permissions: rule("a set", isObject) }))),
  userAgent: USER_AGENT,
  seed: optional(truth),
  localAddresses: optional(truth),
  cadences: optional(fields<Cadences>({
    healthMs: optional(aboveZero),
    statisticsMs: optional(aboveZero),
    metricsMs: optional(aboveZero),
    topologyMs: optional(aboveZero),
    partitionMs: optional(aboveZero),
  })),
};

const OPEN_RULES: RuleTable<OpenNodeOptions> = {
  ...SHARED,
  network: optional(
    rule("a name, a description or parameters", (value) => typeof value === "string" || isObject(value)),
  ),
  listen: optional(list(text)),
  connect: optional(list(text)),
  join: optional(list(text)),
  dataDir: optional(text),
  maxInbound: optional(PEERS),
  maxOutbound: optional(PEERS),
  userAgent: optional(USER_AGENT),
};

/** Throws LocalError for the first option of `openNode` that makes no sense. */
export function checkOpenOptions(options: OpenNodeOptions): void {
  check("Cannot open a node", options, OPEN_RULES);
}

/** Throws LocalError for the first option of `createNode` that makes no sense, alone or beside others. */
export function checkNodeOptions(options: NodeOptions): void {
  check("Cannot create a node", options, NODE_RULES);
  const { mineSeconds, network, discoverLocal, discover } = options;
  if (discoverLocal && !discover) {
    const why = "discoverLocal dials whom it finds, and discover is off (connect turns it off)";
    throw new LocalError("bad-argument", `Cannot create a node: ${why}`);
  }
  if (mineSeconds === undefined || network.difficulty === "none") return;
  const why = `its blocks take real work: received difficulty rule "${network.difficulty}"`;
  throw new LocalError("bad-argument", `Cannot mine on ${network.name}: ${why}`);
}

function check<T>(action: string, options: T, table: RuleTable<T>): void {
  const complaint = isObject(options)
    ? checkFields(options, table)
    : `options must be an object: received ${show(options)}`;
  if (complaint !== undefined) throw new LocalError("bad-argument", `${action}: ${complaint}`);
}

function isTcpEndpoint(value: unknown): boolean {
  return isObject(value) && "host" in value && typeof value.host === "string" && "port" in value &&
    typeof value.port === "number";
}
