import { toSafeJson } from "../../util/escape.ts";
import type { Output } from "../context.ts";
import { EXIT } from "../exit.ts";
import type { Json } from "../render_message.ts";
import { printRecord } from "../tables.ts";
import { askNode } from "./ask.ts";
import { NODE_PLACE, type ViewFlag } from "./flags.ts";
import type { InspectSettings, View } from "./view.ts";

/** A view of what the control API of a running node answers to one request. `T`: the answer. */
export interface NodeViewParts<T> {
  readonly summary: string;
  readonly subject?: string;
  /** Flags besides where the node is, and `--json`. */
  readonly takes?: readonly ViewFlag[];
  /** Where the control API has it. */
  path(id: string): string;
  /** What is done there; to look is GET. */
  readonly method?: "POST" | "DELETE";
  /** What an action is told besides its path. */
  fields?(id: string, settings: InspectSettings): Json;
  /** Prints the answer for people; without it, as a record. `--json` comes first. */
  show?(answer: T, out: Output, settings: InspectSettings): void;
}

const INDENT = 2;

/** Makes the view: asks, then prints the answer as `--json` or for people. */
export function nodeView<T = Json>(parts: NodeViewParts<T>): View {
  const { summary, subject, method, takes = [] } = parts;
  return {
    summary,
    ...(subject !== undefined && { subject }),
    takes: [...NODE_PLACE, "json", ...takes],
    async run({ context: { host, out }, settings, id }) {
      const answer = await askNode(settings, host.environment, parts.path(id), {
        ...(method && { method }),
        ...(parts.fields && { body: JSON.stringify(parts.fields(id, settings)) }),
      });
      if (settings.json) out.line(toSafeJson(answer, INDENT));
      else if (parts.show) parts.show(answer as T, out, settings);
      else printRecord(answer as { readonly [key: string]: Json }, out);
      return EXIT.done;
    },
  };
}
