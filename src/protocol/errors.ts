/**
 * What a remote can do wrong. One word a kind of fault, used in logs, metrics and the penalty table: a remote never
 * chooses our text.
 */
export type FaultCode =
  | "bad-magic"
  | "bad-checksum"
  | "oversized"
  | "malformed"
  | "unexpected-message"
  | "obsolete-version"
  | "wrong-network"
  | "self-connection"
  | "missing-services"
  | "handshake-refused"
  | "handshake-timeout"
  | "ping-timeout"
  | "too-slow"
  | "stalled"
  | "bad-header"
  | "unconnected-headers"
  | "bad-block"
  | "bad-transaction"
  | "rejected-message";

/** The remote is to blame: its connection ends, and the penalty table says what else. */
export class RemoteFault extends Error {
  override readonly name = "RemoteFault";
  /** What it did. */
  readonly code: FaultCode;

  constructor(code: FaultCode, detail: string) {
    super(`${code}: ${detail}`);
    this.code = code;
  }
}

/** What our own caller or surroundings can do wrong. */
export type LocalErrorCode =
  | "bad-argument"
  | "bad-config"
  | "stopped"
  | "limit"
  | "banned"
  | "unreachable"
  | "timeout"
  | "refused"
  | "no-method"
  | "no-thread"
  | "address-in-use"
  | "store-locked"
  | "store-newer"
  | "store-mismatch"
  | "store-corrupt"
  | "store-full"
  | "bad-file";

/** The caller is to blame. The message reads: Cannot X: why: received v. */
export class LocalError extends Error {
  override readonly name = "LocalError";
  /** What to tell callers apart by; the message is for people. */
  readonly code: LocalErrorCode;

  constructor(code: LocalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
