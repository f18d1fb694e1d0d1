import { test } from "node:test";
import { assert, assertEquals, assertLess } from "@std/assert";
import { RecordSender } from "../../../src/node/shards/record_sender.ts";
import {
  decodeNote,
  encodeNote,
  encodeSealed,
  RECORD,
  type ShardReport,
  type ToMain,
} from "../../../src/node/shards/records.ts";
import { Shard } from "../../../src/node/shards/shard.ts";
import type { Connection, ConnectionSink } from "../../../src/platform/types.ts";
import { REGTEST } from "../../../src/protocol/networks.ts";
import { SHARD_REPORT_MS } from "../../../src/protocol/shard_params.ts";
import type { FrameSink } from "../../../src/ring/frames.ts";
import { concatBytes } from "../../../src/util/bytes.ts";
import { bytesToHex } from "../../../src/util/hex.ts";
import { bitcoinCodec } from "../../../src/wire/bitcoin.ts";
import { ManualEnv } from "../../support/manual_env.ts";
import { versionOf } from "../../support/scripted_peer.ts";
import { testHasher } from "../../support/test_hasher.ts";

const PEERS = 50;
const WAIT_MS = 100;
const REPORTS = 100;
/** A report of nobody, in a minute of which the main thread takes none, and what peers say only once. */
const MOST_BYTES = 128 * 1024;
const codec = bitcoinCodec(REGTEST.magic, testHasher);
const unsealed = bitcoinCodec(REGTEST.magic, testHasher, { checksums: false });
const ENDPOINT = { host: "127.0.0.1", port: 1 };

/** A ring that has no room until told so. */
class StuckSink implements FrameSink {
  readonly maxFrameBytes = Infinity;
  readonly notes: ToMain[] = [];
  isStuck = false;

  offer(record: Uint8Array): boolean {
    if (!this.isStuck && record[0] === RECORD.note) this.notes.push(decodeNote<ToMain>(record));
    return !this.isStuck;
  }
  commit(): void {}
  close(): void {}
  wake(): void {}
}

/** `accepts`: whether the system takes what is written. */
function connectionTo(sinks: ConnectionSink[], accepts = () => true): Connection {
  return {
    remote: ENDPOINT,
    local: ENDPOINT,
    start: (sink) => void sinks.push(sink),
    write: accepts,
    pause() {},
    resume() {},
    close() {},
    abort() {},
  };
}

async function openShard(peers: number, accepts?: () => boolean) {
  const env = new ManualEnv();
  const ring = new StuckSink();
  const sender: RecordSender = new RecordSender({ env, sink: ring, onRoom: () => shard.onRoom() });
  const sinks: ConnectionSink[] = [];
  let accept: (connection: Connection) => void = () => {};
  const shard: Shard = new Shard({
    env,
    transport: {
      dial: () => Promise.reject(new Error("nobody is dialled")),
      listen(_endpoint, onAccept) {
        accept = onAccept;
        return Promise.resolve({ local: ENDPOINT, close() {} });
      },
      resolve: () => Promise.resolve([]),
    },
    codec,
    unsealed,
    sender,
    broadcasts: undefined,
    wanted: new Set(),
    hearsApps: () => false,
  });
  shard.start();
  shard.handle(encodeNote({ is: "listen", listener: 1, endpoint: ENDPOINT }));
  await Promise.resolve();
  const version = bytesToHex(unsealed.encode(versionOf({ nonce: 2n })));
  for (let peer = 1; peer <= peers; peer++) {
    accept(connectionTo(sinks, accepts));
    shard.handle(encodeNote({ is: "adopt", socket: -peer, peer, kind: "inbound", version }));
  }
  const hands = concatBytes([codec.encode(versionOf({ nonce: 3n })), codec.encode({ type: "verack" })]);
  for (const sink of sinks) sink.data(hands.slice());
  env.runTurns();
  assertEquals(ring.notes.filter(({ is }) => is === "ready").length, peers);
  return {
    env,
    shard,
    ring,
    sender,
    sinks,
    reports: () => ring.notes.flatMap((note): ShardReport[] => note.is === "report" ? [note.report] : []),
  };
}

test("shard: while the main thread takes nothing, news of peers that say much does not pile up", async () => {
  const { env, ring, sender, sinks, reports } = await openShard(PEERS);
  ring.isStuck = true;
  const frame = codec.encode({ type: "app", payload: Uint8Array.of(4) });
  for (let report = 0; report < REPORTS; report++) {
    for (const sink of sinks) sink.data(frame.slice());
    env.runTurns();
    env.advance(SHARD_REPORT_MS);
  }
  assertLess(sender.waitingBytes, MOST_BYTES);

  ring.isStuck = false;
  sender.proceed();
  env.advance(SHARD_REPORT_MS);
  assert(reports().length >= REPORTS, "each says that the shard lives");
  assertEquals(reports().at(-1)!.peers.map(([, { messagesIn }]) => messagesIn.app), new Array(PEERS).fill(REPORTS));
});

test("shard: how long connections took nothing is told, in time and once", async () => {
  let takes = true;
  const { env, shard, sinks, reports } = await openShard(1, () => takes);
  takes = false;
  shard.handle(encodeSealed(codec.encode({ type: "getaddr" }), [1]));
  env.endTurn();
  env.advance(WAIT_MS);
  takes = true;
  sinks[0]!.drained();
  env.runTurns();
  env.advance(SHARD_REPORT_MS);
  env.advance(SHARD_REPORT_MS);
  assertEquals(reports().flatMap(({ writeWaits }) => writeWaits), [[WAIT_MS * 1000, 1]]);
});
