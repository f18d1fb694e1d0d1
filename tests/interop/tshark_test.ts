import { assert, assertEquals } from "@std/assert";
import { parseBlock } from "../../src/chain/block.ts";
import { hexToBytes } from "../../src/util/hex.ts";
import { compiled } from "../support/binary.ts";
import { run } from "../support/program.ts";
import { type Site, siteTest } from "../support/site.ts";
import { testChain } from "../support/test_chain.ts";
import { NEEDS_TSHARK, readFields } from "../support/tshark.ts";

/** The parts of a line of `p2p inspect FILE --json` that are compared. */
interface Seen {
  readonly type: string;
  readonly sizeBytes: number;
  readonly from: string;
  readonly to: string;
  readonly problem: string | null;
  // deno-lint-ignore no-explicit-any
  readonly message: any;
}

const HEADER_BYTES = 24;

siteTest("tshark: sees in the capture of a whole sync what we see in it", async (site) => {
  const path = await captureSync(site, "regtest");
  const seen = await inspect(path);
  const packets = await readFields(path, [
    "bitcoin.command",
    "bitcoin.length",
    "exported_pdu.src_port",
    "exported_pdu.dst_port",
    "exported_pdu.ipv4_src",
  ]);
  assertEquals(
    packets.map((packet) => [packet["bitcoin.command"]![0], Number(packet["bitcoin.length"]![0])]),
    seen.map(({ type, sizeBytes }) => [type, sizeBytes - HEADER_BYTES]),
  );
  assertEquals(
    packets.map((packet) => [
      `${packet["exported_pdu.ipv4_src"]![0]}:${packet["exported_pdu.src_port"]![0]}`,
      Number(packet["exported_pdu.dst_port"]![0]),
    ]),
    seen.map(({ from, to }) => [from, Number(to.split(":").at(-1))]),
  );
  await assertVersions(path, seen);
  await assertHeaders(path, seen);
  await assertBlocks(path, seen);
  // Its dissector does not know witnesses (BIP144), and takes their marker for a transaction without inputs.
  const malformed = await readFields(path, ["frame.number"], "_ws.malformed");
  const numbers = malformed.map((packet) => Number(packet["frame.number"]![0]));
  assertEquals(numbers.map((number) => seen[number - 1]!).filter((each) => !hasWitness(each)), []);
}, NEEDS_TSHARK);

siteTest("tshark: takes apart what is CBOR on our wire, and calls nothing malformed", async (site) => {
  const path = await captureSync(site, "p2p");
  const seen = await inspect(path);
  assert(seen.some(({ type }) => type === "headers") && seen.some(({ type }) => type === "block"));
  const packets = await readFields(path, ["_ws.col.Protocol", "frame.protocols", "frame.comment"]);
  assertEquals(packets.map((packet) => packet["_ws.col.Protocol"]![0]), seen.map(({ type }) => `p2p ${type}`));
  assertEquals(
    packets.filter((packet) => packet["frame.protocols"]![0]!.includes("cbor")).length,
    seen.filter(({ type }) =>
      !/^(verack|wtxidrelay|sendaddrv2|sendheaders|ping|pong|block|getaddr|mempool)$/.test(type)
    ).length,
  );
  assertEquals(await readFields(path, ["frame.number"], "_ws.malformed"), []);
}, NEEDS_TSHARK);

/** A node syncs the test chain (or what another one mined) from its peer; the file of what both said. */
async function captureSync(site: Site, network: "regtest" | "p2p"): Promise<string> {
  const path = `${site.directory()}/sync.pcapng`;
  const source = network === "regtest"
    ? await site.node({ args: ["--import", site.file("main.blk", testChain().mainFile)] })
    : await site.node({ network, args: ["--mine", "0.1"] });
  const wanted = network === "regtest" ? testChain().main.length - 1 : 5;
  await source.chainUntil(`${wanted} blocks`, ({ height }) => height >= wanted);
  const node = await site.node({ network, args: ["--connect", source.endpoint, "--capture", path] });
  await node.chainUntil(`height ${wanted}`, ({ height }) => height >= wanted);
  await node.stop();
  return path;
}

async function inspect(path: string): Promise<readonly Seen[]> {
  const { code, stdout, stderr } = await run(compiled(), ["inspect", path, "--json"]);
  assertEquals(code, 0, stderr);
  const lines = stdout.trim().split("\n").map((line) => JSON.parse(line));
  const seen = lines.slice(0, -1) as Seen[];
  assertEquals(seen.filter(({ problem }) => problem !== null), []);
  return seen;
}

async function assertVersions(path: string, seen: readonly Seen[]): Promise<void> {
  const fields = ["bitcoin.version.version", "bitcoin.version.start_height", "bitcoin.string.value"];
  const versions = await readFields(path, fields, "bitcoin.version");
  assertEquals(
    versions.map((packet) => [
      Number(packet[fields[0]!]![0]),
      Number(packet[fields[1]!]![0]),
      packet[fields[2]!]![0],
    ]),
    seen.filter(({ type }) => type === "version")
      .map(({ message }) => [message.protocolVersion, message.startHeight, message.userAgent]),
  );
  assertEquals(versions.length, 2);
}

async function assertHeaders(path: string, seen: readonly Seen[]): Promise<void> {
  const fields = ["bitcoin.headers.prev_block", "bitcoin.headers.merkle_root", "bitcoin.headers.nonce"];
  const packets = await readFields(path, fields, "bitcoin.headers.prev_block");
  const messages = seen.filter(({ type, message }) => type === "headers" && message.headers.length > 0);
  assertEquals(packets.length, messages.length);
  packets.forEach((packet, i) => {
    const { headers } = messages[i]!.message as { headers: { previous: string; merkleRoot: string; nonce: number }[] };
    assertEquals(packet[fields[0]!]!.map(reverseHex), headers.map(({ previous }) => previous));
    assertEquals(packet[fields[1]!]!.map(reverseHex), headers.map(({ merkleRoot }) => merkleRoot));
    assertEquals(packet[fields[2]!]!.map(Number), headers.map(({ nonce }) => nonce));
  });
}

async function assertBlocks(path: string, seen: readonly Seen[]): Promise<void> {
  const packets = await readFields(path, ["bitcoin.block.prev_block"], "bitcoin.block");
  const blocks = seen.filter(({ type }) => type === "block").map(({ message }) => message.block as string);
  // Behind the version of four bytes stand the 32 of the parent's hash.
  assertEquals(packets.map((packet) => packet["bitcoin.block.prev_block"]![0]), blocks.map((hex) => hex.slice(8, 72)));
  assert(blocks.length > 0);
}

function hasWitness({ type, message }: Seen): boolean {
  return type === "block" && parseBlock(hexToBytes(message.block)).transactions.some((each) => each.hasWitness);
}

/** Hashes are shown to people from their last byte on. */
function reverseHex(hex: string): string {
  return hex.match(/../g)!.reverse().join("");
}
