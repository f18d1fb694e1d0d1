import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { openCompactBlock } from "../../src/chain/partial_block.ts";
import type { P2PNode } from "../../src/node/types.ts";
import { createMemoryNetwork } from "../../src/platform/memory.ts";
import { type BlockHeader, encodeBlockHeader } from "../../src/protocol/block_header.ts";
import type { Message, MessageOf, MessageType } from "../../src/protocol/messages.ts";
import type { NetworkParams } from "../../src/protocol/network_params.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { hash256 } from "../../src/util/hash.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import { dialRaw, type ScriptedPeer, versionOf } from "../support/scripted_peer.ts";
import { simulateNode } from "../support/simulated_node.ts";
import { transcript } from "../support/test_data.ts";
import { testHasher } from "../support/test_hasher.ts";

// Two real nodes talked, and relayed compact blocks both ways. Our node takes the place of one, the recording that of
// the other; where the recorded one said something that depends on nothing but the chain, ours has to say the same.

type Compact = MessageOf<"cmpctblock">;

const recorded = transcript("transcript-relay.jsonl");
const skip = recorded === undefined;
const messages = recorded?.map(({ frame }) => decode(frame)) ?? [];
const compactBlocks = all("cmpctblock");

function decode(frame: Uint8Array): Message {
  const decoder = bitcoinCodec(REGTEST.magic, testHasher).createDecoder();
  decoder.feed(frame);
  return decoder.next()!;
}

function all<T extends MessageType>(type: T): MessageOf<T>[] {
  return messages.filter((message): message is MessageOf<T> => message.type === type);
}

function hashOf(header: BlockHeader): string {
  return hash256(testHasher, encodeBlockHeader(header));
}

/**
 * A chain that begins with the parent of a recorded block. Heights mean nothing then; and as the recorded blocks were
 * made within one second, each is looked at by itself, upon a parent that is older.
 */
function paramsFrom(parent: BlockHeader): NetworkParams {
  const genesis = { ...parent, time: parent.time - 1 };
  const genesisHash = hashOf(parent);
  return { ...REGTEST, genesis, genesisHash, genesisBlock: undefined, bip34Height: Number.MAX_SAFE_INTEGER };
}

/** The block that the recorded messages give. */
function complete(message: Compact, transactions: readonly Uint8Array[]): Uint8Array {
  const opening = openCompactBlock(testHasher, message);
  if (opening.kind !== "opened") throw new Error(opening.kind);
  assertEquals(opening.block.supply(transactions).kind, "complete");
  return opening.block.assemble();
}

interface Scene {
  readonly node: P2PNode;
  readonly peer: ScriptedPeer;
  settle(ms?: number): Promise<void>;
}

async function openScene(parent: BlockHeader): Promise<Scene> {
  const network = createMemoryNetwork({ seed: 3 });
  const { node } = simulateNode(network, "node", { network: paramsFrom(parent) });
  await node.start();
  const settle = async (ms = 100) => void await network.run(network.now() + ms);
  const peer = await dialRaw(network, "recorded", "node");
  peer.send(versionOf(), { type: "wtxidrelay" }, { type: "verack" }, ...all("sendcmpct").slice(0, 2));
  await settle();
  return { node, peer, settle };
}

const before = all("headers")[0]?.headers[0] as BlockHeader;
const [first, second, third, fourth] = compactBlocks as [Compact, Compact, Compact, Compact];

test(
  "compact transcript: a block that a real node announces is fetched as a real node fetched it",
  { skip },
  async () => {
    const { node, peer, settle } = await openScene(before);
    peer.send({ type: "headers", headers: [first.header] });
    await settle();
    assertEquals(peer.of("getdata"), all("getdata").slice(0, 1));
    peer.send(first);
    await settle();
    assertEquals(peer.of("getblocktxn"), all("getblocktxn"));
    peer.send(all("blocktxn")[0]!);
    await settle();
    assertEquals([node.chain().bestHash, peer.closed], [hashOf(first.header), false]);
    assertEquals(peer.of("sendcmpct").at(-1), all("sendcmpct").find(({ highBandwidth }) => highBandwidth));
  },
);

test("compact transcript: a block that a real node pushes is taken at once", { skip }, async () => {
  const { node, peer, settle } = await openScene(first.header);
  peer.send(second);
  await settle();
  assertEquals([node.chain().bestHash, peer.closed], [hashOf(second.header), false]);
});

test("compact transcript: a pushed block of transactions that came before needs no question", { skip }, async () => {
  const { node, peer, settle } = await openScene(third.header);
  const announced = all("inv").at(-1)!;
  peer.onMessage = (message) => {
    if (message.type === "getdata") peer.send(...all("tx"));
  };
  peer.send(announced);
  await settle(10_000);
  assertEquals([peer.of("getdata").length, node.pool().count], [1, announced.items.length]);
  peer.send(fourth);
  await settle();
  assertEquals([node.chain().bestHash, peer.of("getblocktxn")], [hashOf(fourth.header), []]);
  assertEquals(node.pool().count, 0);
});

test("compact transcript: another block that a real node announces is asked for as it was", { skip }, async () => {
  const { peer, settle } = await openScene(second.header);
  peer.send({ type: "headers", headers: [third.header] });
  await settle();
  assertEquals(peer.of("getdata"), all("getdata").slice(1, 2));
});

test("compact transcript: a real node's questions get the answers of a real node", { skip }, async () => {
  const { node, peer, settle } = await openScene(before);
  node.submitBlock(complete(first, all("blocktxn")[0]!.transactions));
  peer.send(all("getdata")[0]!, all("getblocktxn")[0]!);
  await settle();
  assertEquals(peer.of("blocktxn"), all("blocktxn"));
  // The nonce is ours, and with it the short ids.
  assertEquals({ ...peer.of("cmpctblock")[0]!, nonce: first.nonce, shortIds: first.shortIds }, first);
});

test("compact transcript: a block is pushed as a real node pushed it", { skip }, async () => {
  const { node, peer, settle } = await openScene(first.header);
  peer.send(all("sendcmpct").find(({ highBandwidth }) => highBandwidth)!, { type: "headers", headers: [first.header] });
  await settle();
  node.submitBlock(complete(second, []));
  await settle();
  assertEquals({ ...peer.of("cmpctblock")[0]!, nonce: second.nonce }, second);
});
