import type { P2PNode } from "../../node/types.ts";
import { anyOf } from "../../net/any_of.ts";
import { LocalError } from "../../protocol/errors.ts";
import { exponential } from "../../util/portable_math.ts";
import { pick, type Random } from "../chance.ts";
import { type Fault, planFaults, rogueHosts, scheduleFaults } from "../faults.ts";
import type { Member } from "../member.ts";
import { AFTERMATH_MS, HEALING_MS, MAX_ERRANDS } from "../params.ts";
import type { Findings, Scenario, Setting } from "../scenario.ts";
import { World } from "../world.ts";
import { SeededRandom } from "../../platform/seeded_random.ts";

const SECOND = 1000;
const BLOCK_INTERVAL_MS = 3 * SECOND;
const ERRAND_INTERVAL_MS = 1 * SECOND;
const REQUEST_TIMEOUT_MS = 4 * SECOND;
/** Deadlines share timers, which are a little late. */
const LATENESS_MS = SECOND / 10;
const OUTBOUND = 4;
const METHOD = "echo";
const TOPIC = "news";
const PAYLOAD_BYTES = 100;
/** Small messages at once to each peer: more than it handles in a turn, and in some seconds than a subscriber's queue holds. */
const CHATTER = 1200;
const CHATTER_BYTES = 4;
/** A large message now and then, of more than a connection takes at once. */
const PARCEL_INTERVAL_MS = 3 * SECOND;
const PARCEL_BYTES = 700_000;

interface Trouble {
  readonly nodes: number;
  readonly faults: number;
  /** Faults begin within this time, and end by themselves. */
  readonly forMs: number;
  /** The longest of them. */
  readonly longestMs: number;
  /** Quiet time at the end. */
  readonly lullMs: number;
}

/** Long enough for every timeout to have its turn, and then for nobody to be missed any more. */
const LONG: Trouble = {
  nodes: 5,
  faults: 6,
  forMs: 60 * SECOND,
  longestMs: 40 * SECOND,
  lullMs: AFTERMATH_MS + 60 * SECOND,
};
/** So short that hundreds of them are a matter of seconds. */
const SHORT: Trouble = { nodes: 4, faults: 3, forMs: 12 * SECOND, longestMs: 8 * SECOND, lullMs: 0 };

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
  await world.settle(HEALING_MS);
  await world.run(trouble.lullMs);
  traffic.check();
  await world.stop();
  return { requests: traffic.asked, answers: traffic.answered };
}

/** What a seed plans. */
function faultsOf({ faults, forMs, longestMs }: Trouble, seed: number, nodes: number): readonly Fault[] {
  const random = new SeededRandom(seed, "faults");
  return planFaults(() => random.number(), nodes, { count: faults, withinMs: forMs, longestMs });
}

/** A request under way. */
interface Errand {
  readonly dueAt: number;
  readonly asker: P2PNode;
}

/** What the members' owners do. */
class Traffic {
  asked = 0;
  answered = 0;
  readonly #world: World;
  readonly #random: Random;
  /** Requests under way, and when each has to be over. */
  readonly #errands = new Map<number, Errand>();
  #isOver = false;

  constructor(world: World) {
    this.#world = world;
    this.#random = world.random("traffic");
  }

  /** A member has a new life. */
  equip(node: P2PNode): void {
    node.handle(METHOD, (payload) => payload);
    node.topic(TOPIC).subscribe(() => {});
    // One who never comes back from the first message: what he misses is his loss, and must not pile up.
    node.on("app:message", () => new Promise<void>(() => {}));
  }

  begin(): void {
    this.#repeat(BLOCK_INTERVAL_MS, (member) => void this.#world.mine(member));
    this.#repeat(ERRAND_INTERVAL_MS, (member) => this.#ask(member));
    this.#repeat(ERRAND_INTERVAL_MS, (member) => this.#publish(member));
    this.#repeat(ERRAND_INTERVAL_MS, (member) => this.#pay(member));
    this.#repeat(ERRAND_INTERVAL_MS, (member) => this.#chatter(member));
    this.#repeat(PARCEL_INTERVAL_MS, (member) => this.#ship(member));
  }

  end(): void {
    this.#isOver = true;
  }

  /** No request may be older than its time allows. */
  check(): void {
    for (const errand of this.#errands.values()) {
      if (this.#world.up().some(({ node }) => node === errand.asker)) this.#checkTime(errand);
    }
    this.#world.watch.throwIfBroken();
  }

  #checkTime({ dueAt, asker }: Errand): void {
    const lateMs = this.#world.network.now() - dueAt;
    if (lateMs <= LATENESS_MS) return;
    this.#world.watch.report(
      "nothing-waits-for-ever",
      `${asker.userAgent}: an answer is ${Math.round(lateMs)} ms late`,
    );
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
    const errand = { dueAt, asker: member.up };
    const settle = () => {
      this.#errands.delete(number);
      this.#checkTime(errand);
    };
    this.#errands.set(number, errand);
    const payload = new Uint8Array(PAYLOAD_BYTES);
    member.up.request(anyOf(), METHOD, payload, { timeoutMs: REQUEST_TIMEOUT_MS }).then(
      () => {
        this.answered++;
        settle();
      },
      (error: unknown) => {
        settle();
        const { watch } = this.#world;
        if (!(error instanceof LocalError)) watch.report("no-internal-error", String(error));
        else if (error.code === "timeout" && watch.isCalm) watch.report("nothing-waits-for-ever", error.message);
      },
    );
  }

  #publish(member: Member): void {
    member.up.topic(TOPIC).publish(new Uint8Array(PAYLOAD_BYTES));
  }

  #chatter(member: Member): void {
    const payload = new Uint8Array(CHATTER_BYTES);
    for (const { id } of member.up.peers()) for (let i = 0; i < CHATTER; i++) member.up.send(id, payload);
  }

  #ship(member: Member): void {
    const [peer] = member.up.peers();
    if (peer) member.up.send(peer.id, new Uint8Array(PARCEL_BYTES));
  }

  #pay(member: Member): void {
    member.up.submitTransaction(this.#world.maker.makeTransaction());
  }
}
