import type { Message, MessageOf } from "../../../protocol/messages.ts";
import { hasServices, SERVICE_P2P_APPS } from "../../../protocol/service_flags.ts";

/** A version of compact blocks that a peer takes, and whether it wants them unasked (BIP152). */
export interface CompactBlocks {
  readonly version: string;
  readonly highBandwidth: boolean;
}

/** What a peer said that it can do or wants, so far. */
export interface Features {
  /** Announces transactions by their witness id (BIP339). */
  readonly wtxidrelay: boolean;
  /** Takes addresses of any network (BIP155). */
  readonly sendaddrv2: boolean;
  /** Wants new blocks announced by their headers (BIP130). */
  readonly sendheaders: boolean;
  readonly sendcmpct: readonly CompactBlocks[];
  /** Least fee of transactions that it wants to hear of, in satoshi per 1,000 virtual bytes (BIP133); null: it did not say. */
  readonly feefilter: string | null;
  /** Wants transactions announced from the start (BIP37); null: it did not say. */
  readonly relay: boolean | null;
  /** Takes messages of applications: ours. */
  readonly applications: boolean;
  /** Topics that it is subscribed to. */
  readonly topics: readonly string[];
  /** Tells what it knows of the network's topology: ours. */
  readonly topology: boolean;
  /** Commands that this version does not know, such as features that are younger. */
  readonly unknown: readonly string[];
}

/** Strangers name what they like: so many names are kept. */
const MAX_NAMES = 100;

/** Listens to what a peer says about itself. */
export class FeatureListener {
  readonly #seen = new Set<string>();
  readonly #compact = new Map<string, boolean>();
  readonly #topics = new Set<string>();
  readonly #unknown = new Set<string>();
  #version: MessageOf<"version"> | undefined;
  #feeRate: bigint | undefined;

  hear(message: Message): void {
    this.#seen.add(message.type);
    if (message.type === "version") this.#version = message;
    else if (message.type === "feefilter") this.#feeRate = message.feeRate;
    else if (message.type === "sendcmpct") this.#hearCompact(message);
    else if (message.type === "subscribe") message.topics.forEach((topic) => keep(this.#topics, topic));
    else if (message.type === "unknown") keep(this.#unknown, message.command);
  }

  #hearCompact({ version, highBandwidth }: MessageOf<"sendcmpct">): void {
    const name = String(version);
    if (this.#compact.has(name) || this.#compact.size < MAX_NAMES) this.#compact.set(name, highBandwidth);
  }

  get features(): Features {
    return {
      wtxidrelay: this.#seen.has("wtxidrelay"),
      sendaddrv2: this.#seen.has("sendaddrv2"),
      sendheaders: this.#seen.has("sendheaders"),
      sendcmpct: [...this.#compact].map(([version, highBandwidth]) => ({ version, highBandwidth })),
      feefilter: this.#feeRate === undefined ? null : String(this.#feeRate),
      relay: this.#version?.relay ?? null,
      applications: this.#version !== undefined && hasServices(this.#version.services, SERVICE_P2P_APPS),
      topics: [...this.#topics],
      topology: this.#seen.has("topology"),
      unknown: [...this.#unknown],
    };
  }
}

function keep(names: Set<string>, name: string): void {
  if (names.size < MAX_NAMES) names.add(name);
}
