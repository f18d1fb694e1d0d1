import { type AddressScope, addressScope, formatAddress, NETWORK_IPV6, parseAddress } from "../protocol/addresses.ts";
import type { NetAddress } from "../protocol/messages.ts";
import { formatSubnet, subnetOf } from "../protocol/subnets.ts";
import { addressGroup } from "./address_group.ts";

/** What is known of somebody by the host that an endpoint names. */
export interface HostIdentity {
  /** Undefined for a host name, which only simulations and diallers have. */
  readonly address: NetAddress | undefined;
  /** What one customer of a provider has for nothing: an IPv4 address, or a /64 of IPv6. Limits and scores go by it. */
  readonly key: string;
  /** What one owner may have as a whole; see `addressGroup`. */
  readonly group: string;
  readonly scope: AddressScope;
}

/** RFC 6177: the least that an end site of IPv6 gets; every address in it is the same person's. */
const IPV6_SITE_BITS = 64;

export function identifyHost(host: string): HostIdentity {
  // An address of one link may name the interface (fe80::1%eth0, RFC 4007): it is the same address.
  const address = parseAddress(host.split("%", 1)[0]!);
  if (!address) return { address, key: host, group: host, scope: "global" };
  return { ...identifyAddress(address), group: addressGroup(address), scope: addressScope(address) };
}

/** As much as standing and scores go by. */
export function identifyAddress(address: NetAddress): Pick<HostIdentity, "address" | "key"> {
  const isSite = address.networkId === NETWORK_IPV6;
  return { address, key: isSite ? formatSubnet(subnetOf(address, IPV6_SITE_BITS)) : formatAddress(address) };
}
