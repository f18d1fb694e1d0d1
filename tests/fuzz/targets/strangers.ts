import { assert, assertEquals } from "@std/assert";
import { parseBlock } from "../../../src/chain/block.ts";
import { buildCompactBlock } from "../../../src/chain/compact_block.ts";
import { createMemoryNetwork, type MemoryNetwork } from "../../../src/platform/memory.ts";
import type { P2PNode } from "../../../src/node/types.ts";
import { INV_BLOCK, INV_WITNESS_BLOCK, type Message } from "../../../src/protocol/messages.ts";
import type { NetworkParams } from "../../../src/protocol/network_params.ts";
import { P2P, REGTEST } from "../../../src/protocol/networks.ts";
import { SERVICE_P2P_APPS } from "../../../src/protocol/service_flags.ts";
import type { Env, Logger } from "../../../src/util/env.ts";
import type { WireCodec } from "../../../src/wire/codec.ts";
import { testHasher } from "../../support/test_hasher.ts";
import { Miner } from "../../support/mining.ts";
import { concatBytes } from "../../../src/util/bytes.ts";
import { ZERO_HASH } from "../../../src/util/hash.ts";
import { dialRaw, dialScripted, type ScriptedPeer } from "../../support/scripted_peer.ts";
import type { TranscriptLine } from "../../support/test_data.ts";
import { feed, simulateNode } from "../../support/simulated_node.ts";
import {
  bitcoinFrames,
  nativeFrames,
  realFrames,
  realNativeFrames,
  REGTEST_BITCOIN,
  repairBitcoinFrame,
  repairNativeFrame,
  streams,
  TEST_NATIVE,
} from "../corpora.ts";
import type { FuzzTarget } from "../target.ts";

const HEIGHT = 8;
const NONCE = 0x0123_4567n;
/** Virtual milliseconds in which a node takes what it got. */
const SETTLE_MS = 50;
/** The node forgets whom it blamed: a new one, and a new network, after so many inputs. */
const INPUTS_PER_WORLD = 200;
const GREETING = new Set(["version", "verack", "wtxidrelay", "sendaddrv2", "ping"]);

const FULL_NODE = 9n;
const METHOD = "echo";
const TOPIC = "news";

/** Which network it is, and how its nodes speak. */
interface Tongue {
  readonly params: NetworkParams;
  readonly codec: WireCodec;
  /** What strangers say that they do. */
  readonly services: bigint;
}

const BITCOIN: Tongue = { params: REGTEST, codec: REGTEST_BITCOIN, services: FULL_NODE };
/** Its nodes take messages, topics and requests of applications too. */
const NATIVE: Tongue = { params: P2P, codec: TEST_NATIVE, services: FULL_NODE | SERVICE_P2P_APPS };

/** A node with an honest peer, and strangers who come one by one and say what they like. */
class World {
  readonly #tongue: Tongue;
  readonly #network: MemoryNetwork;
  readonly #node: P2PNode;
  readonly #honest: ScriptedPeer;
  readonly #bugs: string[];
  #strangers = 0;

  private constructor(tongue: Tongue, network: MemoryNetwork, node: P2PNode, honest: ScriptedPeer, bugs: string[]) {
    this.#tongue = tongue;
    this.#network = network;
    this.#node = node;
    this.#honest = honest;
    this.#bugs = bugs;
  }

  static async create(tongue: Tongue): Promise<World> {
    const { params, codec, services } = tongue;
    const network = createMemoryNetwork({ seed: 1 });
    const bugs: string[] = [];
    const env = recordingBugs(network.env("node"), bugs);
    const { node } = simulateNode(network, "node", { network: params, env });
    feed(node, [params.genesisBlock!, ...new Miner(params).mineMany(HEIGHT).map(({ raw }) => raw)]);
    node.handle(METHOD, (payload) => payload);
    node.topic(TOPIC).subscribe(() => {});
    node.on("app:message", () => {});
    await node.start();
    const honest = await dialScripted(network, "honest", "node", { services }, [], codec);
    return new World(tongue, network, node, honest, bugs);
  }

