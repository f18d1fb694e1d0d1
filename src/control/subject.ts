import type { P2PNode } from "../node/types.ts";
import type { EventFeed } from "./event_feed.ts";
import type { ControlPolicy } from "./guard.ts";

/** What the control API speaks about. */
export interface ControlSubject extends ControlPolicy {
  readonly node: P2PNode;
  readonly feed: EventFeed;
  readonly version: string;
  /** Which runtime this is, such as `bun 1.4.5`. */
  readonly runtime: string;
  /** Milliseconds since the node was started. */
  uptimeMs(): number;
}
