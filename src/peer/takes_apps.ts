import { hasServices, SERVICE_P2P_APPS } from "../protocol/service_flags.ts";
import type { Peer } from "./peer.ts";

/** Whether a peer that is ready takes messages of applications; others would not know what they are. */
export function takesApps(peer: Peer): boolean {
  return hasServices(peer.agreement?.version.services ?? 0n, SERVICE_P2P_APPS);
}
