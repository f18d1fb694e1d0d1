import * as v from "valibot";
import { type Channel, CHANNEL_MODES, CHANNELS, MAX_CHANNEL_CAPACITY, type PerChannel } from "../bus/channels.ts";
import { type BalancingRule, STRATEGY_NAMES } from "../net/balancing/rules.ts";
import type { Permit } from "../net/reputation.ts";
import type { Endpoint, TcpEndpoint } from "../platform/types.ts";
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
import { describeIssue, fields, isObject, oneOf, wholeNumber } from "../util/schemas.ts";
import type { OpenNodeOptions } from "./open_options.ts";
import type { BalancingOptions } from "./services.ts";
import type { NodeOptions } from "./types.ts";

/** One row an option, for values that the option may have; the compiler asks for all of them. */
type Rows<T> = { readonly [K in keyof T]-?: v.GenericSchema<T[K]> };
type Common = Pick<NodeOptions, keyof NodeOptions & keyof OpenNodeOptions>;

const NOT_EMPTY = "a text that is not empty";
const ABOVE_ZERO = "a number above 0";
const FROM_ZERO = "a number from 0 on";

const truth = v.boolean("true or false");
const text = v.pipe(v.string(NOT_EMPTY), v.nonEmpty(NOT_EMPTY));
const aboveZero = v.pipe(v.number(ABOVE_ZERO), v.finite(ABOVE_ZERO), v.gtValue(0, ABOVE_ZERO));
const fromZero = v.pipe(v.number(FROM_ZERO), v.finite(FROM_ZERO), v.minValue(0, FROM_ZERO));
const capacity = v.optional(wholeNumber(1, MAX_CHANNEL_CAPACITY));
const peers = wholeNumber(0, MAX_OPTION_PEERS);
const somePeers = wholeNumber(1, MAX_OPTION_PEERS);
const userAgent = toldText(MAX_USER_AGENT_BYTES);
const listOf = <const S extends v.GenericSchema>(item: S) => v.array(item, "a list");

