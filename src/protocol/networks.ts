import { hexToBytes } from "../util/hex.ts";
import { concatBytes } from "../util/bytes.ts";
import type { Hash } from "../util/hash.ts";
import { type CoinbaseOutput, OP_CHECKSIG, OP_RETURN, pushData } from "./coinbase.ts";
import { BLOCK_SPACING_SECONDS, INITIAL_SUBSIDY, RETARGET_INTERVAL_BLOCKS } from "./consensus.ts";
import { MAIN_SEEDS, SIGNET_SEEDS, TESTNET4_SEEDS } from "./fixed_seeds.ts";
import { genesisBlock, genesisCoinbase, genesisHeader, type GenesisNumbers } from "./genesis.ts";
import type { NetworkParams } from "./network_params.ts";

// Facts about the networks that are built in. Minimum works are those that Bitcoin Core 30 publishes: what each network
// had in 2025. Activation heights are where the change was in force on that network, by whatever mechanism it came.

/** What each genesis block is made of; the hashes are known, so that nothing has to be hashed to name a network. */
interface Genesis {
  readonly numbers: GenesisNumbers;
  readonly merkleRoot: Hash;
  readonly hash: Hash;
  readonly message: string;
  readonly output: CoinbaseOutput;
}

const COMPRESSED_KEY_BYTES = 33;
const FIRST_KEY = hexToBytes(
  "04678afdb0fe5548271967f1a67130b7105cd6a828e03909a67962e0ea1f61deb649f6bc3f4cef38c4f35504e51ec112de5c384df7ba0b8d57" +
    "8a4c702b6bf11d5f",
);

/** The one message and output that main, testnet3, signet and regtest share, and so their merkle root. */
const FIRST_COINBASE = {
  message: "The Times 03/Jan/2009 Chancellor on brink of second bailout for banks",
  output: payTo(FIRST_KEY),
  merkleRoot: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
} as const;

/** Difficulty 1, and what half of all hashes meet. */
const MAIN_LIMIT_BITS = 0x1d00_ffff;
const SIGNET_LIMIT_BITS = 0x1e03_77ae;
const TRIVIAL_LIMIT_BITS = 0x207f_ffff;

const BITCOIN = {
  wire: "bitcoin",
  spacingSeconds: BLOCK_SPACING_SECONDS,
  retargetInterval: RETARGET_INTERVAL_BLOCKS,
} as const;

/** Everything from the first block after the genesis block on. */
const ALWAYS_ACTIVE = { bip34Height: 1, bip65Height: 1, bip66Height: 1, segwitHeight: 1 } as const;

/** Bitcoin. */
export const MAIN: NetworkParams = {
  ...BITCOIN,
  ...startingWith({
    ...FIRST_COINBASE,
    numbers: { version: 1, time: 1_231_006_505, bits: MAIN_LIMIT_BITS, nonce: 2_083_236_893 },
    hash: "000000000019d6689c085ae165831e934ff763ae46a2a6c172b3f1b60a8ce26f",
  }),
  name: "main",
  magic: 0xf9be_b4d9,
  defaultPort: 8_333,
  difficulty: "main",
  powLimitBits: MAIN_LIMIT_BITS,
  bip34Height: 227_931,
  bip65Height: 388_381,
  bip66Height: 363_725,
  segwitHeight: 481_824,
  minimumChainWork: 0xdee8_e2a3_09ad_8a98_2043_3c68n,
  dnsSeeds: [
    "seed.bitcoin.sipa.be",
    "dnsseed.bluematt.me",
    "seed.bitcoin.jonasschnelli.ch",
    "seed.btc.petertodd.net",
    "seed.bitcoin.sprovoost.nl",
    "dnsseed.emzy.de",
    "seed.bitcoin.wiz.biz",
    "seed.mainnet.achownodes.xyz",
  ],
  fixedSeeds: MAIN_SEEDS,
};

/** Bitcoin's third test network. */
export const TESTNET3: NetworkParams = {
  ...BITCOIN,
  ...startingWith({
    ...FIRST_COINBASE,
    numbers: { version: 1, time: 1_296_688_602, bits: MAIN_LIMIT_BITS, nonce: 414_098_458 },
    hash: "000000000933ea01ad0ee984209779baaec3ced90fa3f408719526f8d77f4943",
  }),
  name: "testnet3",
  magic: 0x0b11_0907,
  defaultPort: 18_333,
  difficulty: "testnet3",
  powLimitBits: MAIN_LIMIT_BITS,
  bip34Height: 21_111,
  bip65Height: 581_885,
  bip66Height: 330_776,
  segwitHeight: 834_624,
  minimumChainWork: 0x16dd_270d_d94f_ac1d_7632n,
  dnsSeeds: [
    "testnet-seed.bitcoin.jonasschnelli.ch",
    "seed.tbtc.petertodd.net",
    "seed.testnet.bitcoin.sprovoost.nl",
    "testnet-seed.bluematt.me",
    "seed.testnet.achownodes.xyz",
  ],
  fixedSeeds: [],
};

