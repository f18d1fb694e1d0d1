import type { Endpoint } from "../platform/types.ts";
import { addressFromIpv6, IPV6_FORM_BYTES, parseAddress } from "../protocol/addresses.ts";
import type { MessageOf, VersionAddress } from "../protocol/messages.ts";
import { PROTOCOL_VERSION } from "../protocol/params.ts";
import {
  SERVICE_NETWORK,
  SERVICE_NETWORK_LIMITED,
  SERVICE_P2P_APPS,
  SERVICE_WITNESS,
} from "../protocol/service_flags.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export interface OurVersionFacts {
  readonly remote: Endpoint;
  readonly nonce: bigint;
  readonly userAgent: string;
  /** Exactly the height of the tip that we can serve: others sync by it. */
  readonly height: number;
  /** Whether old blocks are forgotten. */
  readonly prunes: boolean;
  /** Whether this connection is for blocks and nothing else: then the remote, too, is to send no more over it. */
  readonly isBlockOnly: boolean;
  /** Whether we want transactions, on any other connection. */
  readonly relay: boolean;
  /** Milliseconds since the Unix epoch. */
  readonly wallClock: number;
}

const UNKNOWN_ADDRESS: VersionAddress = {
  services: 0n,
  address: addressFromIpv6(new Uint8Array(IPV6_FORM_BYTES)),
  port: 0,
};

/** How we introduce ourselves on one connection. */
export function makeOurVersion(facts: OurVersionFacts): MessageOf<"version"> {
  const { remote, nonce, userAgent, height, prunes, isBlockOnly, relay, wallClock } = facts;
  return {
    type: "version",
    protocolVersion: PROTOCOL_VERSION,
    services: isBlockOnly ? ownServices(prunes) & ~SERVICE_P2P_APPS : ownServices(prunes),
    time: BigInt(Math.floor(wallClock / MS_PER_SECOND)),
    receiver: versionAddress(remote),
    sender: UNKNOWN_ADDRESS,
    nonce,
    userAgent,
    startHeight: height,
    relay: relay && !isBlockOnly,
  };
}

/** What we offer to others. */
export function ownServices(prunes: boolean): bigint {
  return (prunes ? SERVICE_NETWORK_LIMITED : SERVICE_NETWORK) | SERVICE_WITNESS | SERVICE_P2P_APPS;
}

/** The address as the remote may have it in its own books; none for a unix socket or a name. */
function versionAddress(endpoint: Endpoint): VersionAddress {
  if ("path" in endpoint) return UNKNOWN_ADDRESS;
  const address = parseAddress(endpoint.host);
  return address ? { services: 0n, address, port: endpoint.port } : UNKNOWN_ADDRESS;
}
