/** One HTTP request as the control API sees it: the method, the path without its query, and who was meant. */
export interface ControlRequest {
  /** Upper case. */
  readonly method: string;
  /** Starts with a slash; percent-encoded as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The Host header; undefined if there was none. */
  readonly host: string | undefined;
  /** The Origin header: the page that a browser acts for. */
  readonly origin?: string | undefined;
  /** The Authorization header. */
  readonly authorization?: string | undefined;
  /** The Accept header. */
  readonly accept?: string | undefined;
  /** The Last-Event-ID header: a reader of events was cut, and comes back. */
  readonly lastEventId?: string | undefined;
  readonly body?: string;
  /** Whether it came over a unix socket, whose file permissions say who may ask. */
  readonly isLocalSocket: boolean;
}

export interface ControlResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The way to the reader of an answer that has no end. */
export interface StreamWriter {
  /** False: no more until `drained`. */
  write(bytes: Uint8Array): boolean;
  /** Cuts the connection. */
  cut(): void;
}

/** What such an answer is told of its reader. */
export interface StreamSource {
  drained(): void;
  /** The reader is gone; called once, last. */
  closed(): void;
}

/** An answer that has no end: bytes follow as they happen. */
export interface ControlStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Called once the head has left. */
  open(writer: StreamWriter): StreamSource;
}

export type ControlAnswer = ControlResponse | ControlStream;
