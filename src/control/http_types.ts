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
  readonly body?: string;
  /** Whether it came over a unix socket, whose file permissions say who may ask. */
  readonly isLocalSocket: boolean;
}

export interface ControlResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}
