import { createHasher } from "../../platform/hasher.ts";
import type { Context } from "../context.ts";
import { EXIT } from "../exit.ts";
import { checkMessageSize } from "./bench_peers.ts";
import { compete, enter, ROUNDS, windowOf } from "./contest.ts";
import { withCrew } from "./crew.ts";
import { AS_SHIPPED, type FlowSpec } from "./flow.ts";
import type { BenchOptions } from "./options.ts";
import { type ComparedPair, comparePairs } from "./pairs.ts";
import { type Heading, reportFlows } from "./report.ts";

const DEFAULT_SIZE_BYTES = 256;
/** 256 KiB: what a program that has much to say hands over at a time. */
const BURST_BYTES = 262_144;

/** One process sends to another over one connection, as fast as it takes it. */
export function benchThroughput(context: Context, options: BenchOptions): Promise<number> {
  const { wire = "native", size: sizeBytes = DEFAULT_SIZE_BYTES } = options;
  checkMessageSize(sizeBytes, wire, createHasher());
  const burst = Math.max(1, Math.floor(BURST_BYTES / sizeBytes));
  const spec: FlowSpec = { wire, connections: 1, sizeBytes, burst, encoded: "each", ...AS_SHIPPED };
  if (options.compare) return comparePairs(context, options, headingOf(spec), spec, PAIRS);
  return withCrew(context, options, async (crew) => {
    const candidates = [
      await enter(crew, "bare", "bare socket", spec),
      await enter(crew, "peers", `Peer.send, ${wire} wire`, spec),
      await enter(crew, "node", `node.send, ${wire} wire`, spec),
    ];
    const results = await compete(crew, candidates, spec, windowOf(options));
    reportFlows(context, options, headingOf(spec), results);
    return EXIT.done;
  });
}

const PAIRS: readonly ComparedPair[] = [
  {
    what: "Messages with a structure (10 addresses): CBOR or JSON",
    sides: [
      { name: "CBOR", changes: { content: "addresses" } },
      { name: "JSON", changes: { content: "addresses", spelling: "json" } },
    ],
  },
  {
    what: "The frames of a turn joined, or one write a message",
    sides: [{ name: "joined", changes: {} }, { name: "one by one", changes: { writes: "single" } }],
  },
  {
    what: "Log off, or debug",
    sides: [{ name: "off", changes: {} }, { name: "debug", changes: { log: "debug" } }],
  },
];

function headingOf({ wire, sizeBytes }: FlowSpec): Heading {
  return {
    bench: "throughput",
    what: `Messages of an application, ${sizeBytes} bytes on the wire each with their header, from one process to ` +
      `another over one connection; counted at the receiver; median of ${ROUNDS} interleaved rounds`,
    settings: { wire, size: sizeBytes, rounds: ROUNDS },
  };
}
