import { toSafeJson } from "../../util/escape.ts";
import type { Context } from "../context.ts";
import { EXIT, UsageError } from "../exit.ts";
import { readValue, type ValueSchema } from "../values.ts";
import type { Json } from "../render_message.ts";
import { printRecord } from "../tables.ts";
import type { AnswerForm } from "./answer_form.ts";
import { askNode } from "./ask.ts";
import type { DataColumn } from "./columns.ts";
import { printTable } from "./data_table.ts";
import { NODE_PLACE, TABLE_FLAGS, type ViewFlag } from "./flags.ts";
import { checkSelection, selectRows } from "./selection.ts";
import type { InspectSettings, View } from "./view.ts";

/** What is asked of the control API of a running node. */
interface Request {
  readonly summary: string;
  readonly subject?: string;
  /** What the subject has to be; anything, where nothing is said. */
  readonly subjectIs?: ValueSchema<unknown>;
  /** Flags besides where the node is, and `--json`. */
  readonly takes?: readonly ViewFlag[];
  readonly hasLive?: boolean;
  /** Lists and records that the answer must have; without it, none. A table without `rows` needs a list. */
  readonly needs?: readonly string[];
  /** Where the control API has it. */
  path(id: string, settings: InspectSettings): string;
  /** What is done there; to look is GET. */
  readonly method?: "POST" | "DELETE";
  /** What an action is told besides its path. */
  fields?(id: string, settings: InspectSettings): Json;
}

/** A view of what the control API of a running node answers to one request. `T`: the answer. */
export interface NodeViewParts<T> extends Request {
  /** Prints the answer for people; without it, as a record. `--json` comes first. */
  show?(answer: T, context: Context, settings: InspectSettings): void;
  /** What of the answer this view is about, for `--json`; without it, all. */
  pick?(answer: T): unknown;
  /** Without it the command is done once the node has answered. */
  exitCode?(answer: T): number;
}

/** A view whose answer is a list of rows, or has one. */
export interface TableViewParts<T, Row> extends Request {
  readonly columns: readonly DataColumn<Row>[];
  /** The rows of the answer; without it, the answer itself. */
  rows?(answer: T): readonly Row[];
  /** The answer with other rows in it, for `--json`; without it, the rows. */
  withRows?(answer: T, rows: readonly Row[]): unknown;
  /** Printed above the table, and below it. */
  before?(answer: T, context: Context): void;
  after?(answer: T, context: Context): void;
}

const INDENT = 2;

/** Makes the view: asks, then prints the answer as `--json` or for people. */
export function nodeView<T = Json>(parts: NodeViewParts<T>): View {
  return {
    ...describe(parts, []),
    async run({ context, settings, id }) {
      const answer = await ask(parts, parts.needs ?? [], context, settings, id);
      if (settings.json) context.out.line(toSafeJson(parts.pick ? parts.pick(answer as T) : answer, INDENT));
      else if (parts.show) parts.show(answer as T, context, settings);
      else printRecord(answer as { readonly [key: string]: Json }, context.out);
      return parts.exitCode?.(answer as T) ?? EXIT.done;
    },
  };
}

/** Makes a view of rows that can be sorted and filtered. */
export function tableView<T, Row>(parts: TableViewParts<T, Row>): View {
  const { columns } = parts;
  return {
    ...describe(parts, TABLE_FLAGS),
    columns: columns.map(({ name, help }) => [name, help] as const),
    async run({ context, settings, id }) {
      checkSelection(columns, settings);
      const answer = await ask(parts, parts.needs ?? (parts.rows ? [] : "list"), context, settings, id) as T;
      const rows = selectRows(parts.rows ? parts.rows(answer) : answer as readonly Row[], columns, settings);
      if (settings.json) {
        context.out.line(toSafeJson(parts.withRows ? parts.withRows(answer, rows) : rows, INDENT));
        return EXIT.done;
      }
      parts.before?.(answer, context);
      printTable(rows, columns, settings.columns, context);
      if (rows.length === 0) context.err.line("there is none");
      parts.after?.(answer, context);
      return EXIT.done;
    },
  };
}

function describe({ summary, subject, takes = [], hasLive = false }: Request, more: readonly ViewFlag[]) {
  return {
    summary,
    ...(subject !== undefined && { subject }),
    takes: [...NODE_PLACE, "json", ...more, ...takes] as const,
    hasLive,
  };
}

async function ask(
  request: Request,
  form: AnswerForm,
  { host }: Context,
  settings: InspectSettings,
  id: string,
): Promise<Json> {
  checkSubject(request, id);
  return await askNode(settings, host.environment, request.path(id, settings), form, {
    ...(request.method && { method: request.method }),
    ...(request.fields && { body: JSON.stringify(request.fields(id, settings)) }),
  });
}

/** Before anybody is asked: a slip is no matter of the node. */
function checkSubject({ subject, subjectIs }: Request, id: string): void {
  const read = subjectIs && readValue(subjectIs, id);
  if (read && "why" in read) throw new UsageError(`${subject} ${read.why}: received ${JSON.stringify(id)}`);
}
