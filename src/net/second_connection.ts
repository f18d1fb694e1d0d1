import type { Endpoint } from "../platform/types.ts";
import type { Peer } from "../peer/peer.ts";
import { identifyHost } from "./host_identity.ts";

type Party = Pick<Peer, "remote" | "direction" | "kind" | "permissions">;

/**
 * Which of two connections to one node is ours to end; undefined: none. Of two that dialled each other, the one with the
 * lower id keeps its dial; of two dials of ours, the older stays. Each side ends its own dials only, since it alone knows
 * what its owner wants. Whose word it is that both are one node is not proven, so it counts between connections of one
 * address only: else whoever took another node's name could have us leave that node.
 */
export function secondConnection<P extends Party>(newer: P, older: P, isOurIdLower: boolean): P | undefined {
  const host = hostOf(newer.remote);
  if (host === undefined || host !== hostOf(older.remote)) return undefined;
  const ours = [newer, older].filter(({ direction }) => direction === "outbound");
  if (ours.length === 1 && isOurIdLower) return undefined;
  return ours.find((peer) => peer.kind !== "manual" && !peer.permissions.has("noban"));
}

/** This machine has many addresses, and dials by another one than it listens on. */
function hostOf(endpoint: Endpoint): string | undefined {
  if ("path" in endpoint) return undefined;
  return identifyHost(endpoint.host).scope === "loopback" ? "this machine" : endpoint.host;
}
