import type { Peer } from "../../peer/peer.ts";
import { concatBytes } from "../../util/bytes.ts";
import { createBenchNode, portOf } from "./bench_node.ts";
import { appMessage, appOverheadBytes, benchCodec, createBenchPeers } from "./bench_peers.ts";
import { LOOPBACK, waitForCount } from "./flow.ts";
import type { Wire } from "./options.ts";
import type { SideContext } from "./side.ts";
import { type Sample, takeSample } from "./usage.ts";

export interface ShardsSpec {
  readonly wire: Wire;
  readonly connections: number;
  /** Bytes that a message takes on the wire, its header included. */
  readonly sizeBytes: number;
}

export interface ShardedNodeSpec extends ShardsSpec {
  /** 0: everything is in one thread. */
  readonly workers: number;
  /** Whether the messages are events of the node, or only counted. */
  readonly heard: boolean;
}

export interface ShardedNode {
  /** The port. */
  listen(): Promise<number>;
  /** Counts messages that were told of by now: of those that nobody hears half a second may be missing. */
  sample(): Sample;
  /** Connections of each worker. */
  spread(): readonly number[];
}

/** A whole node that many connections pour messages of an application into. */
export function createShardedNode(side: SideContext, spec: ShardedNodeSpec): ShardedNode {
  const node = createBenchNode(side, spec.wire, spec.workers > 0 ? { workers: spec.workers } : {});
  let heard = 0;
  if (spec.heard) node.on("app:message", () => void heard++, { onLag: (_, missed) => void (heard += missed) });
  return {
    async listen() {
      await node.start();
      return portOf(node.listening[0]);
    },
    sample: () => takeSample(side.context.host, side.clock, node.applications().appMessages.received),
    spread: () => node.shards().map(({ peers }) => peers),
  };
}

/** 64 KiB: what one write takes, and one read brings. */
const CHUNK_BYTES = 65_536;
/** One that is being written, and the next. */
const MAX_QUEUED_CHUNKS = 2;

export interface Replayer {
  connect(port: number): Promise<void>;
  flood(): void;
  /** Resolves with the messages that were sent and not handled, once all that were sent had their time. */
  halt(): Promise<number>;
  /** Counts messages that the node has handled. */
  sample(): Sample;
}

/**
 * Sends the same bytes over and over, on many connections: frames that were encoded once, and behind them a ping. The
 * node handles what a connection brings in order, so that a pong says that all messages before it were handled.
 */
export function createReplayer(side: SideContext, spec: ShardsSpec): Replayer {
  const codec = benchCodec(spec.wire, side.hasher);
  const ping = codec.encode({ type: "ping", nonce: 1n });
  const message = codec.encode(appMessage(new Uint8Array(spec.sizeBytes - appOverheadBytes(codec))));
  const perChunk = Math.max(1, Math.floor((CHUNK_BYTES - ping.length) / message.length));
  const chunk = concatBytes([...Array.from({ length: perChunk }, () => message), ping]);
  const peers: Peer[] = [];
  let isOn = false;
  let sent = 0;

  function fill(peer: Peer): void {
    while (isOn && peer.outbox.frames < MAX_QUEUED_CHUNKS && peer.sendFrame("app", chunk)) sent++;
    if (isOn) peer.awaitRoom();
  }

  const answered = () => peers.reduce((sum, { messagesIn }) => sum + (messagesIn.pong ?? 0), 0);
  return {
    async connect(port) {
      for (let i = 0; i < spec.connections; i++) {
        // A registry each: one would ride its first connection for all.
        peers.push(await createBenchPeers(side, codec, { writable: fill }).dial({ host: LOOPBACK, port }));
      }
    },
    flood() {
      isOn = true;
      peers.forEach(fill);
    },
    async halt() {
      isOn = false;
      await waitForCount(answered, sent);
      return (sent - answered()) * perChunk;
    },
    sample: () => takeSample(side.context.host, side.clock, answered() * perChunk),
  };
}
