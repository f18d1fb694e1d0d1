import type { Diagnosis } from "../doctor/diagnosis.ts";
import type { Vitals } from "../doctor/vitals.ts";
import type { ChainSnapshot } from "../protocol/chain_snapshots.ts";
import type { TopologySnapshot } from "../protocol/network_snapshots.ts";
import type { PeerSnapshot } from "../protocol/peer_snapshots.ts";
import { follow, getJson, setToken, Unauthorised } from "./api.ts";
import { type BlockInfo, ChainView } from "./chain_view.ts";
import { Chart, type Line } from "./charts.ts";
import { byId, setText } from "./dom.ts";
import { formatBytes, formatCount, formatMs } from "./format.ts";
import { Graph } from "./graph.ts";
import { History, type Moment } from "./history.ts";
import { EventList, showChannels, showFigures, showFindings, showSync } from "./panels.ts";
import { paced } from "./paced.ts";
import { PeersTable } from "./peers_table.ts";
import type { ServerEvent } from "./sse.ts";
import { startThemeSwitch } from "./theme.ts";

/** How often each part is asked for, in milliseconds. With hundreds of peers their table is asked for more seldom. */
const VITALS_MS = 2_000;
const PEERS_MS = 2_000;
const MANY_PEERS_MS = 10_000;
const MANY_PEERS = 200;
/** A sync has a new tip thousands of times a second. */
const CHAIN_MS = 500;
const DOCTOR_MS = 5_000;
const TOPOLOGY_MS = 10_000;
const SHOWN_TYPES = 5;
const COLORS = ["--line-1", "--line-2", "--line-3", "--line-4", "--line-5"] as const;
const OTHERS: Line = { label: "others", color: "--muted" };
/** Too many, and seen elsewhere. */
const UNEVENTFUL: ReadonlySet<string> = new Set(["sync:progress", "peer:ping", "peer:pong", "peer:writable"]);
const SLOW_BLOCK_MS = 500;

/** Of `/v1/node`, what the head of the page says. */
interface NodeInfo {
  readonly version: string;
  readonly network: string;
  readonly wire: string;
  readonly userAgent: string;
}

const history = new History();
const peersTable = new PeersTable();
const chainView = new ChainView((height) => getJson<BlockInfo>(`/v1/blocks/${height}`));
const graph = new Graph();
const events = new EventList();
const charts = {
  bytes: new Chart({ place: byId("chart-bytes"), format: (value) => `${formatBytes(value)}/s` }),
  types: new Chart({ place: byId("chart-types"), format: (value) => `${formatCount(value)}/s` }),
  propagation: new Chart({ place: byId("chart-propagation"), format: formatMs, atLeast: SLOW_BLOCK_MS }),
  loop: new Chart({ place: byId("chart-loop"), format: formatMs }),
};

async function refreshVitals(): Promise<void> {
  const vitals = await getJson<Vitals>("/v1/vitals");
  history.add(vitals);
  showFigures(vitals, history.moments.at(-1));
  showSync(vitals);
  showChannels(vitals.channels);
  drawCharts();
}

function drawCharts(): void {
  const { moments } = history;
  const times = moments.map(({ time }) => time);
  const column = (read: (moment: Moment) => number | null) => moments.map(read);
  charts.bytes.show(
    [{ label: "in", color: "--line-1" }, { label: "out", color: "--line-2" }],
    [times, column(({ bytesIn }) => bytesIn), column(({ bytesOut }) => bytesOut)],
  );
  const types = history.busiestTypes(SHOWN_TYPES);
  const lines = types.map((label, index) => ({ label, color: COLORS[index]! }));
  const others = column(({ messages }) =>
    [...messages].reduce((sum, [type, rate]) => types.includes(type) ? sum : sum + rate, 0)
  );
  charts.types.show([...lines, OTHERS], [
    times,
    ...types.map((type) => column(({ messages }) => messages.get(type) ?? 0)),
    others,
  ]);
  charts.propagation.show(
    [{ label: "p50", color: "--line-1" }, { label: "p99", color: "--line-2" }],
    [times, column(({ propagationP50Ms }) => propagationP50Ms), column(({ propagationP99Ms }) => propagationP99Ms)],
  );
  charts.loop.show([{ label: "p99", color: "--line-4" }], [times, column(({ loopP99Ms }) => loopP99Ms)]);
}

async function refreshPeers(): Promise<number> {
  const peers = await getJson<readonly PeerSnapshot[]>("/v1/peers");
  peersTable.show(peers);
  return peers.length > MANY_PEERS ? MANY_PEERS_MS : PEERS_MS;
}

/** What events ask for: however many there are, no more often than this. */
const wishPeers = paced(async () => await attempt(refreshPeers) ?? PEERS_MS);
const wishChain = paced(async () => {
  await attempt(refreshChain);
  return CHAIN_MS;
});

async function refreshNode(): Promise<void> {
  const { version, network, wire } = await getJson<NodeInfo>("/v1/node");
  setText(byId("about"), `${version} · network ${network} · ${wire} wire`);
  document.title = `p2p · ${network}`;
}

async function refreshChain(): Promise<void> {
  await chainView.show(await getJson<ChainSnapshot>("/v1/chain"));
}

/** Asks again and again while the page is seen; `refresh` may say how long to wait. */
async function repeat(refresh: () => Promise<number | void>, usualMs: number): Promise<never> {
  for (;;) {
    const waitMs = document.hidden ? usualMs : await attempt(refresh) ?? usualMs;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
}

/** A node that does not answer is told by the state of its events; one that wants a token is asked nothing more. */
async function attempt<T>(refresh: () => Promise<T>): Promise<T | undefined> {
  try {
    return await refresh();
  } catch (error) {
    if (error instanceof Unauthorised) byId("token").hidden = false;
    return undefined;
  }
}

function onState(isConnected: boolean): void {
  document.body.dataset.state = isConnected ? "connected" : "lost";
  setText(byId("state"), isConnected ? "live" : "no answer: trying again");
  if (!isConnected) return;
  byId("token").hidden = true;
  void attempt(refreshNode);
  wishChain();
}

function onEvent({ name, data }: ServerEvent): void {
  const told = JSON.parse(data);
  if (name === "lag") return events.add("lag", Date.now(), told);
  if (name === "reset") return events.add("restarted", Date.now(), {});
  if (!UNEVENTFUL.has(told.type)) events.add(told.type, told.time, told.event);
  if (told.type === "chain:tip") wishChain();
  if (told.type === "peer:connected" || told.type === "peer:disconnected") wishPeers();
}

function start(): void {
  startThemeSwitch(() => {
    drawCharts();
    graph.redraw();
  });
  byId("token").addEventListener("submit", (event) => {
    event.preventDefault();
    setToken((byId("token-field") as HTMLInputElement).value);
    location.reload();
  });
  void follow("/v1/events?channels=control,sync", onEvent, onState);
  void repeat(refreshVitals, VITALS_MS);
  void repeat(refreshPeers, PEERS_MS);
  void repeat(async () => showFindings(await getJson<Diagnosis>("/v1/doctor")), DOCTOR_MS);
  void repeat(async () => graph.show(await getJson<TopologySnapshot>("/v1/topology")), TOPOLOGY_MS);
}

start();
