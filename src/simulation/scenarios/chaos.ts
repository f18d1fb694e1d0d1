import type { P2PNode } from "../../node/types.ts";
import { anyOf } from "../../net/any_of.ts";
import { LocalError } from "../../protocol/errors.ts";
import { exponential } from "../../util/portable_math.ts";
import { pick, type Random } from "../chance.ts";
import { type Fault, planFaults, rogueHosts, scheduleFaults } from "../faults.ts";
import type { Member } from "../member.ts";
import { HEALING_MS, MAX_ERRANDS, OVERDUE_SLACK_MS } from "../params.ts";
import type { Findings, Scenario, Setting } from "../scenario.ts";
import { World } from "../world.ts";
import { SeededRandom } from "../../platform/seeded_random.ts";

const SECOND = 1000;
const BLOCK_INTERVAL_MS = 3 * SECOND;
const ERRAND_INTERVAL_MS = 1 * SECOND;
const REQUEST_TIMEOUT_MS = 5 * SECOND;
const OUTBOUND = 4;
const METHOD = "echo";
const TOPIC = "news";
const PAYLOAD_BYTES = 100;

interface Trouble {
  readonly nodes: number;
  readonly faults: number;
  /** Faults begin within this time, and end by themselves. */
  readonly forMs: number;
  /** The longest of them. */
  readonly longestMs: number;
}

/** Long enough for every timeout to have its turn. */
const LONG: Trouble = { nodes: 5, faults: 6, forMs: 60 * SECOND, longestMs: 40 * SECOND };
/** So short that hundreds of them are a matter of seconds. */
const SHORT: Trouble = { nodes: 4, faults: 3, forMs: 12 * SECOND, longestMs: 8 * SECOND };

/** A few nodes that mine, relay, publish and ask each other, while all goes wrong that the seed thinks of. */
export const chaos = scenarioOf(LONG, "crashes, partitions, bad lines, wrong clocks and rogues, by chance");
export const scuffle = scenarioOf(SHORT, "the same in a few seconds, for many seeds");

function scenarioOf(trouble: Trouble, summary: string): Scenario {
  return {
    summary,
    nodes: trouble.nodes,
    faults: trouble.faults,
    build({ seed, nodes, hasher }) {
      const strangers = rogueHosts(faultsOf(trouble, seed, nodes));
      return new World({ seed, nodes, hasher, strangers, options: { maxOutbound: OUTBOUND } });
    },
    play: (world, setting) => play(world, setting, trouble),
  };
}

async function play(world: World, setting: Setting, trouble: Trouble): Promise<Findings> {
  const planned = faultsOf(trouble, setting.seed, setting.nodes);
  const faults = planned.filter((_, number) => setting.faults?.has(number) ?? true);
  const traffic = new Traffic(world);
  world.onStart = (member) => traffic.equip(member.up);
  await world.startAll();
  scheduleFaults(world, faults);
  traffic.begin();
  await world.run(trouble.forMs);
  traffic.end();
  // The last of them may have begun a moment ago.
  const isOver = () => world.up().length === world.members.length;
  await world.runUntil(isOver, HEALING_MS);
  world.network.heal();
  await world.runUntil(() => world.agrees(), HEALING_MS);
  // A race between two blocks ends with the next one.
  world.mine(pick(world.random("last"), world.up()));
  await world.agree(HEALING_MS);
  traffic.check();
  await world.stop();
  return { requests: traffic.asked, answers: traffic.answered };
}

/** What a seed plans. */
function faultsOf({ faults, forMs, longestMs }: Trouble, seed: number, nodes: number): readonly Fault[] {
  const random = new SeededRandom(seed, "faults");
  return planFaults(() => random.number(), nodes, { count: faults, withinMs: forMs, longestMs });
}

/** What the members' owners do. */
class Traffic {
  asked = 0;
  answered = 0;
  readonly #world: World;
  readonly #random: Random;
  /** Requests under way, and when each has to be over. */
  readonly #errands = new Map<number, { readonly dueAt: number; readonly asker: P2PNode }>();
  #isOver = false;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random("traffic");
  }

  /** A member has a new life. */
  equip(node: P2PNode): void {
    node.handle(METHOD, (payload) => payload);
    node.topic(TOPIC).subscribe(() => {});
  }

  begin(): void {
    this.#repeat(BLOCK_INTERVAL_MS, (member) => void this.#world.mine(member));
    this.#repeat(ERRAND_INTERVAL_MS, (member) => this.#ask(member));
    this.#repeat(ERRAND_INTERVAL_MS, (member) => this.#publish(member));
    this.#repeat(ERRAND_INTERVAL_MS, (member) => this.#pay(member));
  }

  end(): void {
    this.#isOver = true;
  }

  /** No request may be older than its time allows. */
  check(): void {
    const now = this.#world.network.now();
    for (const { dueAt, asker } of this.#errands.values()) {
      const isAlive = this.#world.up().some(({ node }) => node === asker);
      if (!isAlive || now <= dueAt + OVERDUE_SLACK_MS) continue;
      this.#world.watch.report("nothing-waits-for-ever", `${asker.userAgent} waits for an answer since ${dueAt}`);
    }
    this.#world.watch.throwIfBroken();
  }

  #repeat(meanMs: number, act: (member: Member) => void): void {
    const { network } = this.#world;
    network.env("owners").after(exponential(this.#random(), meanMs), () => {
      if (this.#isOver) return;
      const up = this.#world.up();
      if (up.length > 0) act(pick(this.#random, up));
      this.#repeat(meanMs, act);
    });
  }

  #ask(member: Member): void {
    if (this.#errands.size >= MAX_ERRANDS) return;
    const number = this.asked++;
    const dueAt = this.#world.network.now() + REQUEST_TIMEOUT_MS;
    this.#errands.set(number, { dueAt, asker: member.up });
    const payload = new Uint8Array(PAYLOAD_BYTES);
    member.up.request(anyOf(), METHOD, payload, { timeoutMs: REQUEST_TIMEOUT_MS }).then(
      () => {
        this.answered++;
        this.#errands.delete(number);
      },
      (error: unknown) => {
        this.#errands.delete(number);
        if (!(error instanceof LocalError)) this.#world.watch.report("no-internal-error", String(error));
      },
    );
  }

  #publish(member: Member): void {
    member.up.topic(TOPIC).publish(new Uint8Array(PAYLOAD_BYTES));
  }

  #pay(member: Member): void {
    member.up.submitTransaction(this.#world.maker.makeTransaction());
  }
}
