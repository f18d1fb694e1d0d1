import type { RemoteFault } from "../protocol/errors.ts";
import type { HandshakeState } from "../protocol/handshake.ts";
import { LANE_OF } from "../protocol/lanes.ts";
import type { MessageType } from "../protocol/messages.ts";
import type { Logger } from "../util/env.ts";
import type { CloseReason, Direction } from "./peer_options.ts";

/** What it means where we dialled. */
const BEFORE_FIRST_WORD = "before its first word: it may be on another network, or full, or have banned this address";

export function endedBy(fault: RemoteFault): CloseReason {
  return { code: fault.code, detail: fault.message };
}

export function endedByUs(detail: string): CloseReason {
  return { code: "closed-by-us", detail };
}

/** It does not take what it needs. */
export function endedAsSlow(type: MessageType): CloseReason {
  return { code: "too-slow", detail: `its ${LANE_OF[type]} lane is full` };
}

/** A bug of ours in what a peer's message led to costs that peer, and no other; the log has the stack. */
export function endedByBug(error: unknown, peer: number, log: Logger): CloseReason {
  const stack = error instanceof Error ? error.stack : String(error);
  log.error("internal error while handling a message", { peer, stack });
  return { code: "internal-error", detail: String(error) };
}

/** The connection is gone, in order or not. */
export function endedByRemote(error: Error | undefined, direction: Direction, state: HandshakeState): CloseReason {
  const when = direction === "outbound" && state === "awaiting-version" ? BEFORE_FIRST_WORD : `while ${state}`;
  if (!error) return { code: "closed-by-remote", detail: when };
  return { code: "connection-lost", detail: state === "ready" ? error.message : `${error.message} ${when}` };
}
