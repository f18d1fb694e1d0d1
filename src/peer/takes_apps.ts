import { hasServices, SERVICE_P2P_APPS } from "../protocol/service_flags.ts";
import type { Peer } from "./peer.ts";

/** Whether a peer that is ready takes messages of applications; others, and connections for blocks only, carry none. */
export function takesApps(peer: Peer): boolean {
  return !peer.isBlockOnly && hasServices(peer.agreement?.version.services ?? 0n, SERVICE_P2P_APPS);
}
