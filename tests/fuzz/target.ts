/**
 * Takes one input and says in a word or two what came of it: inputs that give new words are kept and changed further.
 * Throws where something went wrong that no input may bring about.
 */
export type Subject = (input: Uint8Array) => string | Promise<string>;

/** Something that takes bytes from strangers, files or users. */
export interface FuzzTarget {
  readonly name: string;
  /** Inputs to begin with, good ones. */
  corpus(): readonly Uint8Array[];
  open(): Subject | Promise<Subject>;
  /** Makes lengths and checksums right again, so that a change gets past the door. */
  repair?(input: Uint8Array): Uint8Array;
  /** Clears away what `open` made, however often it was called. */
  close?(): void;
}

/** The texts as bytes. */
export function texts(...all: readonly string[]): Uint8Array[] {
  return all.map((text) => new TextEncoder().encode(text));
}

/** Bytes as the text that a file or a request would be read as. */
export function textOf(input: Uint8Array): string {
  return new TextDecoder().decode(input);
}
