import { createEventsSide } from "./events_side.ts";
import { createBareReceiver, createBareSender } from "./bare_sides.ts";
import { createFloodedNode, createFlooder, createVisitor } from "./flood_sides.ts";
import { createNodeAsker, createNodeEcho, createNodeReceiver, createNodeSender } from "./node_sides.ts";
import { createPeersReceiver, createPeersSender } from "./peers_sides.ts";
import { createRelayNodes } from "./relay_sides.ts";
import { createBareAsker, createBareEcho, createPeersAsker, createPeersEcho } from "./round_trip_sides.ts";
import { createReplayer, createShardedNode } from "./shards_sides.ts";
import type { SideFactory } from "./side.ts";
import { createCallers, createStressedNode } from "./stress_sides.ts";
import {
  createBareGate,
  createBareVisitors,
  createNodeGate,
  createPeersGate,
  createPeersVisitors,
} from "./visit_sides.ts";

/** Everything that a process of a bench can be. */
export const SIDES = {
  "bare-sender": createBareSender,
  "bare-receiver": createBareReceiver,
  "peers-sender": createPeersSender,
  "peers-receiver": createPeersReceiver,
  "node-sender": createNodeSender,
  "node-receiver": createNodeReceiver,
  "bare-echo": createBareEcho,
  "bare-asker": createBareAsker,
  "peers-echo": createPeersEcho,
  "peers-asker": createPeersAsker,
  "node-echo": createNodeEcho,
  "node-asker": createNodeAsker,
  "flooded-node": createFloodedNode,
  "flooder": createFlooder,
  "visitor": createVisitor,
  "relay-nodes": createRelayNodes,
  "bare-gate": createBareGate,
  "peers-gate": createPeersGate,
  "node-gate": createNodeGate,
  "bare-visitors": createBareVisitors,
  "peers-visitors": createPeersVisitors,
  "events": createEventsSide,
  "sharded-node": createShardedNode,
  "replayer": createReplayer,
  "stressed-node": createStressedNode,
  "callers": createCallers,
} as const satisfies Readonly<Record<string, SideFactory>>;
