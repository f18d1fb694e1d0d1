import { createHasher } from "../platform/hasher.ts";
import { fetchHttp, type HttpQuestion } from "../platform/http.ts";
import type { Endpoint } from "../platform/types.ts";
import type {
  AddressesSnapshot,
  BalancingSnapshot,
  BanSnapshot,
  PeerSnapshot,
  TopologySnapshot,
} from "../protocol/snapshots.ts";
import { formatEndpoint } from "../util/endpoint.ts";
import { suggestion } from "../util/nearest.ts";
import { toSafeJson } from "../util/escape.ts";
import { formatDuration, formatSize } from "../util/units.ts";
import { showAddresses } from "./address_view.ts";
import { showBalancing } from "./balancing_view.ts";
import { defineCommand } from "./command.ts";
import type { Output } from "./context.ts";
import { CommandError, EXIT, UsageError } from "./exit.ts";
import { switchFlag, valueFlag } from "./flag.ts";
import { COMMON_FLAGS, JSON_FLAGS, PLACE_FLAGS, TOKEN_FLAGS } from "./flags.ts";
import { loadNetwork } from "./network.ts";
import { controlEndpoint, defaultDataDir } from "./place.ts";
import type { Json } from "./render_message.ts";
import { showTopology, showTopologyAsDot } from "./topology_view.ts";
import { readToken } from "./token.ts";
import { duration, text } from "./values.ts";
import { type Column, printRecord, printRows } from "./tables.ts";

/** One thing to look at or to do: where the control API has it, and how people see the answer. */
interface View {
  /** What names the one of many, such as ID; undefined where there is one only. */
  readonly subject?: string;
  path(id: string): string;
  /** What is done there; to look is GET. */
  readonly method?: "POST" | "DELETE";
  /** What an action is told besides its path. */
  fields?(id: string, wishes: BanWishes): Json;
  show(answer: Json, out: Output): void;
  /** As a graph for Graphviz. */
  showDot?(answer: Json, out: Output): void;
}

/** `--for` in milliseconds and `--reason`. */
interface BanWishes {
  readonly for: number | undefined;
  readonly reason: string | undefined;
}

const VIEWS: Readonly<Record<string, View>> = {
  node: { path: () => "/v1/node", show: showRecord },
  peers: { path: () => "/v1/peers", show: showPeers },
  peer: { subject: "ID", path: (id) => `/v1/peers/${encodeURIComponent(id)}`, show: showRecord },
  chain: { path: () => "/v1/chain", show: showRecord },
  addrs: { path: () => "/v1/addresses", show: showBook },
  bans: { path: () => "/v1/bans", show: showBans },
  ban: {
    subject: "ADDRESS|CIDR",
    method: "POST",
    path: () => "/v1/bans",
    fields: (address, wishes) => ({
      address,
      ...(wishes.for !== undefined && { seconds: wishes.for / MS_PER_SECOND }),
      ...(wishes.reason !== undefined && { reason: wishes.reason }),
    }),
    show: showRecord,
  },
  unban: {
    subject: "ADDRESS|CIDR",
    method: "DELETE",
    path: (subnet) => `/v1/bans/${encodeURIComponent(subnet)}`,
    show: showRecord,
  },
  connect: {
    subject: "HOST:PORT",
    method: "POST",
    path: () => "/v1/peers",
    fields: (address) => ({ address }),
    show: showRecord,
  },
  disconnect: {
    subject: "ID",
    method: "DELETE",
    path: (id) => `/v1/peers/${encodeURIComponent(id)}`,
    show: showRecord,
  },
  topology: {
    path: () => "/v1/topology",
    show: (answer, out) => showTopology(answer as unknown as TopologySnapshot, out),
    showDot: (answer, out) => showTopologyAsDot(answer as unknown as TopologySnapshot, out),
  },
  balancing: {
    path: () => "/v1/balancing",
    show: (answer, out) => showBalancing(answer as unknown as BalancingSnapshot, out),
  },
  block: { subject: "HASH|HEIGHT", path: (id) => `/v1/blocks/${encodeURIComponent(id)}`, show: showRecord },
};

/** Of the contract, and not there yet. */
const LATER = ["events", "doctor", "health", "remote", "frame"];

/** 30 s: the node answers from memory; a block may have to come from a slow disk, and a dial has a handshake to wait for. */
const ANSWER_TIMEOUT_MS = 30_000;
const OK = 200;
const MS_PER_SECOND = 1_000;
const INDENT = 2;
const SHORT_TIME_DIGITS = 1;

