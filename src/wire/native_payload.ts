import type { Message } from "../protocol/messages.ts";
import type { ByteWriter } from "../util/bytes.ts";
import type { BodySource } from "./app_bodies.ts";
import type { Frame } from "./frame_decoder.ts";
import type { AnyField } from "./native_fields.ts";

/** What a body is made of, for whoever wants to tell its parts apart (native_trace.ts). */
export type BodyLayout =
  /** One CBOR item. */
  | { readonly kind: "structured"; readonly whole: AnyField }
  /** Read front to back. */
  | { readonly kind: "read"; read(source: BodySource): unknown };

/** How the body of one type of message is spelled: what stands behind the header of its frame. */
export interface NativePayload<M extends Message> {
  /** The type's number in the header. A number, once given, never changes its meaning. */
  readonly number: number;
  /** Size of the longest body; a longer one is refused by its header. */
  readonly maxBytes: number;
  readonly layout: BodyLayout;
  /** First bytes of the body, where it is more than what `encode` answers. Both throw LocalError. */
  readonly head?: { sizeOf(message: M): number; write(writer: ByteWriter, message: M): void };
  /** The body, or its rest. It may lie in memory that the next call overwrites. Throws LocalError. */
  encode(message: M): Uint8Array;
  /** The message whose body lies in `frame.bytes` from `start` to `frame.end`. Throws MalformedBytes. */
  decode(frame: Frame, start: number): M;
}
