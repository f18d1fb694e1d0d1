import { fromEndpoint, type PeerAddress } from "../../net/peer_address.ts";
import { reaches } from "../../net/reach.ts";
import type { Endpoint, TcpEndpoint } from "../../platform/types.ts";
import { addressScope, NETWORK_IPV4 } from "../../protocol/addresses.ts";
import type { NetAddress } from "../../protocol/messages.ts";

/** What one connection says about who we are. */
export interface ConnectionView {
  readonly remote: Endpoint;
  /** Our end of it. */
  readonly local: Endpoint;
  /** Our address as the remote sees it, by its version message. */
  readonly seen: NetAddress | undefined;
}

const ANY_IPV4 = "0.0.0.0";
const ANY_IPV6 = "::";

/**
 * Where this remote, and those whom it tells, can dial us: an address that we listen on; else our end of the connection;
 * else what the remote says, which is told to nobody but the remote. Undefined where there is none that means anything
 * to it, or where we do not listen.
 */
export function ownAddressFor(view: ConnectionView, listening: readonly Endpoint[]): PeerAddress | undefined {
  const remote = fromEndpoint(view.remote);
  if (!remote) return undefined;
  const remoteScope = addressScope(remote.address);
  const local = fromEndpoint(view.local)?.address;
  const listeners = listening.filter((endpoint): endpoint is TcpEndpoint => "port" in endpoint);
  const candidates = [
    ...listeners.filter(({ host }) => !isWildcard(host)).map(fromEndpoint),
    ...[local, view.seen].map((address) => address && withListener(address, listeners)),
  ];
  return candidates.find((own) => own && reaches(remoteScope, addressScope(own.address)));
}

function isWildcard(host: string): boolean {
  return host === ANY_IPV4 || host === ANY_IPV6;
}

/** The address with the port of a listener that takes all addresses of its kind; one on `::` takes no IPv4. */
function withListener(address: NetAddress, listeners: readonly TcpEndpoint[]): PeerAddress | undefined {
  const wildcard = address.networkId === NETWORK_IPV4 ? ANY_IPV4 : ANY_IPV6;
  const listener = listeners.find(({ host }) => host === wildcard);
  return listener && { address, port: listener.port };
}
