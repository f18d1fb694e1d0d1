import * as v from "valibot";
import { type Hash, hash256, HASH_SIZE_BYTES, type Hasher } from "../util/hash.ts";
import { isHexOfSize } from "../util/hex.ts";
import { describeIssue, fields, oneOf, wholeNumber } from "../util/schemas.ts";
import { type BlockHeader, encodeBlockHeader } from "./block_header.ts";
import { OP_RETURN } from "./coinbase.ts";
import { targetFromBits } from "./compact_target.ts";
import { BLOCK_SPACING_SECONDS, MAX_COINBASE_SCRIPT_BYTES, RETARGET_INTERVAL_BLOCKS } from "./consensus.ts";
import { LocalError } from "./errors.ts";
import { genesisBlock, genesisCoinbase, genesisHeader } from "./genesis.ts";
import type { NetworkParams } from "./network_params.ts";
import { NETWORKS } from "./networks.ts";

const MAX_UINT32 = 0xffff_ffff;
const MAX_INT32 = 0x7fff_ffff;
const MAX_PORT = 65_535;
/** Bytes that the coinbase has left for a message: 100 less the fixed pushes in front of it and its length. */
const MAX_MESSAGE_BYTES = MAX_COINBASE_SCRIPT_BYTES - 9;
const MAX_SEEDS = 64;
const MAX_HOST_LENGTH = 261;
/** Half of all hashes meet it: a network where blocks cost nothing. */
const TRIVIAL_BITS = 0x207f_ffff;
/** Difficulty 1: where a rule retargets, it has something to start from. */
const DIFFICULTY_ONE_BITS = 0x1d00_ffff;

const matching = (pattern: RegExp, allowed: string) => v.pipe(v.string(allowed), v.regex(pattern, allowed));

const HEX_NUMBER = "a whole number up to 0xffffffff, or 8 hex digits as text";
const hexNumber = v.union([
  wholeNumber(0, MAX_UINT32),
  v.pipe(matching(/^(0x)?[0-9a-f]{8}$/i, HEX_NUMBER), v.transform((text) => Number(`0x${text.replace(/^0x/i, "")}`))),
], HEX_NUMBER);
const bits = v.pipe(hexNumber, v.check((value) => targetFromBits(value) !== undefined, "bits of a target above 0"));
const height = v.optional(wholeNumber(0, MAX_INT32), 1);
const seeds = (allowed: string, pattern: RegExp) =>
  v.optional(
    v.pipe(
      v.array(matching(pattern, allowed), `a list of ${allowed}`),
      v.maxLength(MAX_SEEDS, `at most ${MAX_SEEDS} of them`),
    ),
    [],
  );

const HASH_TEXT = "64 hex digits";
const GENESIS = fields({
  time: wholeNumber(0, MAX_UINT32),
  version: v.optional(wholeNumber(-MAX_INT32 - 1, MAX_INT32), 1),
  bits: v.optional(bits),
  nonce: v.optional(wholeNumber(0, MAX_UINT32), 0),
  "merkle-root": v.optional(
    v.pipe(v.string(HASH_TEXT), v.check((text) => isHexOfSize(text, HASH_SIZE_BYTES), HASH_TEXT), v.toLowerCase()),
  ),
  message: v.optional(
    v.pipe(
      v.string("text"),
      v.check(
        (text) => new TextEncoder().encode(text).length <= MAX_MESSAGE_BYTES,
        `at most ${MAX_MESSAGE_BYTES} bytes of text`,
      ),
    ),
  ),
}, "a table");

const NETWORK = fields({
  name: v.pipe(
    matching(/^[a-z0-9][a-z0-9_-]{0,31}$/, "1 to 32 of a-z, 0-9, - and _, the first a letter or digit"),
    v.check((name) => !NETWORKS.has(name), "a name that no built-in network has"),
  ),
  magic: hexNumber,
  port: wholeNumber(1, MAX_PORT),
  wire: v.optional(oneOf(["native", "bitcoin"]), "native"),
  genesis: GENESIS,
  difficulty: v.optional(oneOf(["none", "main", "testnet3", "testnet4"]), "none"),
  "pow-limit-bits": v.optional(bits),
  "spacing-seconds": v.optional(wholeNumber(1, MAX_INT32), BLOCK_SPACING_SECONDS),
  "retarget-interval": v.optional(wholeNumber(2, MAX_INT32), RETARGET_INTERVAL_BLOCKS),
  "bip34-height": height,
  "bip65-height": height,
  "bip66-height": height,
  "segwit-height": height,
  "minimum-chain-work": v.optional(matching(/^(0x)?[0-9a-f]{1,64}$/i, "up to 64 hex digits as text"), "0"),
  "dns-seeds": seeds("host names", new RegExp(`^(?=.{1,${MAX_HOST_LENGTH}}$)[a-z0-9]([a-z0-9.-]*[a-z0-9])?$`, "i")),
  "fixed-seeds": seeds(
    "HOST:PORT",
    new RegExp(`^(?=.{1,${MAX_HOST_LENGTH}}$)(\\[[0-9a-f:.]+\\]|[^\\s:]+):\\d{1,5}$`, "i"),
  ),
}, "a table");

