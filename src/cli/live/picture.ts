import type { PeerSnapshot } from "../../protocol/peer_snapshots.ts";
import { escapeText } from "../../util/escape.ts";
import { findingLines } from "../inspect/doctor_views.ts";
import { fitText, padText, textWidth, wrapText } from "../../util/text_width.ts";
import { formatDuration, formatSize, MS_PER_SECOND } from "../../util/units.ts";
import type { Output } from "../context.ts";
import type { Told } from "../inspect/columns.ts";
import { fitTable, type FittedTable } from "../inspect/data_table.ts";
import { PEER_COLUMNS } from "../inspect/peer_columns.ts";
import { chooseColumns, selectRows } from "../inspect/selection.ts";
import { layOut } from "../tables.ts";
import { bestPeerHeight, type History, type LiveData } from "./data.ts";
import { sparkline } from "./sparkline.ts";
import { KEYS, type LiveState } from "./state.ts";

/** What is to be drawn. */
export interface LiveView {
  /** Undefined before the first answer. */
  readonly data: LiveData | undefined;
  readonly history: History;
  readonly state: LiveState;
  /** Why there is nothing new, if that is so. */
  readonly trouble: string | undefined;
  /** Unix milliseconds. */
  readonly now: number;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

type Colors = Output["colors"];
type Part = readonly [text: string, style?: ((text: string) => string) | undefined];
type Peer = Told<PeerSnapshot>;

const PERCENT = 100;
/** Of an ISO date. */
const TIME_OF_DAY = [11, 19] as const;
/** Of a channel's capacity; above it events are about to be missed. */
const FULL_SHARE = 0.8;
/** A block that was announced a moment ago is not yet one that is missing. */
const BLOCKS_UNDER_WAY = 1;
const LABEL_WIDTH = 10;
/** The column by which the table is sorted has a sign beside its title. */
const SORT_SIGN_WIDTH = 1;
const RATE_WIDTH = 12;
const HASH_CHARACTERS = 16;
/** Above the table: who it is, the chain, peers, two of traffic, channels, the doctor, and a blank. */
const HEAD_ROWS = 8;
/** The titles of the table, and the last line of the screen. */
const TABLE_FRAME_ROWS = 2;

/** What keys scroll through, and how much of it is in sight: rows of the table, or lines of the doctor. */
export interface Scrolled {
  readonly rows: number;
  readonly pageRows: number;
}

export function scrolledBy(view: LiveView, size: Size): Scrolled {
  const { data, state } = view;
  const pageRows = Math.max(0, size.rows - headRows(size.rows) - TABLE_FRAME_ROWS);
  if (!state.showsDoctor) return { rows: chosenPeers(view).length, pageRows };
  // It has no titles.
  return { rows: data ? doctorLines(data, size.columns).length : 0, pageRows: pageRows + 1 };
}

/** The rows of peers that the state chooses, in its order. */
function chosenPeers({ data, state }: LiveView): readonly Peer[] {
  return data ? selectRows(data.peers, PEER_COLUMNS, state) : [];
}

/** The columns that the screen has room for, by name. */
export function shownColumns(view: LiveView, size: Size): readonly string[] {
  return fitPeers(chosenPeers(view), size).strips.map(({ column }) => column.name);
}

/** The whole screen, one string a row. Nothing in it is wider than the screen. */
export function drawLive(view: LiveView, size: Size, colors: Colors): readonly string[] {
  const { data } = view;
  const head = data ? drawHead(view, data, size.columns, colors) : [drawTitle(view, size.columns, colors)];
  const rows = Math.max(0, size.rows - 1);
  const body = drawBody(view, size, colors);
  const lines = [...head.slice(0, headRows(size.rows)), ...body].slice(0, rows);
  while (lines.length < rows) lines.push("");
  return [...lines, drawFoot(view, size, colors)];
}

function drawBody(view: LiveView, size: Size, colors: Colors): readonly string[] {
  const { data, state } = view;
  if (state.showsHelp) return drawHelp(size, colors);
  if (!data) return [];
  return state.showsDoctor ? drawDoctor(view, data, size, colors) : drawTable(view, size, colors);
}

/** Low terminals lose what is below the first lines. */
function headRows(rows: number): number {
  return rows >= 2 * HEAD_ROWS ? HEAD_ROWS : Math.max(1, Math.floor(rows / 2) - 1);
}

function drawTitle({ data, trouble, state, now }: LiveView, width: number, colors: Colors): string {
  const status: Part = trouble !== undefined
    ? [trouble, colors.red]
    : state.isPaused
    ? ["paused", colors.yellow]
    : [timeOfDay(now), colors.dim];
  if (!data) return joinParts([["p2p", colors.bold], ["  "], status], width);
  const { version = "?", network = "?", wire = "?", uptimeSeconds = 0 } = data.node;
  const up = formatDuration(uptimeSeconds * MS_PER_SECOND);
  const parts: readonly Part[] = [
    [`p2p ${escapeText(version)}`, colors.bold],
    [`  ${escapeText(network)}, ${escapeText(wire)} wire, up ${up}  `],
  ];
  return joinParts([...parts, status], width);
}

function drawHead(view: LiveView, data: LiveData, width: number, colors: Colors): readonly string[] {
  const { history } = view;
  const line = (label: string, parts: readonly Part[]) => {
    return joinParts([[label.padEnd(LABEL_WIDTH), colors.dim], ...parts], width);
  };
  return [
    drawTitle(view, width, colors),
    line("chain", chainParts(data, view.now, colors)),
    line("peers", peerParts(data)),
    line("in", trafficParts(history.in, width, colors.green)),
    line("out", trafficParts(history.out, width, colors.cyan)),
    line("channels", channelParts(data, colors)),
    line("doctor", doctorParts(data, colors)),
    "",
  ];
}

function chainParts(data: LiveData, now: number, colors: Colors): readonly Part[] {
  const { height = 0, headers = 0, bestHash = "", tipTime, syncing = false, forks = [] } = data.chain;
  const known = Math.max(headers, bestPeerHeight(data));
  const missing = known - height;
  // Headers without blocks cost a liar nothing: `inspect chain --tips` shows them too.
  const branches = forks.filter(({ complete }) => complete !== false).length;
  const share = known === 0 ? PERCENT : Math.floor(PERCENT * height / known);
  const state: Part = syncing
    ? [`syncing, ${share} % of ${known}`, colors.yellow]
    : missing > BLOCKS_UNDER_WAY
    ? [`${missing} behind peers`, colors.yellow]
    : ["follows", colors.green];
  return [
    [`${height}  `, colors.bold],
    state,
    [`  ${escapeText(bestHash.slice(0, HASH_CHARACTERS))}…`],
    [tipTime === undefined ? "" : `  made ${formatAge(now / MS_PER_SECOND - tipTime)} ago`],
    branches > 0 ? [`  ${branches} forks`, colors.yellow] : [""],
  ];
}

function peerParts({ node, peers }: LiveData): readonly Part[] {
  const { peers: counts, refused = {}, evicted = 0 } = node;
  const shaking = peers.filter(({ state }) => state === "handshaking").length;
  const refusals = Object.values(refused).reduce((sum: number, count) => sum + (count ?? 0), 0);
  const parts = [
    `${counts?.inbound ?? 0} in, ${counts?.outbound ?? 0} out`,
    ...(shaking > 0 ? [`${shaking} shaking hands`] : []),
    ...(refusals > 0 ? [`${refusals} refused`] : []),
    ...(evicted > 0 ? [`${evicted} evicted`] : []),
  ];
  return [[parts.join(", ")]];
}

function trafficParts(values: readonly number[], width: number, style: (text: string) => string): readonly Part[] {
  const rate = `${formatSize(Math.round(values.at(-1) ?? 0))}/s`;
  const columns = Math.min(values.length, width - LABEL_WIDTH - RATE_WIDTH - 2);
  return [[padText(rate, RATE_WIDTH, "right")], ["  "], [sparkline(values, columns), style]];
}

function channelParts({ channels }: LiveData, colors: Colors): readonly Part[] {
  return channels.flatMap(({ channel = "?", usage = 0, lag = 0 }): Part[] => {
    const isBad = lag > 0 || usage >= FULL_SHARE;
    const text = `${escapeText(channel)} ${Math.round(usage * PERCENT)} %${lag > 0 ? ` ${lag} missed` : ""}`;
    return [[text, isBad ? colors.yellow : undefined], ["  "]];
  });
}

/** The gravest finding, and how many more there are of what should be looked at. */
function doctorParts({ doctor }: LiveData, colors: Colors): readonly Part[] {
  const findings = doctor?.findings ?? [];
  const grave = findings.filter(({ level }) => level === "problem" || level === "warning");
  const [first = findings[0]] = grave;
  if (!first) return [["-"]];
  const more = grave.length > 1 ? `${grave.length} warnings (d)  ` : "";
  return [[more], [escapeText(first.text ?? "?"), levelStyles(colors)[first.level ?? "note"]]];
}

function levelStyles({ red, yellow, green }: Colors) {
  return { problem: red, warning: yellow, note: undefined, ok: green } as const;
}

function drawDoctor(view: LiveView, data: LiveData, size: Size, colors: Colors): readonly string[] {
  const { first, last } = sight(view, size);
  return doctorLines(data, size.columns).slice(first, last).map(({ level, label, text }) => {
    const style = levelStyles(colors)[level];
    return joinParts([[label.padEnd(LABEL_WIDTH), style], [text, label ? undefined : colors.dim]], size.columns);
  });
}

/** Each finding's level stands beside its first line. */
function doctorLines({ doctor }: LiveData, columns: number) {
  return (doctor?.findings ?? []).flatMap((finding) => {
    const level = finding.level ?? "note";
    const lines = findingLines(finding).map((line) => wrapText(line, columns - LABEL_WIDTH));
    return lines.flat().map((text, at) => ({ level, label: at === 0 ? level : "", text }));
  });
}

/** The part of what is scrolled that is in sight. */
function sight(view: LiveView, size: Size): { readonly first: number; readonly last: number } {
  const { rows, pageRows } = scrolledBy(view, size);
  const first = Math.max(0, Math.min(view.state.offset, rows - pageRows));
  return { first, last: Math.min(rows, first + pageRows) };
}

function drawTable(view: LiveView, size: Size, colors: Colors): readonly string[] {
  const { state } = view;
  const rows = chosenPeers(view);
  const { first, last } = sight(view, size);
  const [sorted, direction] = (state.sort ?? "").split(":");
  const { strips } = fitPeers(rows, size);
  const columns = strips.map(({ column, cells }) => ({
    title: column.name === sorted ? `${column.name}${direction === "desc" ? "▼" : "▲"}` : column.name,
    cells: cells.slice(first, last),
    isNumber: column.unit !== undefined,
  }));
  const [titles = "", ...lines] = layOut(columns).map((line) => fitText(line, size.columns));
  return [colors.bold(titles), ...lines];
}

function fitPeers(rows: readonly Peer[], { columns }: Size): FittedTable<Peer> {
  return fitTable(rows, chooseColumns(PEER_COLUMNS, undefined, rows), columns - SORT_SIGN_WIDTH, true);
}

function drawHelp({ columns }: Size, colors: Colors): readonly string[] {
  const rows = KEYS.map(({ keys, help }) => [keys.map((key) => key === " " ? "space" : key).join(", "), help] as const);
  const width = Math.max(...rows.map(([keys]) => keys.length)) + 2;
  return rows.map(([keys, help]) => joinParts([[keys.padEnd(width), colors.bold], [help]], columns));
}

function drawFoot(view: LiveView, size: Size, colors: Colors): string {
  const { state } = view;
  if (state.typing !== undefined) return joinParts([["filter: ", colors.bold], [`${state.typing}_`]], size.columns);
  if (state.complaint !== undefined) return joinParts([[escapeText(state.complaint), colors.red]], size.columns);
  const { rows } = scrolledBy(view, size);
  const { first, last } = sight(view, size);
  const range = rows > last - first ? `${first + 1}-${last} of ${rows}` : `${rows}`;
  const count = state.showsDoctor ? `${range} lines` : `${range} peers${chosenOf(view)}`;
  // Those that one looks for first stand first: narrow terminals lose the others, which help lists.
  const keys = "? help  q quit  s sort  / filter  d doctor  p pause  r reverse";
  return joinParts([[count], ["   "], [keys, colors.dim]], size.columns);
}

/** Of how many by which filter. */
function chosenOf(view: LiveView): string {
  const total = view.data?.peers.length ?? 0;
  const { filter } = view.state;
  const choice = filter.length > 0 ? ` with ${filter.map(escapeText).join(", ")}` : "";
  return `${chosenPeers(view).length < total ? ` of ${total}` : ""}${choice}`;
}

/** Hours, minutes and seconds, UTC as in logs. */
export function timeOfDay(now: number): string {
  return new Date(now).toISOString().slice(...TIME_OF_DAY);
}

function formatAge(seconds: number): string {
  return seconds < 1 ? "0s" : formatDuration(seconds * MS_PER_SECOND);
}

/** One line of parts in their styles, cut at the edge. */
function joinParts(parts: readonly Part[], width: number): string {
  let line = "";
  let left = width;
  for (const [text, style] of parts) {
    if (text === "" || left <= 0) continue;
    const fitted = fitText(text, left);
    left -= textWidth(fitted);
    line += style ? style(fitted) : fitted;
  }
  return line;
}
