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
const DEFAULT_PEERS = 100;
/** 16 KiB for each connection in one turn: enough for a write that pays, and 100 connections have their turn in 5 ms. */
const BURST_BYTES = 16_384;

/** One process tells the same to many connections, which another process holds. */
export function benchFanout(context: Context, options: BenchOptions): Promise<number> {
  const { wire = "native", size: sizeBytes = DEFAULT_SIZE_BYTES, peers: connections = DEFAULT_PEERS } = options;
  checkMessageSize(sizeBytes, wire, createHasher());
  const burst = Math.max(1, Math.floor(BURST_BYTES / sizeBytes));
  const spec: FlowSpec = { wire, connections, sizeBytes, burst, encoded: "once", ...AS_SHIPPED };
  if (options.compare) return comparePairs(context, options, headingOf(spec), spec, PAIRS);
  return withCrew(context, options, async (crew) => {
    const candidates = [
      await enter(crew, "bare", "bare sockets", spec),
      await enter(crew, "peers", `Peers.broadcast, ${wire} wire`, spec),
      await enter(crew, "topic", `topic.publish, ${wire} wire`, { ...spec, content: "topic" }),
    ];
    const results = await compete(crew, candidates, spec, windowOf(options));
    reportFlows(context, options, headingOf(spec), results);
    return EXIT.done;
  });
}

const PAIRS: readonly ComparedPair[] = [
  {
    what: "A broadcast encoded once, or for each peer, on the native wire",
    sides: [
      { name: "once", changes: { wire: "native" } },
      { name: "for each", changes: { wire: "native", encoded: "each" } },
    ],
  },
  {
    what: "A broadcast encoded once, or for each peer, on the Bitcoin wire, which has checksums",
    sides: [
      { name: "once", changes: { wire: "bitcoin" } },
      { name: "for each", changes: { wire: "bitcoin", encoded: "each" } },
    ],
  },
  {
    what: "A frame shared by all peers, or copied for each",
    sides: [{ name: "shared", changes: {} }, { name: "copied", changes: { encoded: "copied" } }],
  },
];

function headingOf({ wire, sizeBytes, connections }: FlowSpec): Heading {
  return {
    bench: "fanout",
    what: `Messages of ${sizeBytes} bytes on the wire, their header included, from one process to ${connections} ` +
      `connections of another; deliveries counted at the receivers; median of ${ROUNDS} interleaved rounds`,
    settings: { wire, size: sizeBytes, peers: connections, rounds: ROUNDS },
  };
}
