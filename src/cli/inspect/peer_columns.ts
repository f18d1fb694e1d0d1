import type { PeerSnapshot } from "../../protocol/peer_snapshots.ts";
import type { DataColumn, Told } from "./columns.ts";
import { MS_PER_SECOND } from "../../util/units.ts";

/** Half a screen's width less whatever else a row needs. */
const AGENT_WIDTH = 24;
const ADDRESS_WIDTH = 27;

/** What a table of peers can show. Ranks: who it is and how it does stay longest. */
export const PEER_COLUMNS: readonly DataColumn<Told<PeerSnapshot>>[] = [
  { name: "id", help: "names the peer to inspect peer and disconnect", unit: "count", rank: 0, value: ({ id }) => id },
  { name: "address", help: "where it is", rank: 1, maxWidth: ADDRESS_WIDTH, value: ({ address }) => address },
  { name: "direction", help: "inbound: it dialled us", rank: 18, value: ({ direction }) => direction },
  { name: "kind", help: "inbound, manual, full, block-only or feeler", rank: 6, value: ({ kind }) => kind },
  { name: "state", help: "handshaking or ready", value: ({ state }) => state },
  { name: "wire", help: "native or bitcoin", value: ({ wire }) => wire },
  { name: "transport", help: "tcp or unix", value: ({ transport }) => transport },
  {
    name: "shard",
    help: "the worker that its socket is in",
    unit: "count",
    rank: 22,
    mayBeEmpty: true,
    value: ({ shard }) => shard,
  },
  { name: "version", help: "its protocol version", unit: "count", value: ({ version }) => version },
  {
    name: "agent",
    help: "what software it says it is",
    rank: 9,
    maxWidth: AGENT_WIDTH,
    value: ({ userAgent }) => userAgent,
  },
  { name: "services", help: "what it serves", value: ({ services }) => services?.join(",") },
  {
    name: "height",
    help: "its best block, as its headers show",
    unit: "count",
    rank: 5,
    value: ({ provenHeight, height }) => provenHeight ?? height,
  },
  {
    name: "claims",
    help: "the height that it said it has",
    unit: "count",
    rank: 12,
    value: ({ claimedHeight }) => claimedHeight,
  },
  { name: "ping", help: "last round trip", unit: "ms", rank: 2, value: ({ pingMs }) => pingMs?.last },
  { name: "minping", help: "shortest round trip", unit: "ms", rank: 11, value: ({ pingMs }) => pingMs?.min },
  { name: "medping", help: "median round trip of late", unit: "ms", value: ({ pingMs }) => pingMs?.median },
  { name: "p95ping", help: "95th percentile of round trips of late", unit: "ms", value: ({ pingMs }) => pingMs?.p95 },
  { name: "meanping", help: "mean round trip", unit: "ms", value: ({ pingMs }) => pingMs?.mean },
  { name: "send", help: "since we last sent it something", unit: "seconds", rank: 17, value: last("sent") },
  { name: "recv", help: "since it last sent something", unit: "seconds", rank: 13, value: last("received") },
  { name: "block", help: "since it last gave us a new block", unit: "seconds", rank: 15, value: last("block") },
  {
    name: "tx",
    help: "since it last gave us a new transaction",
    unit: "seconds",
    rank: 16,
    value: last("transaction"),
  },
  {
    name: "msg-in",
    help: "messages from it, of late",
    unit: "rate",
    rank: 4,
    value: ({ rates }) => rates?.messagesIn,
  },
  { name: "msg-out", help: "messages to it, of late", unit: "rate", value: ({ rates }) => rates?.messagesOut },
  {
    name: "rate-in",
    help: "bytes from it, of late",
    unit: "bytes-rate",
    rank: 7,
    value: ({ rates }) => rates?.bytesIn,
  },
  {
    name: "rate-out",
    help: "bytes to it, of late",
    unit: "bytes-rate",
    rank: 8,
    value: ({ rates }) => rates?.bytesOut,
  },
  { name: "in", help: "bytes from it, in all", unit: "bytes", rank: 19, value: ({ bytes }) => bytes?.in },
  { name: "out", help: "bytes to it, in all", unit: "bytes", rank: 20, value: ({ bytes }) => bytes?.out },
  {
    name: "mailbox",
    help: "bytes from it that wait to be handled",
    unit: "bytes",
    rank: 14,
    value: ({ mailbox }) => mailbox?.bytes,
  },
  {
    name: "outbox",
    help: "bytes that wait for it to read",
    unit: "bytes",
    rank: 3,
    value: ({ outbox }) => outbox?.bytes,
  },
  { name: "held", help: "bytes, about, that are held for it", unit: "bytes", value: ({ heldBytes }) => heldBytes },
  { name: "cpu", help: "share of a core for its messages, since it is connected", unit: "share", value: cpuShare },
  {
    name: "dropped",
    help: "frames that were dropped because it reads too slowly",
    unit: "count",
    value: ({ outbox }) => outbox?.dropped,
  },
  {
    name: "score",
    help: "what its address did wrong: at 100 it is left alone for a day",
    unit: "count",
    rank: 10,
    value: ({ score }) => score,
  },
  { name: "permissions", help: "what it may do beyond others", value: ({ permissions }) => permissions?.join("+") },
  {
    name: "up",
    help: "since it is connected",
    unit: "seconds",
    rank: 21,
    value: ({ connectedSeconds }) => connectedSeconds,
  },
];

function last(what: keyof PeerSnapshot["lastSeconds"]): (peer: Told<PeerSnapshot>) => number | null | undefined {
  return ({ lastSeconds }) => lastSeconds?.[what];
}

function cpuShare({ cpuMs, connectedSeconds }: Told<PeerSnapshot>): number | undefined {
  return cpuMs === undefined || !connectedSeconds ? undefined : cpuMs / (connectedSeconds * MS_PER_SECOND);
}
