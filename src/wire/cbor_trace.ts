import { MalformedBytes } from "../util/bytes.ts";
import { TracingReader } from "../util/tracing_reader.ts";
import { type CborValue, decodeCbor } from "./cbor.ts";
import { type CborSpan, checkCbor } from "./cbor_guard.ts";
import type { AnyField, FieldShape } from "./native_fields.ts";

/** Reads the insides of a byte string of this name; undefined: it has none. */
export type CborExpansion = (name: string) => ((reader: TracingReader) => void) | undefined;

/**
 * Reads the CBOR item that the reader stands at, as the field that it spells, and notes each of its items under the name
 * of the part that it is. Answers the field's value. Throws MalformedBytes, and what came before is noted.
 */
export function traceCbor(reader: TracingReader, whole: AnyField, expand: CborExpansion): unknown {
  const { bytes, offset, remaining } = reader;
  const spans: CborSpan[] = [];
  let fault: unknown;
  try {
    checkCbor(bytes, offset, offset + remaining, whole.maxItems, (span) => spans.push(span));
  } catch (error) {
    if (!(error instanceof MalformedBytes)) throw error;
    fault = error;
  }
  new Walk(reader, spans, expand).visit(whole, "");
  if (fault) throw fault;
  const value = whole.fromCbor(decodeCbor(bytes, offset, offset + remaining, whole.maxItems), "message");
  reader.expectEnd();
  return value;
}

/** Goes over items in their order, side by side with the fields that they should be. */
class Walk {
  readonly #reader: TracingReader;
  readonly #spans: readonly CborSpan[];
  readonly #expand: CborExpansion;
  #next = 0;

  constructor(reader: TracingReader, spans: readonly CborSpan[], expand: CborExpansion) {
    this.#reader = reader;
    this.#spans = spans;
    this.#expand = expand;
  }

  /** False: nothing that follows can be told apart any more. */
  visit(field: AnyField, name: string): boolean {
    const span = this.#spans[this.#next++];
    if (!span) return false;
    const { shape } = field;
    if (shape && span.isArray !== (shape.kind !== "packed")) return this.#noteWhole(span);
    if (!shape) return this.#value(field, span, name);
    this.#noteHead(span);
    return this.#parts(shape, span, name);
  }

  #parts(shape: FieldShape, span: CborSpan, ownName: string): boolean {
    if (shape.kind === "packed") return this.#records(shape, span);
    const count = argumentOf(this.#reader.bytes, span);
    for (let i = 0; i < count; i++) {
      const [name, field] = shape.kind === "record" ? shape.parts[i] ?? [] : [undefined, shape.entry];
      if (!field) return false;
      if (!this.#within(name, i, () => this.visit(field, name ?? ownName))) return false;
    }
    return true;
  }

  /** A part by its name, or an entry by its number: that of a list stands behind the name of the list. */
  #within(name: string | undefined, index: number, visit: () => boolean): boolean {
    this.#reader.enter(name ?? "", name === undefined ? index : undefined);
    try {
      return visit();
    } finally {
      this.#reader.leave();
    }
  }

  #records(shape: FieldShape & { kind: "packed" }, span: CborSpan): boolean {
    const reader = this.#reader;
    const sizeBytes = span.end - span.contentStart;
    if (sizeBytes % shape.sizeBytes !== 0) {
      reader.skip(sizeBytes);
      return false;
    }
    for (let i = 0; reader.offset < span.end; i++) {
      if (!shape.isSingle) reader.enter("", i);
      shape.read(reader);
      if (!shape.isSingle) reader.leave();
    }
    return true;
  }

  #value(field: AnyField, span: CborSpan, name: string): boolean {
    if (span.isArray) return this.#noteWhole(span);
    const expansion = this.#expand(name);
    if (expansion && span.end > span.contentStart) {
      this.#noteHead(span);
      const part = this.#reader.part(span.end - span.contentStart);
      expansion(part);
      part.skip(part.remaining, "trailing");
      return true;
    }
    const item = decodeCbor(this.#reader.bytes, span.offset, span.end, 1);
    this.#reader.noteNext(span.end - span.offset, "cbor", item as Exclude<CborValue, readonly CborValue[]>);
    field.fromCbor(item, name);
    return true;
  }

  /** The head of an array tells how many items follow, that of a string how many bytes. */
  #noteHead(span: CborSpan): void {
    const kind = span.isArray ? "cbor-array" : "cbor-head";
    this.#reader.noteNext(span.contentStart - span.offset, kind, argumentOf(this.#reader.bytes, span));
  }

  #noteWhole(span: CborSpan): false {
    this.#reader.skip(span.end - span.offset);
    return false;
  }
}

const INFO_MASK = 0x1f;
const FIRST_LONG_ARGUMENT = 24;
const BYTE_VALUES = 256;

/** The number in an item's head, which the guard found to be in its shortest form. */
function argumentOf(bytes: Uint8Array, { offset, contentStart }: CborSpan): number {
  const info = bytes[offset]! & INFO_MASK;
  if (info < FIRST_LONG_ARGUMENT) return info;
  let value = 0;
  for (let at = offset + 1; at < contentStart; at++) value = value * BYTE_VALUES + bytes[at]!;
  return value;
}
