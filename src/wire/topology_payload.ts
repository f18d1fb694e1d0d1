import type { MessageOf, TopologyLink, TopologyRecord } from "../protocol/messages.ts";
import {
  MAX_CAPABILITIES,
  MAX_CAPABILITY_BYTES,
  MAX_REGION_BYTES,
  MAX_TOPOLOGY_LINKS,
  MAX_TOPOLOGY_RECORDS,
} from "../protocol/wire_limits.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import type { PayloadCodec } from "./bitcoin_payload.ts";
import { boolean, list, record, text, uint16, uint32, uint64, uint8 } from "./native_fields.ts";

const topologyRecord = record<TopologyRecord>({
  id: uint64,
  ageSeconds: uint16,
  region: text(MAX_REGION_BYTES),
  capabilities: list(text(MAX_CAPABILITY_BYTES), MAX_CAPABILITIES),
  load: uint8,
  draining: boolean,
  links: list(record<TopologyLink>({ id: uint64, rttMs: uint32 }), MAX_TOPOLOGY_LINKS),
});

/** Fields of a topology message: both wires spell them the same. */
export const TOPOLOGY_FIELDS = { sender: uint64, records: list(topologyRecord, MAX_TOPOLOGY_RECORDS) };

/** The whole body: one CBOR item. */
export const TOPOLOGY_WHOLE = record<Omit<MessageOf<"topology">, "type">>(TOPOLOGY_FIELDS);

/** On the Bitcoin wire: the body of the native wire. */
export const topology: PayloadCodec<MessageOf<"topology">> = {
  maxBytes: TOPOLOGY_WHOLE.maxBytes,
  sizeOf: (message) => encodeCbor(TOPOLOGY_WHOLE.toCbor(message, "topology")).length,
  write: (writer, message) => void writer.raw(encodeCbor(TOPOLOGY_WHOLE.toCbor(message, "topology"))),
  read({ reader }) {
    const { bytes, offset, remaining } = reader;
    const item = decodeCbor(bytes, offset, offset + remaining, TOPOLOGY_WHOLE.maxItems);
    reader.skip(remaining, "body");
    return { type: "topology", ...TOPOLOGY_WHOLE.fromCbor(item, "topology") };
  },
};
