/** A file as a window that moves forward over it. */
export interface ByteSource {
  readonly path: string;
  /** Position of the window's start, in bytes from the file's. */
  readonly offset: number;
  /** Reads ahead until so many bytes are there, or fewer at the end of the file; answers how many of them. */
  prepare(sizeBytes: number): number;
  /** The next bytes, which were prepared. They are borrowed until the next `prepare`. */
  view(sizeBytes: number): Uint8Array;
  /** Moves on, also beyond what was prepared. */
  skip(sizeBytes: number): void;
}
