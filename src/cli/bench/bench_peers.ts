import { Peers } from "../../net/peers.ts";
import { Reputation } from "../../net/reputation.ts";
import { LocalLines } from "../../peer/local_lines.ts";
import type { Peer } from "../../peer/peer.ts";
import type { PeerObserver } from "../../peer/peer_options.ts";
import { createMemoryStore } from "../../platform/memory_store.ts";
import { addressFromIpv6, IPV6_FORM_BYTES } from "../../protocol/addresses.ts";
import type { Message, MessageOf, VersionAddress } from "../../protocol/messages.ts";
import { NETWORKS } from "../../protocol/networks.ts";
import type { NetworkParams } from "../../protocol/network_params.ts";
import { PROTOCOL_VERSION } from "../../protocol/params.ts";
import { SERVICE_P2P_APPS } from "../../protocol/service_flags.ts";
import { MAX_APP_PAYLOAD_BYTES } from "../../protocol/wire_limits.ts";
import type { Hasher } from "../../util/hash.ts";
import { USER_AGENT } from "../../util/version.ts";
import { bitcoinCodec } from "../../wire/bitcoin.ts";
import type { WireCodec } from "../../wire/codec.ts";
import { nativeCodec } from "../../wire/native.ts";
import { UsageError } from "../exit.ts";
import type { Parts } from "../parts.ts";
import { STAMP_BYTES } from "./stamps.ts";
import type { Wire } from "./options.ts";

const MAX_CONNECTIONS = 10_000;
const NOBODY: VersionAddress = { services: 0n, address: addressFromIpv6(new Uint8Array(IPV6_FORM_BYTES)), port: 0 };

/** The wires as nodes of our networks of no difficulty speak them. */
const CODECS: { readonly [W in Wire]: (hasher: Hasher) => WireCodec } = {
  native: () => nativeCodec(networkOf("native").magic),
  bitcoin: (hasher) => bitcoinCodec(networkOf("bitcoin").magic, hasher),
};

/** The network without difficulty that speaks this wire. */
export function networkOf(wire: Wire): NetworkParams {
  return NETWORKS.get(wire === "native" ? "p2p" : "regtest")!;
}

export function benchCodec(wire: Wire, hasher: Hasher): WireCodec {
  return CODECS[wire](hasher);
}

/** The set of peers that a node has, without the node: sockets, handshake, mailboxes and outboxes, wires. */
export function createBenchPeers(parts: Parts, codec: WireCodec, observer: Partial<PeerObserver<Peer>>): Peers {
  return new Peers({
    env: parts.env,
    lines: new LocalLines({ env: parts.env, transport: parts.transport, codec }),
    codec,
    maxInbound: MAX_CONNECTIONS,
    maxOutbound: MAX_CONNECTIONS,
    maxPerAddress: MAX_CONNECTIONS,
    maxPerGroup: MAX_CONNECTIONS,
    reputation: new Reputation({ env: parts.env, store: createMemoryStore(), permits: [] }),
    groupKey: () => 0,
    version: (_line, nonce) => benchVersion(nonce),
    observer: { ready() {}, message() {}, writable() {}, closed() {}, ...observer },
  });
}

/** What somebody says who has no chain and wants none. */
export function benchVersion(nonce: bigint): MessageOf<"version"> {
  return {
    type: "version",
    protocolVersion: PROTOCOL_VERSION,
    services: SERVICE_P2P_APPS,
    time: 0n,
    receiver: NOBODY,
    sender: NOBODY,
    nonce,
    userAgent: USER_AGENT,
    startHeight: 0,
    relay: false,
  };
}

/** A message of an application, as long on the wire as is wanted. Its first eight bytes say when it was due. */
export function appMessage(payload: Uint8Array): Message {
  return { type: "app", payload };
}

/** Throws UsageError where messages cannot be of that size on the wire. */
export function checkMessageSize(sizeBytes: number, wire: Wire, hasher: Hasher): void {
  const overhead = appOverheadBytes(CODECS[wire](hasher));
  const [least, most] = [overhead + STAMP_BYTES, overhead + MAX_APP_PAYLOAD_BYTES];
  if (sizeBytes >= least && sizeBytes <= most) return;
  throw new UsageError(
    `--size: from ${least} to ${most} bytes on the ${wire} wire, header included: received ${sizeBytes}`,
  );
}

/** Bytes around an application's payload. */
export function appOverheadBytes(codec: WireCodec): number {
  return codec.encode(appMessage(new Uint8Array(0))).length;
}
