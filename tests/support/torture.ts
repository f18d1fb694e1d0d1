import type { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { assert, assertEquals } from "@std/assert";
import { compiled } from "./binary.ts";
import { followEvents, type ToldEvent } from "./event_stream.ts";
import { encodeBlockFile, parseBlockFile } from "./made_chain.ts";
import { P2pNode } from "./p2p_node.ts";
import { type Command, run } from "./program.ts";
import { blockHash } from "./raw_peer.ts";
import { createSeededRandom } from "./random.ts";
import type { Site } from "./site.ts";
import { testChain } from "./test_chain.ts";
import { WindingSource } from "./winding_source.ts";

/** Kills of one data directory: then another begins, so that its first moments are hit, too. */
const KILLS_PER_DIRECTORY = 50;
/** Of all lives these end before the node is up. */
const SHARE_BEFORE_UP = 0.25;
/** Longest that a node lives once it was up and looked at, in milliseconds, and in times of its start on a busy machine. */
const MAX_STAY_MS = 200;
const MAX_STAY_STARTS = 2;
/** What is assumed of the first start, in milliseconds. */
const FIRST_START_MS = 100;
/** Blocks that are compared byte by byte in each life: the last ones told of, and some of the others. */
const LAST_CHECKED = 4;
const OTHERS_CHECKED = 2;

export interface TortureOptions {
  readonly kills: number;
  readonly seed: number;
  /** What is killed; the compiled program by default. */
  readonly command?: Command;
  /** Told after each kill. */
  readonly onKill?: (kills: number) => void;
}

export interface TortureCounts {
  /** Kills, and how many of them came before the node was up. */
  kills: number;
  early: number;
  /** Kills while blocks were missing that the node knew of. */
  midSync: number;
  /** Kills while blocks of a heavier branch were coming, or right after it was taken. */
  midReorganisation: number;
  /** Blocks that nodes said to have connected and disconnected. */
  connected: number;
  disconnected: number;
}

/** What a node said before it was killed. */
interface Told {
  readonly tip: { readonly hash: string; readonly height: number };
  /** Hashes of blocks that it said to have connected, in order. */
  readonly blocks: readonly string[];
}

/**
 * Kills `p2p node` (SIGKILL) again and again at random moments of its start, of a sync and of reorganisations, and looks
 * each time whether it starts again with everything that it had told anybody. Throws at the first thing that is missing.
 */
export async function torture(
  site: Site,
  { kills, seed, onKill, command = compiled() }: TortureOptions,
): Promise<TortureCounts> {
  const counts = { kills: 0, early: 0, midSync: 0, midReorganisation: 0, connected: 0, disconnected: 0 };
  const random = createSeededRandom(seed);
  while (counts.kills < kills) {
    const victim = await Victim.create(site, command, random, counts);
    const until = Math.min(kills, counts.kills + KILLS_PER_DIRECTORY);
    while (counts.kills < until) {
      await victim.live();
      counts.kills++;
      onKill?.(counts.kills);
    }
    await victim.examine();
  }
  return counts;
}

/** One data directory with the peer that its nodes sync from. */
class Victim {
  readonly #site: Site;
  readonly #command: Command;
  readonly #random: () => number;
  readonly #counts: TortureCounts;
  readonly #source: WindingSource;
  readonly #dataDir: string;
  #told: Told | undefined;
  #startMs = FIRST_START_MS;

  private constructor(
    site: Site,
    command: Command,
    random: () => number,
    counts: TortureCounts,
    source: WindingSource,
  ) {
    this.#site = site;
    this.#command = command;
    this.#random = random;
    this.#counts = counts;
    this.#source = source;
    this.#dataDir = site.directory();
  }

  static async create(site: Site, command: Command, random: () => number, counts: TortureCounts): Promise<Victim> {
    const { main, fork } = testChain();
    const source = new WindingSource([main, fork], random);
    await source.listen();
    site.onEnd(() => source.close());
    return new Victim(site, command, random, counts, source);
  }

  /** From a start to a kill. */
  async live(): Promise<void> {
    const startedAt = performance.now();
    const node = new P2pNode({
      command: this.#command,
      dataDir: this.#dataDir,
      args: ["--connect", this.#source.endpoint],
    });
    try {
      if (this.#random() < SHARE_BEFORE_UP) return await this.#dieEarly(node);
      await node.up();
      this.#startMs = performance.now() - startedAt;
      await this.#check(node);
      await this.#watch(node);
    } finally {
      await node.program.cleanUp();
    }
  }

  /** Lets the last life end in order, and compares all that there is. */
  async examine(): Promise<void> {
    const node = await this.#site.node({
      command: this.#command,
      dataDir: this.#dataDir,
      args: ["--connect", this.#source.endpoint],
    });
    await this.#check(node);
    // After few kills, none of which came late, it may be the first life that has one.
    const { bestHash } = await node.chainUntil("a first block", ({ height }) => height > 0);
    assert(this.#source.find(bestHash), `the tip ${bestHash} is no block of the source`);
    assertEquals((await node.stop()).code, 0, node.log);
    const path = join(this.#site.directory(), "survived.blk");
    const place = ["--network", "regtest", "--data-dir", this.#dataDir];
    const { code, stderr } = await run(this.#command, ["node", ...place, "--export", path]);
    assert(code === 0, `--export ended with ${code}: ${stderr}`);
    const survived = readFileSync(path);
    assert(survived.length > 0, "nothing was exported");
    assert(survived.equals(encodeBlockFile(this.#pathTo(survived))), "the chain that survived is none of the source's");
    const database = new DatabaseSync(join(this.#dataDir, "chain.db"), { readOnly: true });
    const verdict = database.prepare("PRAGMA integrity_check").get();
    database.close();
    assertEquals({ ...verdict }, { integrity_check: "ok" });
  }

  /** The source's blocks for those of a file, by their hashes. */
  #pathTo(file: Buffer): Buffer[] {
    return parseBlockFile(file).map((block) => {
      const known = this.#source.find(blockHash(block));
      assert(known, "a block that the source never had");
      return known.block;
    });
  }

  async #dieEarly(node: P2pNode): Promise<void> {
    this.#counts.early++;
    await Promise.race([pause(this.#random() * this.#startMs), node.program.exited]);
    await kill(node);
  }

  /** What was told before is there. */
  async #check(node: P2pNode): Promise<void> {
    const told = this.#told;
    if (told === undefined) return;
    const chain = await node.chain();
    // All blocks of these chains have the same work.
    assert(chain.height >= told.tip.height, `tip ${chain.height} after ${told.tip.height} was told\n${node.log}`);
    assertEquals(this.#source.find(chain.bestHash)?.height, chain.height, `tip ${chain.bestHash}`);
    for (const hash of this.#sample(told)) {
      const { status, body } = await node.request(`/v1/blocks/${hash}?raw=1`);
      assertEquals(status, 200, `block ${hash} was told of: ${body}`);
      assert(body.trim() === this.#source.find(hash)!.block.toString("hex"), `block ${hash} is another one now`);
    }
  }

  #sample({ blocks }: Told): readonly string[] {
    const others = Array.from({ length: OTHERS_CHECKED }, () => blocks[Math.floor(this.#random() * blocks.length)]);
    return [...blocks.slice(-LAST_CHECKED), ...others].filter((hash) => hash !== undefined);
  }

  /** Notes what the node tells, over the control API and as events, until its time is over. */
  async #watch(node: P2pNode): Promise<void> {
    const told: ToldEvent[] = [];
    const events = followEvents(node.control, "sync", (event) => void told.push(event));
    await events.opened;
    const before = await node.chain();
    await pause(this.#random() * Math.max(MAX_STAY_MS, MAX_STAY_STARTS * this.#startMs));
    // What was on its way had been said, too.
    await Promise.all([kill(node), events.ended]);
    const connected = told.filter(({ type }) => type === "block:connected").map(({ event }) => event);
    const disconnected = told.filter(({ type }) => type === "block:disconnected").length;
    const tip = told.filter(({ type }) => type === "chain:tip").at(-1)?.event ??
      { hash: before.bestHash, height: before.height };
    this.#told = { tip, blocks: connected.map(({ hash }) => hash) };
    this.#counts.connected += connected.length;
    this.#counts.disconnected += disconnected;
    if (tip.hash !== this.#source.tip) this.#counts.midSync++;
    const isOnBranch = this.#source.chain[tip.height] !== this.#source.find(tip.hash)?.block;
    if (isOnBranch || disconnected > 0) this.#counts.midReorganisation++;
  }
}

async function kill(node: P2pNode): Promise<void> {
  assert(node.program.isAlive, `ended by itself\n${node.log}`);
  await node.stop("SIGKILL");
}

/** How long a process lives is the point here: nothing that it does ends its time. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
