import type { Endpoint, TcpEndpoint } from "../platform/types.ts";
import { formatAddress, parseAddress } from "../protocol/addresses.ts";
import type { NetAddress } from "../protocol/messages.ts";
import { formatHostPort } from "../util/endpoint.ts";

/** Where a node can be dialled, in any network. An `AddressRecord` is one. */
export interface PeerAddress {
  readonly address: NetAddress;
  readonly port: number;
}

/** Stands for our own settings and name servers, as a source: no network has this number. */
const OWN_NETWORK = 0;

/** The endpoint to dial; of Tor, I2P and CJDNS the host is a name that a proxy understands. */
export function toEndpoint({ address, port }: PeerAddress): TcpEndpoint {
  return { host: formatAddress(address), port };
}

/** The address that an endpoint names; undefined for a host name and for a unix socket. */
export function fromEndpoint(endpoint: Endpoint): PeerAddress | undefined {
  if ("path" in endpoint) return undefined;
  const address = parseAddress(endpoint.host);
  return address && { address, port: endpoint.port };
}

/** `host:port`. */
export function formatPeerAddress(peerAddress: PeerAddress): string {
  return formatHostPort(toEndpoint(peerAddress));
}

const BYTE_BITS = 8;
const BYTE_MASK = 0xff;

/** Network, port and address as characters below 256: cheap to make, and equal for equal addresses only. */
export function addressKey({ address: { networkId, bytes }, port }: PeerAddress): string {
  return String.fromCharCode(networkId, port >>> BYTE_BITS, port & BYTE_MASK, ...bytes);
}

/** `host:port` of an address that `addressKey` made a key of. */
export function addressOfKey(key: string): string {
  const [networkId = 0, high = 0, low = 0, ...bytes] = Array.from(key, (character) => character.charCodeAt(0));
  const address = { networkId, bytes: Uint8Array.from(bytes) };
  return formatPeerAddress({ address, port: (high << BYTE_BITS) | low });
}

/** What an address book has as the source of addresses that came from our own settings, such as a seed's name. */
export function ownSource(name: string): NetAddress {
  return { networkId: OWN_NETWORK, bytes: new TextEncoder().encode(name) };
}

export function isOwnSource(source: NetAddress): boolean {
  return source.networkId === OWN_NETWORK;
}
