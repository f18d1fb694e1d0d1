import type { Buffer } from "node:buffer";
import { makeBranch } from "./made_chain.ts";
import {
  blockHash,
  headersPayload,
  invPayload,
  listenRaw,
  parseInv,
  parseLocator,
  type RawPeer,
  versionPayload,
} from "./raw_peer.ts";

/** Headers in one answer (Bitcoin protocol). */
const HEADERS_PAGE = 2000;
const BLOCK_KIND = 2;
/** How deep a turn of the chain cuts, and how much longer than before the chain is after it, in blocks. */
const MAX_DEPTH = 120;
const MAX_GROWTH = 20;
/** Blocks that leave at a time, and the milliseconds between: slow enough for a node to die in the middle. */
const BLOCKS_AT_A_TIME = 4;
const PAUSE_MS = 2;
const PADDING_BYTES = 500;

/** A block that the source once had in its chain. */
interface Known {
  readonly height: number;
  readonly block: Buffer;
}

/**
 * A peer whose chain turns: whoever has got all of it is told of another one with more work, which leaves the old one a
 * few or many blocks below its tip. It gives blocks away slowly.
 */
export class WindingSource {
  readonly #known = new Map<string, Known>();
  readonly #random: () => number;
  readonly #closings: (() => void)[] = [];
  /** Chains that are yet to come before new ones are made. */
  readonly #planned: (readonly Buffer[])[];
  #chain: readonly Buffer[] = [];
  #port = 0;
  #turns = 0;

  /** The first chains, in their order, and chance. */
  constructor(chains: readonly (readonly Buffer[])[], random: () => number) {
    this.#planned = [...chains];
    this.#random = random;
    this.turn();
  }

  async listen(): Promise<void> {
    const { port, close } = await listenRaw((peer) => {
      this.#closings.push(() => peer.close());
      this.#serve(peer);
    });
    this.#port = port;
    this.#closings.push(close);
  }

  close(): void {
    for (const close of this.#closings.splice(0)) close();
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#port}`;
  }

  get chain(): readonly Buffer[] {
    return this.#chain;
  }

  get tip(): string {
    return blockHash(this.#chain.at(-1)!);
  }

  /** What a block of this source is, by its hash, whichever of its chains it was in. */
  find(hash: string): Known | undefined {
    return this.#known.get(hash);
  }

  /** Takes the next chain. */
  turn(): void {
    this.#chain = this.#planned.shift() ?? this.#wind();
    // From the top: what lies below a known block is known.
    for (let height = this.#chain.length - 1; height >= 0; height--) {
      const block = this.#chain[height]!;
      const hash = blockHash(block);
      if (this.#known.has(hash)) break;
      this.#known.set(hash, { height, block });
    }
  }

  #wind(): Buffer[] {
    const depth = 1 + Math.floor(this.#random() * Math.min(MAX_DEPTH, this.#chain.length - 2));
    const growth = 1 + Math.floor(this.#random() * MAX_GROWTH);
    const kept = this.#chain.slice(0, this.#chain.length - depth);
    const parent = { block: kept.at(-1)!, height: kept.length - 1 };
    const salt = ++this.#turns % 256;
    return [...kept, ...makeBranch({ parent, count: depth + growth, salt, padding: PADDING_BYTES })];
  }

  #serve(peer: RawPeer): void {
    const asked: string[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;

    const give = () => {
      timer = undefined;
      for (const hash of asked.splice(0, BLOCKS_AT_A_TIME)) {
        const known = this.#known.get(hash);
        if (known) peer.send("block", known.block);
        else peer.send("notfound", invPayload(BLOCK_KIND, [hash]));
        if (hash === this.tip) {
          this.turn();
          peer.send("inv", invPayload(BLOCK_KIND, [this.tip]));
        }
      }
      if (asked.length > 0) timer = setTimeout(give, PAUSE_MS);
    };

    const answers: Readonly<Record<string, (payload: Buffer) => void>> = {
      version: () => {
        peer.send("version", versionPayload({ height: this.#chain.length - 1 }));
        peer.send("verack");
      },
      ping: (payload) => peer.send("pong", payload),
      getheaders: (payload) => {
        const isOurs = (hash: string) => {
          const known = this.#known.get(hash);
          return known !== undefined && this.#chain[known.height] === known.block;
        };
        const shared = parseLocator(payload).hashes.find(isOurs);
        const from = shared === undefined ? 1 : this.#known.get(shared)!.height + 1;
        peer.send("headers", headersPayload(this.#chain.slice(from, from + HEADERS_PAGE)));
      },
      getdata: (payload) => {
        asked.push(...parseInv(payload).map(({ hash }) => hash));
        timer ??= setTimeout(give, PAUSE_MS);
      },
    };
    peer.listen(({ command, payload }) => answers[command]?.(payload));
    peer.closed.then(() => clearTimeout(timer));
  }
}
