import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { networkInterfaces } from "node:os";
import process from "node:process";
import { LOCAL_TTL } from "../protocol/local_discovery_params.ts";
import { parseAddress } from "../protocol/addresses.ts";
import { parseSubnet, type Subnet, subnetHolds } from "../protocol/subnets.ts";
import { ipVersion, isLoopback } from "../util/endpoint.ts";
import { deno } from "./runtimes.ts";
import type { Multicast, MulticastSink, MulticastSocket, TcpEndpoint } from "./types.ts";

/** What we use of an entry of `networkInterfaces`. */
export interface InterfaceAddress {
  readonly family: string;
  readonly address: string;
  readonly internal: boolean;
  /** `address/bits`. */
  readonly cidr: string | null;
}

const ANY_IPV4 = "0.0.0.0";
const ANY_IPV6 = "::";
const LOOPBACK = "127.0.0.1";
const LOOPBACK_NETWORK = "127.0.0.0/8";
/** Behind an address of one link (RFC 3927) nobody can be dialled who is not named with the interface. */
const LINK_PREFIX = "169.254.";
/** Elsewhere than on Windows a socket may have the group's address, and gets nothing that was sent to another one. */
const BINDS_TO_GROUP = process.platform !== "win32";

/** Multicast by `node:dgram`, which all three runtimes have. */
export function createMulticast(): Multicast {
  return { interfacesOf: (host) => interfacesOf(host, ownAddresses(), deno !== undefined), join };
}

/**
 * Addresses behind which somebody can be dialled over IPv4 who listens on `host`, given those of this machine. Loopback
 * is one of them only if it was asked for, or if there is nothing else. `isDual`: `::` takes IPv4 too.
 */
export function interfacesOf(host: string, own: readonly InterfaceAddress[], isDual: boolean): readonly string[] {
  if (host !== ANY_IPV4 && (host !== ANY_IPV6 || !isDual)) return ipVersion(host) === 4 ? [host] : [];
  const outside = own.filter(({ family, internal, address }) =>
    family === "IPv4" && !internal && !address.startsWith(LINK_PREFIX)
  );
  return outside.length > 0 ? outside.map(({ address }) => address) : [LOOPBACK];
}

function ownAddresses(): readonly InterfaceAddress[] {
  return Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
}

function join({ host: group, port }: TcpEndpoint, interfaceAddress: string, sink: MulticastSink): MulticastSocket {
  const neighbours = networkBehind(interfaceAddress, ownAddresses());
  const socket = createSocket({ type: "udp4", reuseAddr: true });
  let isOver = false;

  function close(): void {
    if (isOver) return;
    isOver = true;
    socket.close();
  }

  function fail(error: Error): void {
    if (isOver) return;
    close();
    sink.failed(error);
  }

  socket.on("error", fail);
  socket.on("message", (bytes: Uint8Array, { address: from }: RemoteInfo) => {
    // Linux hands each socket what comes for the group by any interface that anybody joined it on.
    const address = parseAddress(from);
    if (!isOver && address && subnetHolds(neighbours, address)) sink.received(bytes, from);
  });
  socket.on("listening", () => {
    if (isOver) return;
    const refusal = enter(socket, group, interfaceAddress);
    if (refusal) fail(refusal);
    else sink.joined();
  });
  socket.bind({ address: BINDS_TO_GROUP ? group : ANY_IPV4, port, exclusive: true });
  return {
    send(bytes) {
      if (!isOver) socket.send(bytes, port, group, (error) => error && fail(error));
    },
    close,
  };
}

/** Enters the group on one interface, and sends by that one only. Why it could not, if it could not. */
function enter(socket: Socket, group: string, interfaceAddress: string): Error | undefined {
  try {
    socket.setMulticastInterface(interfaceAddress);
    socket.addMembership(group, interfaceAddress);
    socket.setMulticastTTL(LOCAL_TTL);
    // Other nodes of this machine are neighbours too.
    socket.setMulticastLoopback(true);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

/** The network whose hosts can send to us over that interface itself. */
export function networkBehind(interfaceAddress: string, own: readonly InterfaceAddress[]): Subnet {
  if (isLoopback(interfaceAddress)) return parseSubnet(LOOPBACK_NETWORK);
  const known = own.find(({ address }) => address === interfaceAddress);
  return parseSubnet(known?.cidr ?? interfaceAddress);
}