/** What openNode and createNode have in common, none of which has to be given. */
const SHARED = {
  discover: v.optional(truth),
  discoverLocal: v.optional(truth),
  pruneBytes: v.optional(wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  mineSeconds: v.optional(aboveZero),
  dedupe: v.optional(oneOf(DEDUPE_MODES)),
  channels: v.optional(oneOf(CHANNEL_MODES)),
  channelCapacities: v.optional(
    fieldsOf<Partial<PerChannel<number>>>({ control: capacity, sync: capacity, inventory: capacity, data: capacity }),
  ),
  autotune: v.optional(truth),
  blockRelayOnly: v.optional(truth),
  pace: v.optional(fieldsOf<RelayPace>({
    inboundTrickleMs: fromZero,
    outboundTrickleMs: fromZero,
    headStartMs: fromZero,
    unannouncedServeAgeMs: fromZero,
  })),
  // How long and how often, net/balancing knows, who compiles the rules.
  balancing: v.optional(fieldsOf<BalancingOptions>({
    rules: v.optional(
      listOf(
        fieldsOf<BalancingRule>({
          class: text,
          strategy: oneOf(STRATEGY_NAMES),
          stickyMs: v.optional(v.any()),
          retries: v.optional(v.any()),
        }),
      ),
    ),
    weights: v.optional(v.custom<Record<string, number>>(isObject, "an object")),
  })),
  region: v.optional(toldText(MAX_REGION_BYTES)),
  capabilities: v.optional(
    v.pipe(
      listOf(toldText(MAX_CAPABILITY_BYTES)),
      v.maxLength(MAX_CAPABILITIES, `a list of at most ${MAX_CAPABILITIES}`),
    ),
  ),
  workers: v.optional(wholeNumber(1, MAX_WORKERS)),
  notifyWorkers: v.optional(wholeNumber(1, MAX_NOTIFY_WORKERS)),
} satisfies Partial<Rows<Common>>;

const TCP = v.object({ host: v.string(), port: v.number() });
const UNIX = v.object({ path: v.string() });
const tcpEndpoint = v.custom<TcpEndpoint>((value) => v.is(TCP, value), "{ host, port }");
const endpoint = v.custom<Endpoint>((value) => {
  return isObject(value) && v.is("path" in value ? UNIX : TCP, value);
}, "{ host, port } or { path }");

const NODE_OPTIONS = fieldsOf<NodeOptions>({
  ...SHARED,
  network: v.custom<NodeOptions["network"]>((value) => {
    return isObject(value) && "genesisHash" in value;
  }, "the parameters of a network"),
  listen: listOf(endpoint),
  join: listOf(tcpEndpoint),
  connect: listOf(tcpEndpoint),
  maxInbound: peers,
  maxPerAddress: v.optional(somePeers),
  maxPerGroup: v.optional(somePeers),
  maxOutbound: peers,
  permits: v.optional(listOf(fieldsOf<Permit>({
    subnet: v.custom<Permit["subnet"]>(isObject, "a subnet"),
    permissions: v.custom<Permit["permissions"]>(isObject, "a set"),
  }))),
  userAgent,
  seed: v.optional(truth),
  localAddresses: v.optional(truth),
  cadences: v.optional(fieldsOf<Partial<Cadences>>({
    healthMs: v.optional(aboveZero),
    statisticsMs: v.optional(aboveZero),
    metricsMs: v.optional(aboveZero),
    topologyMs: v.optional(aboveZero),
    partitionMs: v.optional(aboveZero),
  })),
});

const OPEN_OPTIONS = fieldsOf<OpenNodeOptions>({
  ...SHARED,
  network: v.optional(
    v.custom<NonNullable<OpenNodeOptions["network"]>>((value) => {
      return typeof value === "string" || isObject(value);
    }, "a name, a description or parameters"),
  ),
  listen: v.optional(listOf(text)),
  connect: v.optional(listOf(text)),
  join: v.optional(listOf(text)),
  dataDir: v.optional(text),
  maxInbound: v.optional(peers),
  maxOutbound: v.optional(peers),
  userAgent: v.optional(userAgent),
});

/** The rows say what each field may be: their types are checked, and need not be put together again. */
function fieldsOf<T>(rows: Rows<T>): v.GenericSchema<T> {
  return fields(rows as v.ObjectEntries) as v.GenericSchema<unknown> as v.GenericSchema<T>;
}

/** A text that others are told: what cannot be read back as it was is refused. */
function toldText(maxBytes: number) {
  const wanted = `a text of at most ${maxBytes} bytes of UTF-8`;
  return v.pipe(
    v.string(wanted),
    v.check((value) => value.isWellFormed() && !value.startsWith("\ufeff"), wanted),
    v.maxBytes(maxBytes, wanted),
  );
}

/** Throws LocalError for the first option of `openNode` that makes no sense. */
export function checkOpenOptions(options: OpenNodeOptions): void {
  check("Cannot open a node", options, OPEN_OPTIONS);
}

/** Throws LocalError for the first option of `createNode` that makes no sense, alone or beside others. */
export function checkNodeOptions(options: NodeOptions): void {
  check("Cannot create a node", options, NODE_OPTIONS);
  const { mineSeconds, network, discoverLocal, discover } = options;
  if (discoverLocal && !discover) {
    const why = "discoverLocal dials whom it finds, and discover is off (connect turns it off)";
    throw new LocalError("bad-argument", `Cannot create a node: ${why}`);
  }
  const idle = idleCapacity(options);
  if (idle !== undefined) {
    const why = 'channelCapacities do nothing beside channels "single" without autotune';
    throw new LocalError("bad-argument", `Cannot create a node: ${why}: received one for ${idle}`);
  }
  if (mineSeconds === undefined || network.difficulty === "none") return;
  const why = `its blocks take real work: received difficulty rule "${network.difficulty}"`;
  throw new LocalError("bad-argument", `Cannot mine on ${network.name}: ${why}`);
}

/** A channel that was given a capacity where no queue of its own ever comes to be. */
function idleCapacity({ channels, channelCapacities = {}, autotune }: NodeOptions): Channel | undefined {
  // Autotuning may give each channel a queue, and then the capacities count.
  if (channels !== "single" || autotune) return undefined;
  return CHANNELS.find((channel) => channelCapacities[channel] !== undefined);
}

function check(action: string, options: unknown, schema: v.GenericSchema): void {
  const { issues } = v.safeParse(schema, options, { abortEarly: true });
  if (issues === undefined) return;
  throw new LocalError("bad-argument", `${action}: ${describeIssue(issues[0], "options", "option")}`);
}
