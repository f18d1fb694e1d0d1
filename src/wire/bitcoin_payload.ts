import { RemoteFault } from "../protocol/errors.ts";
import { type ByteReader, type ByteWriter, MalformedBytes, varIntSize } from "../util/bytes.ts";

/** How one type of message is spelled on the Bitcoin wire, after the frame's header. */
export interface PayloadCodec<M> {
  /** Longest payload of the type. A longer one is refused on sight of its header. */
  readonly maxBytes: number;
  /** Exact size of the payload in bytes, so that a frame is one allocation. */
  sizeOf(message: M): number;
  write(writer: ByteWriter, message: M): void;
  /** Reads all of the payload: what is left over is a fault. Throws MalformedBytes or RemoteFault. */
  read(source: PayloadSource): M;
}

/** A payload whose checksum was right. */
export interface PayloadSource {
  readonly command: string;
  /** Stands at the start of the payload and ends where it ends. */
  readonly reader: ByteReader;
  /** The rest of the payload, in memory that may be kept. */
  rest(): Uint8Array;
}

/**
 * A count of items of at least `itemBytes` each. What a stranger announces must fit under the limit, and into the bytes
 * that are there, before anybody loops or allocates.
 */
export function readCount(
  reader: ByteReader,
  limit: number,
  itemBytes: number,
  items: string,
  name = "count",
): number {
  const count = reader.varInt(name);
  if (count > limit) throw new RemoteFault("oversized", `${count} ${items}, at most ${limit}`);
  if (count * itemBytes > reader.remaining) throw new MalformedBytes(`${count} ${items} in ${reader.remaining} bytes`);
  return count;
}

/** Size of a count and of so many items of a fixed size, in bytes. */
export function listSize(count: number, itemBytes: number): number {
  return varIntSize(count) + count * itemBytes;
}

const encoder = new TextEncoder();
// Lenient: a name in a foreign encoding is no reason to drop a peer, and it is shown with replacement characters.
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

export function textSize(text: string): number {
  const sizeBytes = encoder.encode(text).length;
  return varIntSize(sizeBytes) + sizeBytes;
}

export function writeText(writer: ByteWriter, text: string): void {
  const bytes = encoder.encode(text);
  writer.varInt(bytes.length).raw(bytes);
}

export function readText(reader: ByteReader, maxBytes: number, name: string): string {
  reader.enter(name);
  const text = decoder.decode(reader.view(readCount(reader, maxBytes, 1, `bytes of ${name}`, "length"), "text"));
  reader.leave();
  return text;
}
