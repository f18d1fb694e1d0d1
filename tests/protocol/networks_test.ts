import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { parseBlock } from "../../src/chain/block.ts";
import { encodeBlockHeader } from "../../src/protocol/block_header.ts";
import { targetFromBits } from "../../src/protocol/compact_target.ts";
import { NETWORKS } from "../../src/protocol/networks.ts";
import { addressGroup } from "../../src/net/address_group.ts";
import { parseAddress } from "../../src/protocol/addresses.ts";
import { parseHostPort } from "../../src/util/endpoint.ts";
import { hash256, hashFromBytes } from "../../src/util/hash.ts";
import { testHasher } from "../support/test_hasher.ts";

const GENESIS_HASHES: Record<string, string> = {
  p2p: "0ad41c57e121fdfd0106748ee394d12fa493832fdd0fc08f69544fc047094ef0",
  main: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
  testnet3: "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
  testnet4: "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
  signet: "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
  regtest: "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
};

test("networks: the six that the command line names", () => {
  assertEquals([...NETWORKS.keys()], Object.keys(GENESIS_HASHES));
});

for (const [name, params] of NETWORKS) {
  test(`networks: ${name} begins with its known block, in full`, () => {
    const block = parseBlock(params.genesisBlock!);
    assertEquals(params.genesisHash, GENESIS_HASHES[name]);
    assertEquals(hash256(testHasher, encodeBlockHeader(params.genesis)), params.genesisHash);
    assertEquals(block.header, params.genesis);
    assertEquals(hashFromBytes(block.txids(testHasher)), params.genesis.merkleRoot);
    assert(BigInt(`0x${params.genesisHash}`) <= targetFromBits(params.genesis.bits)!, "its own proof of work");
  });
}

test("networks: no two share a magic or a port", () => {
  const all = [...NETWORKS.values()];
  assertEquals(new Set(all.map((params) => params.magic)).size, all.length);
  assertEquals(new Set(all.map((params) => params.defaultPort)).size, all.length);
});

test("networks: a fixed seed is an address at the network's port, and no two are of one group", () => {
  for (const { name, fixedSeeds, defaultPort } of NETWORKS.values()) {
    const groups = fixedSeeds.map((seed) => {
      const { host, port } = parseHostPort(seed);
      const address = parseAddress(host);
      assert(address !== undefined && port === defaultPort, `${name}: ${seed}`);
      return addressGroup(address);
    });
    assertEquals(new Set(groups).size, groups.length, name);
  }
});
