import { suggestion } from "../../../util/nearest.ts";
import { MESSAGE_TYPES } from "../../../wire/frame_trace.ts";
import { UsageError } from "../../exit.ts";
import type { DataColumn } from "../columns.ts";
import { readConditions } from "../selection.ts";
import type { Sighting } from "./sighting.ts";

/** What conditions may speak of. */
const COLUMNS: readonly DataColumn<Sighting>[] = [
  { name: "number", help: "", unit: "count", value: ({ number }) => number },
  { name: "type", help: "", value: ({ type }) => type },
  { name: "direction", help: "", value: ({ direction }) => direction },
  { name: "from", help: "", value: ({ from }) => from },
  { name: "to", help: "", value: ({ to }) => to },
  { name: "peer", help: "", value: ({ from, to }) => from && to && `${from} ${to}` },
  { name: "size", help: "", unit: "bytes", value: ({ sizeBytes }) => sizeBytes },
  { name: "network", help: "", value: ({ network }) => network?.name },
  { name: "problem", help: "", value: ({ problem }) => problem },
];

/** A word that is no condition names types. */
const IS_CONDITION = /[<>=!~]/;

/**
 * What `--filter` lets through: messages of any of the types that it names, if it names some, that meet every condition.
 * Throws UsageError.
 */
export function readFilter(filter: readonly string[]): (sighting: Sighting) => boolean {
  const holds = readConditions(filter.filter((each) => IS_CONDITION.test(each)), COLUMNS);
  const types = new Set(filter.filter((each) => !IS_CONDITION.test(each)).flatMap(readTypes));
  return (sighting) => (types.size === 0 || types.has(sighting.type)) && holds(sighting);
}

function readTypes(words: string): readonly string[] {
  const types = words.split(",").map((word) => word.trim());
  const known: readonly string[] = MESSAGE_TYPES;
  const wrong = types.find((type) => !known.includes(type));
  if (wrong === undefined) return types;
  const hint = suggestion(wrong, known) || `; type=${wrong} asks for one that this version does not know`;
  throw new UsageError(`--filter: no type of message ${JSON.stringify(wrong)}${hint}`);
}
