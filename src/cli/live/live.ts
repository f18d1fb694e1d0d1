import { openScreen, type Screen } from "../../platform/screen.ts";
import { escapeText } from "../../util/escape.ts";
import { formatDuration, formatSize, MS_PER_SECOND } from "../../util/units.ts";
import type { Context } from "../context.ts";
import { CommandError, EXIT } from "../exit.ts";
import { checkForm } from "../inspect/answer_form.ts";
import { askControl, type Control, findControl } from "../inspect/ask.ts";
import { printTable } from "../inspect/data_table.ts";
import { PEER_COLUMNS } from "../inspect/peer_columns.ts";
import { checkSelection, selectRows } from "../inspect/selection.ts";
import type { InspectSettings, Question } from "../inspect/view.ts";
import { type Interrupt, watchSignals } from "../signals.ts";
import { bestPeerHeight, extendHistory, type History, type LiveData } from "./data.ts";
import { drawLive, type LiveView, scrolledBy, shownColumns, timeOfDay } from "./picture.ts";
import { INITIAL_STATE, type LiveState, press } from "./state.ts";

const DEFAULT_INTERVAL_MS = 1_000;
/** A look at a thousand peers takes the node tens of milliseconds: it has other things to do for so many times as long. */
const EASE = 20;

/** Shows a node as it goes: a screen with keys on a terminal, a table again and again elsewhere. */
export async function followLive({ context, settings }: Question): Promise<number> {
  checkSelection(PEER_COLUMNS, settings);
  const control = await findControl(settings, context.host.environment);
  const interrupt = watchSignals(context.host);
  try {
    // Before the screen is taken: no node is an answer like any other.
    const first = await look(control, settings.wait);
    const follow = context.out.stream.isTerminal ? followOnScreen : followInLines;
    return await follow(context, settings, { control, first, interrupt });
  } finally {
    interrupt[Symbol.dispose]();
  }
}

interface Watch {
  readonly control: Control;
  readonly first: LiveData;
  readonly interrupt: Interrupt;
}

async function look(control: Control, patienceMs = 0): Promise<LiveData> {
  const node = await askControl(control, "/v1/node", {}, patienceMs);
  const [peers, chain, channels, doctor] = await Promise.all([
    askControl(control, "/v1/peers"),
    askControl(control, "/v1/chain"),
    askControl(control, "/v1/channels"),
    askControl(control, "/v1/doctor").catch(nothingIfUnknown),
  ]);
  const { endpoint } = control;
  checkForm(node, [], endpoint, "/v1/node");
  checkForm(chain, [], endpoint, "/v1/chain");
  checkForm(peers, "list", endpoint, "/v1/peers");
  checkForm(channels, "list", endpoint, "/v1/channels");
  // Whatever the node says that a later picture does not expect, the columns leave out.
  return { node, peers, chain, channels, doctor } as unknown as LiveData;
}

/** A node of another version may have no doctor; the rest can be shown without. */
function nothingIfUnknown(error: unknown): undefined {
  if (!(error instanceof CommandError) || error.exitCode !== EXIT.no) throw error;
}

async function followOnScreen(
  { out }: Context,
  settings: InspectSettings,
  { control, first, interrupt }: Watch,
): Promise<number> {
  let data = first;
  let history: History = extendHistory({ in: [], out: [] }, data);
  let state: LiveState = { ...INITIAL_STATE, sort: settings.sort, filter: settings.filter };
  let silentSince: string | undefined;
  let lookMs = 0;
  let wake = (): void => {};

  function view(): LiveView {
    const trouble = silentSince === undefined ? undefined : `no answer since ${silentSince}`;
    return { data, history, state, trouble, now: Date.now() };
  }

  function draw(screen: Screen): void {
    screen.draw(drawLive(view(), screen, out.colors));
  }

  function onKey(key: string): void {
    state = press(state, key, {
      columns: shownColumns(view(), screen),
      ...scrolledBy(view(), screen),
      checkFilter: (condition) => void selectRows([], PEER_COLUMNS, { sort: undefined, filter: [condition] }),
    });
    draw(screen);
    if (state.isDone) wake();
  }

  using screen = openScreen({ onKey, onResize: () => draw(screen) });
  interrupt.signal.addEventListener("abort", () => wake(), { once: true });
  draw(screen);
  for (;;) {
    await new Promise<void>((resolve) => {
      wake = resolve;
      if (state.isDone || interrupt.signal.aborted) resolve();
      else setTimeout(resolve, settings.interval ?? Math.max(DEFAULT_INTERVAL_MS, EASE * lookMs));
    });
    if (state.isDone === "quit") return EXIT.done;
    if (state.isDone === "interrupted") return EXIT.interrupted;
    if (interrupt.signal.aborted) return interrupt.exitCode;
    if (state.isPaused) continue;
    const startedAt = performance.now();
    try {
      data = await look(control);
      lookMs = performance.now() - startedAt;
      history = extendHistory(history, data);
      silentSince = undefined;
    } catch (error) {
      if (!(error instanceof CommandError)) throw error;
      silentSince ??= timeOfDay(Date.now());
    }
    draw(screen);
  }
}

async function followInLines(
  context: Context,
  settings: InspectSettings,
  { control, first, interrupt }: Watch,
): Promise<number> {
  const { out } = context;
  let data = first;
  for (let count = 1;; count++) {
    printSummary(data, context);
    printTable(selectRows(data.peers, PEER_COLUMNS, settings), PEER_COLUMNS, settings.columns, context);
    if (count === settings.count) return EXIT.done;
    await pause(settings.interval ?? DEFAULT_INTERVAL_MS, interrupt.signal);
    if (interrupt.signal.aborted) return interrupt.exitCode;
    out.line("");
    data = await look(control);
  }
}

/** Waits so long, or until the signal comes. It leaves nothing behind on the signal, which outlives any number of waits. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end);
  });
}

/** The head of the screen, in one line. */
function printSummary(data: LiveData, { out }: Context): void {
  const { node, chain, peers, channels } = data;
  const traffic = extendHistory({ in: [], out: [] }, data);
  const missed = channels.reduce((sum, { lag }) => sum + (lag ?? 0), 0);
  const parts = [
    timeOfDay(Date.now()),
    `${escapeText(node.network ?? "?")} up ${formatDuration((node.uptimeSeconds ?? 0) * MS_PER_SECOND)}`,
    `block ${chain.height ?? 0} of ${Math.max(chain.headers ?? 0, bestPeerHeight(data))}${
      chain.syncing ? " syncing" : ""
    }`,
    `${peers.length} peers`,
    `in ${formatSize(Math.round(traffic.in[0]!))}/s out ${formatSize(Math.round(traffic.out[0]!))}/s`,
    `${missed} events missed`,
  ];
  out.line(out.colors.bold(parts.join(", ")));
}
