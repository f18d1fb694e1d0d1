import { LocalPeer } from "../../src/peer/local_peer.ts";
import type { Peer } from "../../src/peer/peer.ts";
import type { CloseReason, Direction } from "../../src/peer/peer_options.ts";
import { Turns } from "../../src/peer/turns.ts";
import type { Connection, ConnectionSink } from "../../src/platform/types.ts";
import type { Message, MessageOf, MessageType } from "../../src/protocol/messages.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { ROUND_TRIP_SAMPLES } from "../../src/protocol/connection_params.ts";
import { RoundTrips } from "../../src/util/round_trips.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import type { ManualEnv } from "./manual_env.ts";
import { versionOf } from "./scripted_peer.ts";
import { testHasher } from "./test_hasher.ts";

/** A peer past its handshake whose remote is the test. */
export interface StartedPeer {
  readonly peer: Peer;
  /** Why it ended, once it did. */
  readonly reason: () => CloseReason | undefined;
  /** What the node sent since the handshake and up to the last `endTurn` of its environment, of one type. */
  sent<T extends MessageType>(type: T): MessageOf<T>[];
}

export interface StartedPeerOptions {
  readonly direction?: Direction;
  readonly version?: Partial<MessageOf<"version">>;
  /** Whether the remote takes part in BIP339. */
  readonly wtxidRelay?: boolean;
  readonly onClosed?: (peer: Peer) => void;
}

const codec = bitcoinCodec(REGTEST.magic, testHasher);
let lastId = 0;

/** A connection that takes everything at once. */
export function startPeer(env: ManualEnv, options: StartedPeerOptions = {}): StartedPeer {
  const { direction = "inbound", version = {}, wtxidRelay = false, onClosed = () => {} } = options;
  const decoder = codec.createDecoder();
  const sent: Message[] = [];
  let sink: ConnectionSink | undefined;
  let reason: CloseReason | undefined;
  const end = () => sink?.closed();
  const connection: Connection = {
    remote: { host: "remote", port: 1 },
    local: { host: "local", port: 2 },
    start: (started) => void (sink = started),
    write(bytes) {
      decoder.feed(bytes);
      for (let message = decoder.next(); message; message = decoder.next()) sent.push(message);
      return true;
    },
    pause() {},
    resume() {},
    close: end,
    abort: end,
  };
  const peer = new LocalPeer({
    id: ++lastId,
    kind: direction === "inbound" ? "inbound" : "manual",
    connection,
    codec,
    decoder: codec.createDecoder(),
    env,
    turns: new Turns(env),
    handshake: { ourVersion: () => versionOf({ nonce: 2n }), isOurNonce: () => false },
    networkRoundTrips: new RoundTrips(ROUND_TRIP_SAMPLES),
    observer: {
      ready() {},
      message() {},
      writable() {},
      closed: (closed, why) => {
        reason = why;
        onClosed(closed);
      },
    },
  });
  peer.start();
  const greeting: Message[] = [versionOf(version), ...(wtxidRelay ? [{ type: "wtxidrelay" } as const] : [])];
  for (const message of [...greeting, { type: "verack" } as const]) sink!.data(codec.encode(message));
  env.endTurn();
  sent.length = 0;
  return {
    peer,
    reason: () => reason,
    sent: <T extends MessageType>(type: T) => sent.filter((each): each is MessageOf<T> => each.type === type),
  };
}