export const inspectCommand = defineCommand({
  name: "inspect",
  summary: "look into a running node",
  usage: [
    "[node|peers|peer ID|chain|block HASH|HEIGHT|addrs|bans|balancing] [FLAG …]",
    "topology [--dot] [FLAG …]",
    "ban ADDRESS|CIDR [--for TIME] [--reason TEXT] [FLAG …]",
    "unban ADDRESS|CIDR [FLAG …]",
    "connect HOST:PORT [FLAG …]",
    "disconnect ID [FLAG …]",
  ],
  positionals: [{ name: "WHAT", isRequired: false }, { name: "ID", isRequired: false }],
  flags: {
    ...PLACE_FLAGS,
    ...TOKEN_FLAGS,
    for: valueFlag(duration, "TIME", "how long a ban lasts", { fallbackText: "24h" }),
    dot: switchFlag("print the topology as a graph for Graphviz", { conflicts: ["json"] }),
    reason: valueFlag(text, "TEXT", "why somebody is banned"),
    ...JSON_FLAGS,
    ...COMMON_FLAGS,
  },
  unavailable: ["live", "wait", "filter"],
  examples: [
    ["p2p inspect peers", "who is connected to the node on this machine"],
    ["p2p inspect block 0 --json", "the genesis block, as JSON"],
    ["p2p inspect topology --dot | dot -Tsvg > network.svg", "the network as this node knows it, drawn"],
    ["p2p inspect ban 192.0.2.0/24 --for 2d --reason spam", "talk to nobody there, for two days"],
  ],
  exitCodes: [EXIT.done, EXIT.no, EXIT.usage, EXIT.unreachable, EXIT.internal],

  async run(context, settings, [what = "node", id]) {
    const view = chooseView(what, id);
    const wishes = { for: settings.for, reason: settings.reason };
    const isWished = wishes.for !== undefined || wishes.reason !== undefined;
    if (isWished && what !== "ban") throw new UsageError("--for and --reason go with inspect ban only");
    if (settings.dot && !view.showDot) throw new UsageError("--dot goes with inspect topology only");
    const endpoint = await findNode(settings, context.host.environment);
    const answer = await ask(endpoint, view.path(id ?? ""), {
      ...(view.method && { method: view.method }),
      ...(view.fields && { body: JSON.stringify(view.fields(id ?? "", wishes)) }),
      headers: await authorization(settings["control-token-file"]),
    });
    if (settings.json) context.out.line(toSafeJson(answer, INDENT));
    else if (settings.dot) view.showDot?.(answer, context.out);
    else view.show(answer, context.out);
    return EXIT.done;
  },
});

function chooseView(what: string, id: string | undefined): View {
  if (LATER.includes(what)) throw new UsageError(`inspect ${what} is not available in this version`);
  const view = Object.hasOwn(VIEWS, what) ? VIEWS[what] : undefined;
  if (!view) {
    const names = Object.keys(VIEWS);
    throw new UsageError(
      `cannot inspect ${JSON.stringify(what)}${suggestion(what, names) || `: one of ${names.join(", ")}`}`,
    );
  }
  if (view.subject !== undefined && id === undefined) throw new UsageError(`inspect ${what} needs ${view.subject}`);
  if (view.subject === undefined && id !== undefined) {
    throw new UsageError(`inspect ${what} takes no ${JSON.stringify(id)}`);
  }
  return view;
}

async function findNode(
  settings: {
    readonly network: string;
    readonly "data-dir": string | undefined;
    readonly control: Endpoint | undefined;
  },
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Endpoint> {
  if (settings.control) return controlEndpoint(settings.control, "");
  const dataDir = settings["data-dir"] ??
    defaultDataDir((await loadNetwork(settings.network, createHasher())).name, environment);
  return controlEndpoint(undefined, dataDir);
}

async function authorization(tokenFile: string | undefined): Promise<Readonly<Record<string, string>>> {
  const token = await readToken(tokenFile);
  return token === undefined ? {} : { authorization: `Bearer ${token}` };
}

async function ask(endpoint: Endpoint, path: string, question: HttpQuestion): Promise<Json> {
  const { status, body } = await fetchHttp(endpoint, path, ANSWER_TIMEOUT_MS, question).catch((error: Error) => {
    const why = `no node answers at ${formatEndpoint(endpoint)}: ${error.message}`;
    throw new CommandError(EXIT.unreachable, why, { cause: error });
  });
  const answer = readJson(body, endpoint);
  if (status === OK) return answer;
  const { error } = answer as { readonly error?: Json };
  throw new CommandError(EXIT.no, `the node answers ${status}: ${typeof error === "string" ? error : body}`);
}

function readJson(body: string, endpoint: Endpoint): Json {
  try {
    return JSON.parse(body);
  } catch (error) {
    const why = `what answers at ${formatEndpoint(endpoint)} is no p2p node`;
    throw new CommandError(EXIT.refused, why, { cause: error });
  }
}

function showRecord(answer: Json, out: Output): void {
  printRecord(answer as { readonly [key: string]: Json }, out);
}

const PEER_COLUMNS: readonly Column<PeerSnapshot>[] = [
  { title: "id", cell: ({ id }) => String(id), isNumber: true },
  { title: "address", cell: ({ address }) => address },
  { title: "direction", cell: ({ direction }) => direction },
  { title: "state", cell: ({ state }) => state },
  { title: "kind", cell: ({ kind }) => kind },
  { title: "user agent", cell: ({ userAgent }) => userAgent },
  { title: "height", cell: ({ height }) => String(height), isNumber: true },
  { title: "ping", cell: ({ pingMs }) => formatPing(pingMs.last), isNumber: true },
  { title: "in", cell: ({ bytes }) => formatSize(bytes.in), isNumber: true },
  { title: "out", cell: ({ bytes }) => formatSize(bytes.out), isNumber: true },
  {
    title: "connected",
    cell: ({ connectedSeconds }) => formatDuration(connectedSeconds * MS_PER_SECOND),
    isNumber: true,
  },
];

const BAN_COLUMNS: readonly Column<BanSnapshot>[] = [
  { title: "subnet", cell: ({ subnet }) => subnet },
  { title: "left", cell: ({ secondsLeft }) => formatDuration(secondsLeft * MS_PER_SECOND), isNumber: true },
  { title: "reason", cell: ({ reason }) => reason },
];

function showBans(answer: Json, out: Output): void {
  printRows(answer as unknown as readonly BanSnapshot[], BAN_COLUMNS, out);
}

function formatPing(ms: number | null): string {
  return ms === null ? "-" : `${ms.toFixed(SHORT_TIME_DIGITS)} ms`;
}

function showPeers(answer: Json, out: Output): void {
  printRows(answer as unknown as readonly PeerSnapshot[], PEER_COLUMNS, out);
}

function showBook(answer: Json, out: Output): void {
  showAddresses(answer as unknown as AddressesSnapshot, Math.floor(Date.now() / MS_PER_SECOND), out);
}