  /** One stranger, greeted or not, and all that it says. */
  async visit(input: Uint8Array, greets: boolean): Promise<string> {
    const before = this.#node.connectionCounts().ended;
    const name = `stranger${++this.#strangers}`;
    const { codec, services } = this.#tongue;
    const stranger = greets
      ? await dialScripted(this.#network, name, "node", { services }, [], codec)
      : await dialRaw(this.#network, name, "node", codec);
    stranger.sendRaw(input);
    await this.#network.run(this.#network.now() + SETTLE_MS);
    const ended = Object.entries(this.#node.connectionCounts().ended);
    const reason = ended.find(([code, count]) => count > (before[code] ?? 0))?.[0];
    const heard = stranger.received.map(({ type }) => type);
    stranger.connection.close();
    await this.#network.run(this.#network.now() + SETTLE_MS);
    await this.#check();
    return `${reason ?? "stays"} ${[...new Set(heard)].slice(-3).join(" ")}`;
  }

  async #check(): Promise<void> {
    assertEquals(this.#bugs, []);
    assert(!this.#honest.closed, "the honest peer was thrown out");
    assertEquals(this.#node.peers().map(({ address }) => address.split(":")[0]), ["honest"]);
    assert(this.#node.chain().height >= HEIGHT, "the chain was lost");
    const before = this.#honest.of("pong").length;
    this.#honest.send({ type: "ping", nonce: BigInt(this.#strangers) });
    await this.#network.run(this.#network.now() + SETTLE_MS);
    assertEquals(this.#honest.of("pong").length, before + 1);
  }

  get isUsed(): boolean {
    return this.#strangers >= INPUTS_PER_WORLD;
  }

  async end(): Promise<void> {
    const stopping = this.#node.stop();
    await this.#network.run(this.#network.now() + 5_000);
    await stopping;
  }
}

/** What the node calls an error is one of its own. */
function recordingBugs(env: Env, bugs: string[]): Env {
  const recording = (logger: Logger): Logger => ({
    enabled: (level) => level === "error" || logger.enabled(level),
    debug() {},
    info() {},
    warn() {},
    error: (message, fields) => void bugs.push(`${message} ${fields?.["stack"] ?? JSON.stringify(fields)}`),
  });
  return { ...env, logger: (category) => recording(env.logger(category)) };
}

function visits(tongue: Tongue, greets: boolean): () => Promise<(input: Uint8Array) => Promise<string>> {
  return async () => {
    let world = await World.create(tongue);
    return async (input) => {
      if (world.isUsed) {
        await world.end();
        world = await World.create(tongue);
      }
      return await world.visit(input, greets);
    };
  };
}

/** The first bytes of a connection: the handshake, and what comes instead of it. */
export const HANDSHAKE: FuzzTarget = {
  name: "handshake",
  corpus: () => [...greetings(realFrames()), ...bitcoinFrames().slice(0, 20)],
  open: visits(BITCOIN, false),
  repair: repairBitcoinFrame,
};

/** The same on our own wire, which has one header for all that is in it and no checksum. */
export const NATIVE_HANDSHAKE: FuzzTarget = {
  name: "native-handshake",
  corpus: () => [...greetings(realNativeFrames()), ...wholeGreeting(), ...nativeFrames().slice(-20)],
  open: visits(NATIVE, false),
  repair: repairNativeFrame,
};

/** Of what nodes said, what belongs to a handshake: the first, and three at a time. */
function greetings(lines: readonly TranscriptLine[]): Uint8Array[] {
  const frames = lines.filter(({ command }) => GREETING.has(command)).map(({ frame }) => frame);
  return [...frames.slice(0, 1), ...streams(frames.slice(0, 12), 3)];
}

/** All that the one who dialled says until he is a peer, and then a little more. */
function wholeGreeting(): Uint8Array[] {
  const firstOf = (type: string) => realNativeFrames().find(({ command }) => command === type)!.frame;
  const frames = ["version", "wtxidrelay", "sendaddrv2", "verack", "sendheaders", "getheaders"].map(firstOf);
  return frames.map((_, i) => concatBytes(frames.slice(0, i + 1)));
}

/** What an honest peer says who has the next blocks of the node's own chain, one message and several. */
function aboutOurChain({ params, codec }: Tongue): Uint8Array[] {
  const miner = new Miner(params);
  const known = miner.mineMany(HEIGHT);
  const next = miner.mineMany(3, known.at(-1)!.node);
  const rival = miner.mineMany(3, known.at(-2)!.node);
  const messages: Message[] = [
    { type: "sendcmpct", highBandwidth: true, version: 2n },
    { type: "headers", headers: next.map(({ header }) => header) },
    { type: "headers", headers: rival.map(({ header }) => header) },
    { type: "inv", items: next.map(({ hash }) => ({ kind: INV_BLOCK, hash })) },
    { type: "getheaders", protocolVersion: 70_016, locator: [known[2]!.hash], stop: ZERO_HASH },
    { type: "getdata", items: known.map(({ hash }) => ({ kind: INV_WITNESS_BLOCK, hash })) },
    { type: "getblocktxn", blockHash: known.at(-1)!.hash, indexes: [0] },
    ...[...next, ...rival].flatMap(({ raw, hash }): Message[] => [
      { type: "block", block: raw },
      buildCompactBlock(testHasher, parseBlock(raw), NONCE, new Set()),
      buildCompactBlock(testHasher, parseBlock(raw), NONCE, new Set([0])),
      { type: "blocktxn", blockHash: hash, transactions: [] },
    ]),
  ];
  const frames = messages.map(codec.encode);
  return [...frames, concatBytes(frames), concatBytes(frames.slice(0, 2)), concatBytes(frames.slice(7))];
}

/** Everything that peers may say after the handshake, in any order. */
export const SESSION: FuzzTarget = {
  name: "session",
  corpus: () => [...aboutOurChain(BITCOIN), ...bitcoinFrames(), ...streams(bitcoinFrames(), 4)],
  open: visits(BITCOIN, true),
  repair: repairBitcoinFrame,
};

/** What applications say to each other. */
function ofApplications(): Uint8Array[] {
  const payload = Uint8Array.from({ length: 20 }, (_, i) => i);
  const messages: Message[] = [
    { type: "subscribe", topics: [TOPIC, "other"] },
    { type: "publish", topic: TOPIC, id: 1n, payload },
    { type: "publish", topic: TOPIC, id: 2n, payload },
    { type: "unsubscribe", topics: ["other"] },
    { type: "app", payload },
    { type: "request", id: 1, method: METHOD, payload },
    { type: "request", id: 2, method: "nobody answers", payload },
    { type: "cancel", id: 1 },
    { type: "response", id: 1, status: 0, payload },
  ];
  const frames = messages.map(NATIVE.codec.encode);
  return [...frames, concatBytes(frames), ...streams(frames, 3)];
}

/** The same on our own wire, with what applications say. */
export const NATIVE_SESSION: FuzzTarget = {
  name: "native-session",
  corpus: () => [...aboutOurChain(NATIVE), ...ofApplications(), ...nativeFrames(), ...streams(nativeFrames(), 4)],
  open: visits(NATIVE, true),
  repair: repairNativeFrame,
};
