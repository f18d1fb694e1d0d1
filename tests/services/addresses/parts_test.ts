import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { formatPeerAddress } from "../../../src/net/peer_address.ts";
import { ADDRESS_BURST, ADDRESS_START } from "../../../src/protocol/address_params.ts";
import type { Endpoint } from "../../../src/platform/types.ts";
import { ownAddressFor } from "../../../src/services/addresses/own_address.ts";
import { Answers } from "../../../src/services/addresses/answers.ts";
import { RelayChoice } from "../../../src/services/addresses/relay_choice.ts";
import { TokenBucket } from "../../../src/services/addresses/token_bucket.ts";
import { at, NOW, recordOf, spread, testBook } from "../../support/address_books.ts";

const port = 8333;
const ephemeral = 50_000;

const VIEWS: readonly (readonly [
  name: string,
  remote: Endpoint,
  local: string,
  seen: string | undefined,
  listening: readonly string[],
  own: string | undefined,
])[] = [
  ["we do not listen", { host: "8.0.0.1", port }, "9.0.0.1", "9.0.0.1", [], undefined],
  ["an address that we listen on", { host: "8.0.0.1", port }, "9.0.0.1", "7.0.0.1", ["9.0.0.2"], "9.0.0.2:8333"],
  ["our end of the connection", { host: "8.0.0.1", port }, "9.0.0.1", "7.0.0.1", ["0.0.0.0"], "9.0.0.1:8333"],
  ["behind a translator, what the remote sees", { host: "8.0.0.1", port }, "192.168.0.2", "7.0.0.1", [
    "0.0.0.0",
  ], "7.0.0.1:8333"],
  [
    "nothing that means anything there",
    { host: "8.0.0.1", port },
    "192.168.0.2",
    "192.168.0.2",
    ["0.0.0.0"],
    undefined,
  ],
  ["a neighbour", { host: "192.168.0.9", port }, "192.168.0.2", undefined, ["0.0.0.0"], "192.168.0.2:8333"],
  ["this machine", { host: "127.0.0.1", port }, "127.0.0.1", undefined, ["127.0.0.1"], "127.0.0.1:8333"],
  [
    "a loopback listener is nothing to others",
    { host: "8.0.0.1", port },
    "9.0.0.1",
    undefined,
    ["127.0.0.1"],
    undefined,
  ],
  ["the listener of the other family", { host: "8.0.0.1", port }, "2a00::1", undefined, ["0.0.0.0"], undefined],
  ["a listener of IPv6 is none of IPv4", { host: "8.0.0.1", port }, "9.0.0.1", "9.0.0.1", ["::"], undefined],
  ["a name", { host: "a", port }, "9.0.0.1", undefined, ["9.0.0.1"], undefined],
  ["a unix socket", { path: "/tmp/x" }, "9.0.0.1", undefined, ["9.0.0.1"], undefined],
];

test("own address: what a remote can dial", () => {
  for (const [name, remote, local, seen, listening, own] of VIEWS) {
    const view = { remote, local: { host: local, port: ephemeral }, seen: seen === undefined ? undefined : at(seen) };
    const found = ownAddressFor(view, listening.map((host) => ({ host, port })));
    assertEquals(found && formatPeerAddress(found), own, name);
  }
});

test("token bucket: a start, a tenth a second, never more than the burst", () => {
  const bucket = new TokenBucket(0);
  assertEquals([bucket.take(1000, 0), bucket.take(1000, 0)], [ADDRESS_START, 0]);
  assertEquals([bucket.take(1000, 9_999), bucket.take(1000, 10_001)], [0, 1]);
  assertEquals(bucket.take(10_000, 1e12), ADDRESS_BURST);
});

test("token bucket: what was asked for comes on top, and time adds nothing above the burst", () => {
  const bucket = new TokenBucket(0);
  bucket.grant(1000);
  assertEquals(bucket.take(5000, 1e9), ADDRESS_START + 1000);
});

test("relay choice: the same two for a day, others after it, one where we cannot dial ourselves", () => {
  const choice = new RelayChoice({ randomBytes: (size) => new Uint8Array(size).fill(3) });
  const peers = Array.from({ length: 50 }, (_, id) => ({ id }));
  const day = 86_400;
  const at = (seconds: number, key = "key", isDialable = true) =>
    choice.choose(key, peers, isDialable, seconds).map(({ id }) => id);
  const [first, ...later] = [0, 1, 2, 3].map((n) => at(day * n));
  assertEquals(first!.length, 2);
  assertEquals(at(0, "key", false), first!.slice(0, 1));
  assertEquals(later.some((ids) => ids.join() !== first!.join()), true);
  const changes = Array.from({ length: 96 }, (_, n) => at(n * 900).join()).filter((ids, n, all) =>
    n > 0 && ids !== all[n - 1]
  );
  assertEquals(changes.length, 1);
  const chosen = new Set(Array.from({ length: 200 }, (_, n) => at(0, `key ${n}`)).flat());
  assertEquals(chosen.size > 45, true);
});

test("answers: a seed names first who answers probes and has what a node needs that begins", () => {
  const book = testBook();
  const records = [9n, 0n, 1n, 8n].map((services, i) => recordOf(`2${i}.0.0.1`, { services, time: NOW }));
  for (const record of records) {
    book.add(record, spread(1), NOW);
    for (let probe = 0; probe < 8; probe++) book.probed(record, true, NOW + probe * 3600);
  }
  const options = { book, random: () => 0.999, cacheMs: 0, shuns: () => false };
  const first = (prefersReliable: boolean) =>
    new Answers({ ...options, prefersReliable }).give("global", "", 0, NOW)[0];
  assertEquals(first(false)?.services, 8n);
  assertEquals(first(true)?.services, 9n);
});
