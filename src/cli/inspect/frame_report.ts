import type { NetworkParams } from "../../protocol/network_params.ts";
import { NETWORKS } from "../../protocol/networks.ts";
import { equalBytes } from "../../util/bytes.ts";
import { escapeText } from "../../util/escape.ts";
import type { Hasher } from "../../util/hash.ts";
import { bytesToHex } from "../../util/hex.ts";
import type { TracedField } from "../../util/tracing_reader.ts";
import type { FrameTrace } from "../../wire/frame_trace.ts";
import type { Output } from "../context.ts";
import { type Json, messageToJson } from "../render_message.ts";
import { meaningOf, type Siblings, valueToJson } from "./frame_meaning.ts";
import { namesIn, type PartName } from "./frame_names.ts";

/** A frame (or payload) of somebody's bytes. */
export interface SeenFrame {
  readonly trace: FrameTrace;
  readonly network: NetworkParams;
  readonly bytes: Uint8Array;
  readonly start: number;
}

/** Bytes of a field that a line shows; `--json` has them all. */
const SHOWN_BYTES = 12;
/** Characters of a meaning that a line shows. */
const SHOWN_CHARACTERS = 100;

/** One line a field: offset, size, name, bytes, meaning. */
export function printFrame(frame: SeenFrame, hasher: Hasher, out: Output): void {
  const { trace } = frame;
  const { bold, dim, red } = out.colors;
  out.line(bold(titleOf(frame)));
  for (const name of trace.message ? namesIn(trace.message, hasher) : []) out.line(`  ${describeName(name)}`);
  const siblings = byPath(trace.fields);
  const rows = trace.fields.map((field) => ({
    offset: String(field.offset),
    size: String(field.sizeBytes),
    path: field.path,
    raw: shorten(frame.bytes, field),
    meaning: escapeText(cut(explain(field, siblings, frame))),
  }));
  const widthOf = (key: "offset" | "size" | "path" | "raw") =>
    rows.reduce((width, row) => Math.max(width, row[key].length), key.length);
  const [offset, size, path, raw] = [widthOf("offset"), widthOf("size"), widthOf("path"), widthOf("raw")];
  out.line(
    dim(
      `${"offset".padStart(offset)}  ${"size".padStart(size)}  ${"field".padEnd(path)}  ${"raw".padEnd(raw)}  meaning`,
    ),
  );
  for (const row of rows) {
    const place = `${row.offset.padStart(offset)}  ${row.size.padStart(size)}`;
    out.line(`${place}  ${row.path.padEnd(path)}  ${dim(row.raw.padEnd(raw))}  ${row.meaning}`.trimEnd());
  }
  const problem = trace.problem ?? trace.inside;
  if (problem) out.line(red(`problem: ${problem.code}: ${escapeText(problem.detail)}`));
}

/** The stable form. */
export function toJson(frame: SeenFrame, hasher: Hasher): Json {
  const { trace, bytes, start } = frame;
  const siblings = byPath(trace.fields);
  return {
    network: frame.network.name,
    wire: trace.wire,
    type: trace.type,
    known: trace.isKnown,
    offset: start,
    sizeBytes: trace.end === undefined ? null : trace.end - start,
    checksum: checksumVerdict(trace),
    problem: trace.problem ? { ...trace.problem } : null,
    inside: trace.inside ? { ...trace.inside } : null,
    names: trace.message ? namesIn(trace.message, hasher).map((name) => ({ ...name })) : [],
    fields: trace.fields.map((field) => ({
      field: field.path,
      offset: field.offset,
      sizeBytes: field.sizeBytes,
      kind: field.kind,
      hex: bytesToHex(bytes.subarray(field.offset, field.offset + field.sizeBytes)),
      value: valueToJson(field.value),
      meaning: explain(field, siblings, frame),
    })),
    message: trace.message ? messageToJson(trace.message) : null,
  };
}

function titleOf({ trace, network, bytes, start }: SeenFrame): string {
  const size = (trace.end ?? bytes.length) - start;
  const known = trace.isKnown || trace.type === "" ? "" : ", which this version does not know";
  const where = start === 0 ? "" : ` at byte ${start}`;
  const what = trace.type === "" ? "a piece of a frame" : escapeText(trace.type);
  return `${what}${known}: ${size} bytes${where}, ${trace.wire} wire, network ${escapeText(network.name)}`;
}

function explain(field: TracedField, siblings: Siblings, { trace, network }: SeenFrame): string {
  if (field.path === "checksum" && trace.checksum) return explainChecksum(trace, field.value as Uint8Array);
  if (field.path === "magic") return networkOf(field.value as Uint8Array, network);
  if (field.path === "type" && trace.wire === "native") return trace.type;
  return meaningOf(field, siblings);
}

function explainChecksum({ checksum }: FrameTrace, value: Uint8Array): string {
  return equalBytes(value, checksum!) ? "right" : `wrong: the payload's is ${bytesToHex(checksum!)}`;
}

function checksumVerdict(trace: FrameTrace): Json {
  const field = trace.fields.find(({ path }) => path === "checksum");
  if (!field || !trace.checksum) return null;
  return equalBytes(field.value as Uint8Array, trace.checksum) ? "right" : "wrong";
}

const BYTE_VALUES = 256;

function networkOf(bytes: Uint8Array, asked: NetworkParams): string {
  const magic = bytes.reduce((sum, byte) => sum * BYTE_VALUES + byte, 0);
  return [asked, ...NETWORKS.values()].find((network) => network.magic === magic)?.name ?? "of an unknown network";
}

function describeName({ path, hash, txid, wtxid }: PartName): string {
  const what = path === "" ? "" : `${path}: `;
  if (hash !== undefined) return `${what}hash ${hash}`;
  return `${what}txid ${txid}${wtxid === txid ? "" : `, wtxid ${wtxid}`}`;
}

function byPath(fields: readonly TracedField[]): Siblings {
  return new Map(fields.map((field) => [field.path, field]));
}

function shorten(bytes: Uint8Array, { offset, sizeBytes }: TracedField): string {
  const hex = bytesToHex(bytes.subarray(offset, offset + Math.min(sizeBytes, SHOWN_BYTES)));
  return sizeBytes > SHOWN_BYTES ? `${hex}…` : hex;
}

function cut(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}… (${text.length} characters)` : text;
}