type Description = v.InferOutput<typeof NETWORK>;

/**
 * The network that a plain object describes, as parsed from a TOML file such as
 *
 *     name = "lab"
 *     magic = 0xd1b2_c3a4
 *     port = 28333
 *     [genesis]
 *     time = 1_700_000_000
 *     message = "made for a test"
 *
 * These five keys are needed, with `genesis.merkle-root` instead of the message where a network exists already; then
 * its genesis block stays unknown and only the header counts. All others have defaults: the native wire, blocks of
 * trivial difficulty, every rule in force from height 1 on, no seeds. Every key is checked and unknown ones are refused.
 *
 * Throws LocalError `bad-config` that names the key, what is allowed, and what was received.
 */
export function describeNetwork(description: unknown, hasher: Hasher): NetworkParams {
  const result = v.safeParse(NETWORK, description, { abortEarly: true });
  if (!result.success) {
    const why = describeIssue(result.issues[0], "the description", "key");
    throw new LocalError("bad-config", `Cannot define a network: ${why}`);
  }
  const network = result.output;
  const powLimitBits = network["pow-limit-bits"] ??
    (network.difficulty === "none" ? TRIVIAL_BITS : DIFFICULTY_ONE_BITS);
  return {
    name: network.name,
    wire: network.wire,
    magic: network.magic,
    defaultPort: network.port,
    ...makeGenesis(network.genesis, powLimitBits, hasher),
    difficulty: network.difficulty,
    powLimitBits,
    spacingSeconds: network["spacing-seconds"],
    retargetInterval: network["retarget-interval"],
    bip34Height: network["bip34-height"],
    bip65Height: network["bip65-height"],
    bip66Height: network["bip66-height"],
    segwitHeight: network["segwit-height"],
    minimumChainWork: BigInt(`0x${network["minimum-chain-work"].replace(/^0x/i, "")}`),
    dnsSeeds: network["dns-seeds"],
    fixedSeeds: network["fixed-seeds"],
  };
}

function makeGenesis(
  genesis: Description["genesis"],
  powLimitBits: number,
  hasher: Hasher,
): Pick<NetworkParams, "genesis" | "genesisHash" | "genesisBlock"> {
  const { message, "merkle-root": merkleRoot, version, time, nonce, bits = powLimitBits } = genesis;
  if (targetFromBits(bits)! > targetFromBits(powLimitBits)!) {
    throw badConfig("genesis.bits", "no easier than pow-limit-bits", `0x${bits.toString(16)}`);
  }
  const numbers = { version, time, bits, nonce };
  if (message === undefined && merkleRoot !== undefined) {
    return startingWith(genesisHeader(numbers, merkleRoot), hasher);
  }
  if (message === undefined || merkleRoot !== undefined) {
    throw badConfig("genesis", "one of message and merkle-root", message === undefined ? "none" : "both");
  }
  const coinbase = genesisCoinbase(message, { value: 0n, script: Uint8Array.of(OP_RETURN) });
  return startingWith(genesisHeader(numbers, hash256(hasher, coinbase)), hasher, coinbase);
}

function startingWith(
  header: BlockHeader,
  hasher: Hasher,
  coinbase?: Uint8Array,
): { genesis: BlockHeader; genesisHash: Hash; genesisBlock: Uint8Array | undefined } {
  return {
    genesis: header,
    genesisHash: hash256(hasher, encodeBlockHeader(header)),
    genesisBlock: coinbase && genesisBlock(header, coinbase),
  };
}

function badConfig(key: string, allowed: string, received: string): LocalError {
  return new LocalError("bad-config", `Cannot define a network: ${key} must be ${allowed}: received ${received}`);
}
