import type { Hash } from "../util/hash.ts";
import type { BlockHeader } from "./block_header.ts";

/** How the difficulty of a network's blocks changes. */
export type DifficultyRule =
  /** Every 2,016 blocks; nothing else (main, signet). */
  | "main"
  /** As main, and a block 20 minutes after its parent may have the least difficulty (testnet3). */
  | "testnet3"
  /** As testnet3, with the retarget taken from a period's first block and a bounded time warp (BIP94, testnet4). */
  | "testnet4"
  /** Never (regtest and networks made for tests). */
  | "none";

/** What two nodes must agree on to talk and to believe the same chain. */
export interface NetworkParams {
  /** Also the name of its data directory. */
  readonly name: string;
  /** How its messages are spelled. */
  readonly wire: "bitcoin" | "native";
  /** First four bytes of each frame, in wire order, as a big-endian number: 0xf9beb4d9 for main. */
  readonly magic: number;
  /** Where nodes listen unless they say otherwise. */
  readonly defaultPort: number;
  /** Header of the first block, and its hash. */
  readonly genesis: BlockHeader;
  readonly genesisHash: Hash;
  /** The genesis block in full, as on the wire; undefined where a custom network gives only a header. */
  readonly genesisBlock: Uint8Array | undefined;
  /** How hard blocks are to make. */
  readonly difficulty: DifficultyRule;
  /** Easiest target in compact form. */
  readonly powLimitBits: number;
  /** Seconds wanted between two blocks. */
  readonly spacingSeconds: number;
  /** Blocks between two retargets. */
  readonly retargetInterval: number;
  /** Height from which a coinbase must state its height (BIP34) and versions below 2 are refused. */
  readonly bip34Height: number;
  /** Height from which versions below 3 are refused (BIP66). */
  readonly bip66Height: number;
  /** Height from which versions below 4 are refused (BIP65). */
  readonly bip65Height: number;
  /** Height from which witness commitments are checked (BIP141). */
  readonly segwitHeight: number;
  /** Work that a chain must have before its headers are kept (spam from strangers costs nothing below it). */
  readonly minimumChainWork: bigint;
  /** Host names that resolve to nodes. */
  readonly dnsSeeds: readonly string[];
  /** `host:port` of nodes that are asked when no DNS seed answers. */
  readonly fixedSeeds: readonly string[];
}
