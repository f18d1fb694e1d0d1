import type { Selection } from "../inspect/selection.ts";

/** What the user does with the live view. */
export interface LiveState extends Selection {
  readonly isPaused: boolean;
  readonly showsHelp: boolean;
  /** What the doctor says, instead of the peers. */
  readonly showsDoctor: boolean;
  /** Rows of the table, or lines of the doctor, above the first one that is shown. */
  readonly offset: number;
  /** The filter as it is being typed; undefined where none is. */
  readonly typing: string | undefined;
  /** What was wrong with the last one. */
  readonly complaint: string | undefined;
  readonly isDone: "quit" | "interrupted" | undefined;
}

/** What a key has to know. */
export interface KeyContext {
  /** Columns that are shown, in the order in which a key goes through them. */
  readonly columns: readonly string[];
  /** Of what is scrolled: rows of the table, or lines of the doctor. */
  readonly rows: number;
  /** So many of them fit on the screen. */
  readonly pageRows: number;
  /** Throws an error that says what is wrong with a condition. */
  checkFilter(condition: string): void;
}

export const INITIAL_STATE: LiveState = {
  sort: undefined,
  filter: [],
  isPaused: false,
  showsHelp: false,
  showsDoctor: false,
  offset: 0,
  typing: undefined,
  complaint: undefined,
  isDone: undefined,
};

type Step = (state: LiveState, context: KeyContext) => Partial<LiveState>;

/** Every key, what it does, and in which words help says it. */
export const KEYS: readonly { readonly keys: readonly string[]; readonly help: string; readonly step: Step }[] = [
  { keys: ["q"], help: "quit", step: () => ({ isDone: "quit" }) },
  {
    keys: ["s"],
    help: "sort by the next column",
    step: (state, { columns }) => ({ sort: nextSort(state, columns, 1) }),
  },
  {
    keys: ["S"],
    help: "sort by the column before",
    step: (state, { columns }) => ({ sort: nextSort(state, columns, -1) }),
  },
  { keys: ["r"], help: "the other way round", step: ({ sort }) => ({ sort: reverse(sort) }) },
  { keys: ["/"], help: "filter the rows: ping>100, agent~btcd", step: () => ({ typing: "" }) },
  { keys: ["escape", "c"], help: "show all rows again", step: () => ({ filter: [], offset: 0 }) },
  {
    keys: ["d"],
    help: "what the doctor says, and back",
    step: ({ showsDoctor }) => ({ showsDoctor: !showsDoctor, offset: 0 }),
  },
  { keys: ["p", " "], help: "pause, and go on", step: ({ isPaused }) => ({ isPaused: !isPaused }) },
  { keys: ["up", "k"], help: "a row up", step: ({ offset }, context) => scroll(offset - 1, context) },
  { keys: ["down", "j"], help: "a row down", step: ({ offset }, context) => scroll(offset + 1, context) },
  { keys: ["pageup"], help: "a page up", step: ({ offset }, context) => scroll(offset - context.pageRows, context) },
  {
    keys: ["pagedown"],
    help: "a page down",
    step: ({ offset }, context) => scroll(offset + context.pageRows, context),
  },
  { keys: ["home", "g"], help: "to the first row", step: () => ({ offset: 0 }) },
  { keys: ["end", "G"], help: "to the last row", step: (_, context) => scroll(context.rows, context) },
  { keys: ["?", "h"], help: "this help, and back", step: ({ showsHelp }) => ({ showsHelp: !showsHelp }) },
];

/** The state after a key; what was wrong before is forgotten then. */
export function press(before: LiveState, key: string, context: KeyContext): LiveState {
  const state = { ...before, complaint: undefined };
  if (key === "ctrl-c") return { ...state, isDone: "interrupted" };
  if (state.typing !== undefined) return { ...state, ...type(state, state.typing, key, context) };
  const found = KEYS.find(({ keys }) => keys.includes(key));
  if (state.showsHelp && key !== "q") return { ...state, showsHelp: false };
  return found ? { ...state, ...found.step(state, context) } : state;
}

function type({ filter }: LiveState, typing: string, key: string, { checkFilter }: KeyContext): Partial<LiveState> {
  if (key === "escape") return { typing: undefined };
  if (key === "backspace") return typing === "" ? { typing: undefined } : { typing: typing.slice(0, -1) };
  if (key.length === 1) return { typing: typing + key };
  if (key !== "return" && key !== "enter") return {};
  if (typing.trim() === "") return { typing: undefined, filter: [] };
  try {
    checkFilter(typing);
    return { typing: undefined, filter: [...filter, typing.trim()], offset: 0 };
  } catch (error) {
    return { typing: undefined, complaint: (error as Error).message };
  }
}

function nextSort({ sort }: LiveState, columns: readonly string[], step: number): string {
  const [name] = (sort ?? "").split(":");
  const at = columns.indexOf(name ?? "");
  const next = at < 0 ? (step > 0 ? 0 : columns.length - 1) : (at + step + columns.length) % columns.length;
  return `${columns[next]}:desc`;
}

function reverse(sort: string | undefined): string | undefined {
  if (sort === undefined) return undefined;
  const [name, direction = "asc"] = sort.split(":");
  return `${name}:${direction === "asc" ? "desc" : "asc"}`;
}

function scroll(offset: number, { rows, pageRows }: KeyContext): Partial<LiveState> {
  return { offset: Math.max(0, Math.min(offset, rows - pageRows)) };
}
