import type { Endpoint } from "../platform/types.ts";
import type { Peer } from "../peer/peer.ts";
import { identifyHost } from "./host_identity.ts";

type Party = Pick<Peer, "id" | "remote" | "direction" | "kind" | "permissions">;

/**
 * Which of two connections to one node is ours to end; undefined: none. `claimant` says now that it is the node that
 * `first` said before it is. Each side ends its own dials only, since it alone knows what its owner wants.
 *
 * Between the same two hosts there is nothing to gain by a wrong name: of two that dialled each other, the one with the
 * lower id keeps its dial; of two dials of ours, the older stays. Elsewhere nothing proves the name, and whoever took
 * that of another node could have us leave it. So nobody loses his place to a later claim, nor a dial of ours to a
 * stranger's: only where we dialled both, and so gave the places ourselves, does the later claimant go.
 */
export function secondConnection<P extends Party>(claimant: P, first: P, isOurIdLower: boolean): P | undefined {
  const ours = (claimant.id > first.id ? [claimant, first] : [first, claimant]).filter(isOurs);
  if (areOfOneHost(claimant.remote, first.remote)) {
    return ours.length === 1 && isOurIdLower ? undefined : ours.find(mayEnd);
  }
  return ours.length === 2 && mayEnd(claimant) ? claimant : undefined;
}

function isOurs({ direction }: Party): boolean {
  return direction === "outbound";
}

function mayEnd({ kind, permissions }: Party): boolean {
  return kind !== "manual" && !permissions.has("noban");
}

function areOfOneHost(one: Endpoint, other: Endpoint): boolean {
  return !("path" in one) && !("path" in other) && hostOf(one.host) === hostOf(other.host);
}

/** This machine has many addresses, and dials by another one than it listens on; so has every site of IPv6. */
function hostOf(host: string): string {
  const { scope, key } = identifyHost(host);
  return scope === "loopback" ? "this machine" : key;
}