/** Bitcoin's fourth test network (BIP94). */
export const TESTNET4: NetworkParams = {
  ...BITCOIN,
  ...ALWAYS_ACTIVE,
  ...startingWith({
    numbers: { version: 1, time: 1_714_777_860, bits: MAIN_LIMIT_BITS, nonce: 393_743_547 },
    message: "03/May/2024 000000000000000000001ebd58c244970b3aa9d783bb001011fbe8ea8e98e00e",
    output: payTo(new Uint8Array(COMPRESSED_KEY_BYTES)),
    merkleRoot: "7aa0a7ae1e223414cb807e40cd57e667b718e42aaf9306db9102fe28912b7b4e",
    hash: "00000000da84f2bafbbc53dee25a72ae507ff4914b867c565be350b0da8bf043",
  }),
  name: "testnet4",
  magic: 0x1c16_3f28,
  defaultPort: 48_333,
  difficulty: "testnet4",
  powLimitBits: MAIN_LIMIT_BITS,
  minimumChainWork: 0x034a_4690_fe59_2dc4_9c7cn,
  dnsSeeds: ["seed.testnet4.bitcoin.sprovoost.nl", "seed.testnet4.wiz.biz"],
  fixedSeeds: TESTNET4_SEEDS,
};

/** The default signet. That its blocks are signed (BIP325) is a matter of scripts, which we do not verify. */
export const SIGNET: NetworkParams = {
  ...BITCOIN,
  ...ALWAYS_ACTIVE,
  ...startingWith({
    ...FIRST_COINBASE,
    numbers: { version: 1, time: 1_598_918_400, bits: SIGNET_LIMIT_BITS, nonce: 52_613_770 },
    hash: "00000008819873e925422c1ff0f99f7cc9bbb232af63a077a480a3633bee1ef6",
  }),
  name: "signet",
  magic: 0x0a03_cf40,
  defaultPort: 38_333,
  difficulty: "main",
  powLimitBits: SIGNET_LIMIT_BITS,
  minimumChainWork: 0x067d_328e_681an,
  dnsSeeds: ["seed.signet.bitcoin.sprovoost.nl", "seed.signet.achownodes.xyz"],
  fixedSeeds: SIGNET_SEEDS,
};

/** For tests on one machine: blocks cost nothing. */
export const REGTEST: NetworkParams = {
  ...BITCOIN,
  ...ALWAYS_ACTIVE,
  ...startingWith({
    ...FIRST_COINBASE,
    numbers: { version: 1, time: 1_296_688_602, bits: TRIVIAL_LIMIT_BITS, nonce: 2 },
    hash: "0f9188f13cb7b2c71f2a335e3a4fc328bf5beb436012afca590b1a11466e2206",
  }),
  name: "regtest",
  magic: 0xfabf_b5da,
  defaultPort: 18_444,
  difficulty: "none",
  powLimitBits: TRIVIAL_LIMIT_BITS,
  minimumChainWork: 0n,
  dnsSeeds: [],
  fixedSeeds: [],
};

/** Our own: the native wire, and blocks that anybody can make. Its genesis block is dated so that no clock is behind. */
export const P2P: NetworkParams = {
  ...BITCOIN,
  ...ALWAYS_ACTIVE,
  ...startingWith({
    numbers: { version: 1, time: 1_609_459_200, bits: TRIVIAL_LIMIT_BITS, nonce: 0 },
    message: "p2p: a network for everybody, from its first block on",
    output: { value: 0n, script: Uint8Array.of(OP_RETURN) },
    merkleRoot: "d6ed696dd954fb4c1053dec15f84aeda0ede148790db3561ae5b003c1f02db09",
    hash: "0ad41c57e121fdfd0106748ee394d12fa493832fdd0fc08f69544fc047094ef0",
  }),
  name: "p2p",
  wire: "native",
  // Neither text nor a small number in either byte order, so that no other protocol begins like this.
  magic: 0xf0d2_b2f0,
  // Free in IANA's registry, and below the range that systems take ephemeral ports from.
  defaultPort: 27_272,
  difficulty: "none",
  powLimitBits: TRIVIAL_LIMIT_BITS,
  minimumChainWork: 0n,
  dnsSeeds: [],
  fixedSeeds: [],
};

/** Every built-in network by its name, the default first. */
export const NETWORKS: ReadonlyMap<string, NetworkParams> = new Map(
  [P2P, MAIN, TESTNET3, TESTNET4, SIGNET, REGTEST].map((params) => [params.name, params]),
);

function startingWith(genesis: Genesis): Pick<NetworkParams, "genesis" | "genesisHash" | "genesisBlock"> {
  const header = genesisHeader(genesis.numbers, genesis.merkleRoot);
  const coinbase = genesisCoinbase(genesis.message, genesis.output);
  return { genesis: header, genesisHash: genesis.hash, genesisBlock: genesisBlock(header, coinbase) };
}

/** 50 coins for whoever has the key. */
function payTo(key: Uint8Array): CoinbaseOutput {
  return { value: INITIAL_SUBSIDY, script: concatBytes([pushData(key), Uint8Array.of(OP_CHECKSIG)]) };
}
