import type { Peer } from "./peer.ts";

/** Whether a peer that is ready takes messages of applications; others, and connections for blocks only, carry none. */
export function takesApps(peer: Peer): boolean {
  return !peer.isBlockOnly && (peer.agreement?.takesApps ?? false);
}
