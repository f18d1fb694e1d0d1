import { assert } from "@std/assert";
import { CaptureReader } from "../../../src/capture/capture_reader.ts";
import type { Packet } from "../../../src/capture/packets.ts";
import { isPcap, readPcap } from "../../../src/capture/pcap_reader.ts";
import { encodeFileHead, encodePacket, encodeStatistics } from "../../../src/capture/pcapng.ts";
import { readPcapng } from "../../../src/capture/pcapng_reader.ts";
import { encodeUpperPduHead, LINKTYPE_UPPER_PDU } from "../../../src/capture/upper_pdu.ts";
import { LocalError } from "../../../src/protocol/errors.ts";
import { NETWORKS } from "../../../src/protocol/networks.ts";
import { concatBytes } from "../../../src/util/bytes.ts";
import { memorySource } from "../../support/memory_source.ts";
import { ethernetFrame, ipv4Packet, tcpSegment } from "../../support/tcp_packets.ts";
import { bitcoinFrames } from "../corpora.ts";
import type { FuzzTarget } from "../target.ts";

const [ETHERNET, RAW] = [1, 101];
const ETHERTYPE_IPV4 = 0x0800;
const FRAMES = 12;
const PCAP_HEAD_BYTES = 24;
const MAX_OUTCOME = 70;
const SNAP_BYTES = 65_535;

/** A file of captured packets, of either format, taken apart down to the frames in its connections. */
export const CAPTURE: FuzzTarget = {
  name: "capture",
  corpus() {
    const frames = bitcoinFrames().slice(0, FRAMES);
    const packets = [RAW, ETHERNET].map((link) => packetsOf(frames, link));
    return [pdus(frames), pcapng(packets[0]!, RAW), pcapng(packets[1]!, ETHERNET), pcap(packets[0]!, RAW)];
  },
  open: () => (input) => {
    const reader = new CaptureReader([...NETWORKS.values()]);
    let [packets, frames, bytes] = [0, 0, 0];
    try {
      for (const packet of read(input)) {
        packets++;
        for (const { frame } of reader.take(packet)) [frames, bytes] = [frames + 1, bytes + frame.length];
      }
      for (const { frame } of reader.end()) [frames, bytes] = [frames + 1, bytes + frame.length];
    } catch (error) {
      if (!(error instanceof LocalError) || error.code !== "bad-file") throw error;
      return error.message.replaceAll(/\d+/g, "0").slice(0, MAX_OUTCOME);
    }
    assert(packets <= input.length && bytes <= input.length, `${packets} packets, ${bytes} bytes of ${input.length}`);
    return `${Math.min(packets, FRAMES + 1)} packets, ${Math.min(frames, FRAMES + 1)} frames`;
  },
};

function read(input: Uint8Array): Iterable<Packet> {
  const source = memorySource(input);
  return isPcap(input) ? readPcap(source) : readPcapng(source);
}

function pdus(frames: readonly Uint8Array[]): Uint8Array {
  const head = encodeUpperPduHead(
    {
      dissector: "bitcoin",
      source: { host: "192.0.2.1", port: 8333 },
      target: { host: "192.0.2.2", port: 1 },
      protocol: "tcp",
    } as Parameters<typeof encodeUpperPduHead>[0],
  );
  return concatBytes([
    encodeFileHead("/p2p/", "main", LINKTYPE_UPPER_PDU),
    ...frames.map((data, i) => encodePacket({ wallClock: i, isInbound: i % 2 === 0, head, data, comment: "" })),
    encodeStatistics(0, frames.length, 0),
  ]);
}

function pcapng(packets: readonly Uint8Array[], link: number): Uint8Array {
  const none = new Uint8Array();
  return concatBytes([
    encodeFileHead("/other/", "eth0", link),
    ...packets.map((data, i) => encodePacket({ wallClock: i, isInbound: true, head: none, data, comment: "" })),
  ]);
}

function pcap(packets: readonly Uint8Array[], link: number): Uint8Array {
  const head = new Uint8Array(PCAP_HEAD_BYTES);
  const view = new DataView(head.buffer);
  [0xa1b2_c3d4, 0x0004_0002, 0, 0, SNAP_BYTES, link].forEach((value, i) => view.setUint32(4 * i, value, true));
  return concatBytes([
    head,
    ...packets.flatMap((data, i) => {
      const record = new Uint8Array(16);
      [i, 0, data.length, data.length].forEach((value, at) =>
        new DataView(record.buffer).setUint32(4 * at, value, true)
      );
      return [record, data];
    }),
  ]);
}

/** Frames one after the other in one connection. */
function packetsOf(frames: readonly Uint8Array[], link: number): Uint8Array[] {
  let sequence = 1;
  return frames.map((data) => {
    const packet = ipv4Packet(tcpSegment({ sequence, data }));
    sequence += data.length;
    return link === ETHERNET ? ethernetFrame(ETHERTYPE_IPV4, packet) : packet;
  });
}
