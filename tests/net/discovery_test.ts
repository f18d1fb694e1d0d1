import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { Discovery, type DiscoveryOptions } from "../../src/net/discovery.ts";
import { BookKeeper } from "../../src/net/book_keeper.ts";
import { createMemoryStore } from "../../src/platform/memory_store.ts";
import { DNS_TIMEOUT_MS, FIXED_SEEDS_DELAY_MS, MAX_DNS_ADDRESSES } from "../../src/protocol/address_params.ts";
import { formatAddress } from "../../src/protocol/addresses.ts";
import { servesBlocks } from "../../src/protocol/service_flags.ts";
import { LocalError } from "../../src/protocol/errors.ts";
import type { Peer } from "../../src/peer/peer.ts";
import type { Store } from "../../src/platform/types.ts";
import { NOW, recordOf, spread, testBook } from "../support/address_books.ts";
import { ManualEnv } from "../support/manual_env.ts";

/** The real machine's clock stands at NOW when the test begins. */
class ClockEnv extends ManualEnv {
  readonly lines: string[] = [];
  #draws = 0;

  override wallClock(): number {
    return NOW * 1000 + this.now();
  }

  override random(): number {
    return (this.#draws++ * 0.618034) % 1;
  }

  override logger() {
    const note = (text: string) => void this.lines.push(text);
    return { enabled: () => true, debug: note, info: note, warn: note, error: note };
  }
}

interface World {
  readonly env: ClockEnv;
  readonly discovery: Discovery;
  readonly hosts: () => string[];
}

type Resolve = DiscoveryOptions["transport"]["resolve"];

const isUseful = (services: bigint) => servesBlocks(services, true);

function world(
  resolve: Resolve,
  { dnsSeeds = ["seed.example"], fixedSeeds = [] as string[], join = [] as string[], book = testBook() } = {},
): World {
  const env = new ClockEnv();
  const network = { dnsSeeds, fixedSeeds, defaultPort: 8333 };
  const doors = join.map((host) => ({ host, port: 1 }));
  const discovery = new Discovery({ env, book, transport: { resolve }, network, isUseful, join: doors });
  return {
    env,
    discovery,
    hosts: () => [...book.all()].map(({ address, port }) => `${formatAddress(address)}:${port}`),
  };
}

/** Lets promises settle. */
async function settled(): Promise<void> {
  for (let i = 0; i < 10; i++) await Promise.resolve();
}

test(
  "discovery: a DNS seed's answers go into the book at the network's port, so many at most",
  { timeout: 60_000 },
  async () => {
    const answers = Array.from({ length: 400 }, (_, i) => formatAddress(spread(i)));
    const { discovery, env, hosts } = world(() => Promise.resolve(["127.0.0.1", "not an address", ...answers]));
    discovery.start(0);
    await settled();
    const found = hosts();
    assert(found.length > 200 && found.length <= MAX_DNS_ADDRESSES, `${found.length}`);
    assert(found.every((text) => text.endsWith(":8333")));
    assertEquals(env.lines, ["a DNS seed answered"]);
  },
);

test(
  "discovery: a DNS seed that fails or hangs costs a line, and a late answer is not taken",
  { timeout: 60_000 },
  async () => {
    let answer: (hosts: readonly string[]) => void = () => {};
    const resolve: Resolve = (name) => {
      if (name === "fails.example") return Promise.reject(new LocalError("unreachable", "no resolver"));
      return name === "works.example" ? Promise.resolve(["1.2.3.4"]) : new Promise((resolved) => answer = resolved);
    };
    const dnsSeeds = ["fails.example", "hangs.example", "works.example"];
    const { discovery, env, hosts } = world(resolve, { dnsSeeds });
    discovery.start(0);
    await settled();
    assertEquals(hosts(), ["1.2.3.4:8333"]);
    env.advance(DNS_TIMEOUT_MS);
    answer(["4.3.2.1"]);
    await settled();
    assertEquals(hosts(), ["1.2.3.4:8333"]);
    assertEquals(env.lines.sort(), ["a DNS seed answered", "a DNS seed does not answer", "a DNS seed failed"]);
  },
);

test(
  "discovery: seeds are not asked again within a minute, nor at all where the book is rich",
  { timeout: 60_000 },
  async () => {
    let asked = 0;
    const resolve: Resolve = () => {
      asked++;
      return Promise.resolve([]);
    };
    const poor = world(resolve);
    poor.discovery.start(0);
    for (let now = 0; now < 59_000; now += 1000) poor.discovery.select("full", now);
    await settled();
    assertEquals(asked, 1);
    poor.discovery.reseed(60_000);
    assertEquals(asked, 2);
    const book = testBook();
    for (let i = 0; i < 300; i++) book.add(recordOf("1.1.1.1", { address: spread(i) }), spread(i), NOW);
    world(resolve, { book }).discovery.start(0);
    assertEquals(asked, 2);
  },
);

test("discovery: fixed seeds are the last resort: after a minute of silence, or at once where there is nobody to ask", {
  timeout: 60_000,
}, () => {
  const silent: Resolve = () => new Promise(() => {});
  const fixedSeeds = ["1.2.3.4:99", "named.example:7", "[2a00::1]:5", "127.1:5"];
  const waiting = world(silent, { fixedSeeds });
  waiting.discovery.start(0);
  waiting.discovery.tick(FIXED_SEEDS_DELAY_MS - 1);
  assertEquals(waiting.hosts(), []);
  waiting.discovery.tick(FIXED_SEEDS_DELAY_MS);
  assertEquals(waiting.hosts(), ["1.2.3.4:99", "[2a00::1]:5".replace(/[[\]]/g, "")]);
  const endpoints = Array.from({ length: 50 }, () => waiting.discovery.select("full", 0)!.endpoint.host);
  assertEquals(new Set(endpoints), new Set(["1.2.3.4", "2a00::1", "named.example"]));

  const alone = world(silent, { fixedSeeds, dnsSeeds: [] });
  alone.discovery.start(0);
  alone.discovery.tick(0);
  assertEquals(alone.hosts().length, 2);
});

test("discovery: a node to join through is named first, and not for ever the only one", { timeout: 60_000 }, () => {
  const book = testBook();
  const { discovery } = world(() => Promise.resolve([]), { join: ["dead.example"], book, dnsSeeds: [] });
  assertEquals(discovery.select("block-only", 0), undefined);
  assertEquals(discovery.select("full", 0)?.endpoint, { host: "dead.example", port: 1 });
  book.add(recordOf("1.2.3.4"), spread(1), NOW);
  assertEquals(discovery.select("block-only", 0)?.endpoint.host, "1.2.3.4");
  const hosts = Array.from({ length: 50 }, () => discovery.select("full", 0)!.endpoint.host);
  assertEquals(new Set(hosts), new Set(["dead.example", "1.2.3.4"]));
});

test(
  "discovery: a node to join through is nobody for blocks only, under its address either",
  { timeout: 60_000 },
  () => {
    const book = testBook();
    const join = ["1.2.3.4", "named.example"];
    const { discovery } = world(() => Promise.resolve([]), { join, book, dnsSeeds: [] });
    for (const [host, port] of [["1.2.3.4", 1], ["2.2.3.4", 1]] as const) {
      book.add(recordOf(host, { port }), spread(1), NOW);
    }
    const remote = { host: "2.2.3.4", port: 1 };
    discovery.connected({ dialled: { host: "named.example", port: 1 }, remote } as Peer);
    for (let i = 0; i < 50; i++) assertEquals(discovery.select("block-only", 0), undefined);
  },
);

test("discovery: dials are noted in the book, by address only", { timeout: 60_000 }, () => {
  const book = testBook();
  const { discovery } = world(() => Promise.resolve([]), { book });
  book.add(recordOf("1.2.3.4"), spread(1), NOW);
  discovery.attempted({ host: "1.2.3.4", port: 8333 });
  discovery.failed({ host: "1.2.3.4", port: 8333 });
  discovery.failed({ host: "named.example", port: 8333 });
  const known = book.get(recordOf("1.2.3.4"))!;
  assertEquals([known.lastTry, known.attempts], [NOW, 1]);
});

test("discovery: the end of a connection is noted in the book, unless it was for blocks only", {
  timeout: 60_000,
}, () => {
  const book = testBook();
  const { discovery } = world(() => Promise.resolve([]), { book });
  const day = 86_400;
  const agreement = { version: { services: 9n } };
  for (const kind of ["full", "block-only"] as const) {
    const host = kind === "full" ? "1.2.3.4" : "2.2.3.4";
    book.add(recordOf(host, { time: NOW - day }), spread(1), NOW);
    discovery.disconnected({ direction: "outbound", kind, dialled: { host, port: 8333 }, agreement } as Peer);
  }
  const times = ["1.2.3.4", "2.2.3.4"].map((host) => book.get(recordOf(host))!.time);
  assertEquals(times, [NOW, NOW - day]);
});

test("discovery: for places only who has what we lack, to be tried who has blocks at all", { timeout: 60_000 }, () => {
  const hosts = (services: bigint, kind: "full" | "block-only" | "feeler") => {
    const book = testBook();
    book.add(recordOf("1.2.3.4", { services }), spread(1), NOW);
    return world(() => Promise.resolve([]), { book }).discovery.select(kind, 0)?.endpoint.host;
  };
  const kinds = ["full", "block-only", "feeler"] as const;
  assertEquals(kinds.map((kind) => hosts(9n, kind)), ["1.2.3.4", "1.2.3.4", "1.2.3.4"]);
  assertEquals(kinds.map((kind) => hosts(1n, kind)), [undefined, undefined, "1.2.3.4"]);
  assertEquals(kinds.map((kind) => hosts(8n, kind)), [undefined, undefined, undefined]);
});

test("discovery: seeds are taken for full nodes, until they say otherwise at the end of a connection", {
  timeout: 60_000,
}, async () => {
  const book = testBook();
  const { discovery } = world(() => Promise.resolve(["1.2.3.4"]), { book });
  discovery.start(0);
  await settled();
  const known = book.get(recordOf("1.2.3.4"))!;
  const { time } = known;
  assertEquals(known.services, 9n);
  const agreement = { version: { services: 1n } };
  const dialled = { host: "1.2.3.4", port: 8333 };
  discovery.disconnected({ direction: "outbound", kind: "full", dialled, agreement } as Peer);
  assertEquals([known.services, known.time], [1n, time]);
});

test("book keeper: a table that cannot be read costs the addresses, and is not written to", { timeout: 60_000 }, () => {
  const env = new ClockEnv();
  const store = createMemoryStore();
  let writes = 0;
  const damaged: Store = {
    ...store,
    addresses: () => {
      throw new LocalError("store-corrupt", "Cannot read: the file is damaged");
    },
    putAddress: () => void writes++,
  };
  const keeper = new BookKeeper({ env, store: damaged, allowsLocal: false, onFailure: assertNoFailure });
  keeper.load();
  keeper.book.add(recordOf("1.2.3.4"), spread(1), NOW);
  keeper.tick(1e6);
  keeper.close();
  assertEquals([keeper.book.size, writes], [1, 0]);
  assertEquals(env.lines, ["the stored addresses cannot be read: the node goes on without them"]);
});

test("book keeper: the secret is made once, and a failing store is reported once", { timeout: 60_000 }, () => {
  const env = new ClockEnv();
  const store = createMemoryStore();
  const failures: Error[] = [];
  const make = (one: Store) =>
    new BookKeeper({ env, store: one, allowsLocal: false, onFailure: (e) => failures.push(e) });
  make(store);
  const secret = store.setting("addresses.key");
  make(store);
  assertEquals([secret?.length, store.setting("addresses.key")], [32, secret]);
  const full = make({
    ...store,
    putAddress: () => {
      throw new LocalError("store-full", "Cannot write: the disk is full");
    },
  });
  full.book.add(recordOf("1.2.3.4"), spread(1), NOW);
  full.tick(1e6);
  full.book.add(recordOf("2.2.3.4"), spread(1), NOW);
  full.tick(2e6);
  full.close();
  assertEquals(failures.map(({ message }) => message), ["Cannot write: the disk is full"]);
});

function assertNoFailure(error: Error): void {
  throw error;
}
