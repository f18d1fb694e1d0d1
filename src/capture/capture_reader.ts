import { MAX_CAPTURE_FLOWS, MAX_CAPTURE_WAITING_BYTES } from "../protocol/capture_params.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import { concatBytes, MalformedBytes } from "../util/bytes.ts";
import { formatHostPort, type HostPort } from "../util/endpoint.ts";
import { bytesToHex, hexToBytes } from "../util/hex.ts";
import { FrameStream } from "./frame_stream.ts";
import { networkOf } from "./magic.ts";
import type { Packet } from "./packets.ts";
import { TcpFlow } from "./tcp_flow.ts";
import { isReadableLink, readSegment, type Segment } from "./tcp_packet.ts";
import { decodeUpperPdu, LINKTYPE_UPPER_PDU, type UpperPdu, upperPduDataAt } from "./upper_pdu.ts";

/** A frame as a capture has it, or what stands in its place. */
export interface CapturedFrame {
  /** The packet in which it ends. */
  readonly packet: number;
  /** Milliseconds since the Unix epoch. */
  readonly time: number | undefined;
  readonly direction: "in" | "out" | undefined;
  readonly source: HostPort | undefined;
  readonly target: HostPort | undefined;
  readonly network: NetworkParams | undefined;
  /** Borrowed until the next one is asked for; empty where there is none. */
  readonly frame: Uint8Array;
  readonly problem: string | undefined;
}

/** What of a capture is no frame of ours, for people to know why they see less than they thought. */
export interface PassedOver {
  /** Packets of link types that are not read here, by link type. */
  readonly links: ReadonlyMap<number, number>;
  /** Packets without a TCP segment that can be read. */
  readonly others: number;
}

interface Flow {
  readonly tcp: TcpFlow;
  readonly stream: FrameStream;
}

const NO_BYTES = new Uint8Array(0);
/** As the recorder's comments say it. */
const HEADER_IN_COMMENT = /; frame header ([0-9a-f]{16})$/;

/** Finds the frames in packets: those that were captured as frames, and those within TCP connections. */
export class CaptureReader {
  readonly #networks: readonly NetworkParams[];
  /** One a direction, the one that was silent longest first. */
  readonly #flows = new Map<string, Flow>();
  readonly #heads = new Map<string, UpperPdu>();
  readonly #links = new Map<number, number>();
  #others = 0;
  #waitingBytes = 0;
  #found: CapturedFrame[] = [];
  #packet: Packet | undefined;

  constructor(networks: readonly NetworkParams[]) {
    this.#networks = networks;
  }

  get passedOver(): PassedOver {
    return { links: this.#links, others: this.#others };
  }

  /** The frames that end in this packet; they are borrowed, as the packet is. */
  take(packet: Packet): readonly CapturedFrame[] {
    this.#found = [];
    this.#packet = packet;
    if (packet.linkType === LINKTYPE_UPPER_PDU) this.#takePdu(packet);
    else if (isReadableLink(packet.linkType)) this.#takeSegment(packet);
    else this.#links.set(packet.linkType, (this.#links.get(packet.linkType) ?? 0) + 1);
    return this.#found;
  }

  /** No packet follows: what waits for one that is missing goes on without it. */
  end(): readonly CapturedFrame[] {
    this.#found = [];
    for (const key of [...this.#flows.keys()]) this.#close(key);
    return this.#found;
  }

  #takePdu(packet: Packet): void {
    const { number, time, direction, comment, data } = packet;
    const where = { packet: number, time, direction };
    let dataAt: number;
    try {
      dataAt = upperPduDataAt(data);
    } catch (error) {
      if (!(error instanceof MalformedBytes)) throw error;
      const nobody = { source: undefined, target: undefined, network: undefined, frame: NO_BYTES };
      this.#found.push({ ...where, ...nobody, problem: `a packet whose ${error.message}` });
      return;
    }
    const { source, target } = this.#headOf(data.subarray(0, dataAt));
    const body = data.subarray(dataAt);
    const header = HEADER_IN_COMMENT.exec(comment ?? "")?.[1];
    const frame = header === undefined ? body : concatBytes([hexToBytes(header), body]);
    const network = networkOf(frame, this.#networks);
    const problem = network ? undefined : comment ?? "a frame of no network that is known here";
    this.#found.push({ ...where, source, target, network, frame: network ? frame : NO_BYTES, problem });
  }

  /** Packets of one connection begin alike: each beginning is taken apart once. */
  #headOf(bytes: Uint8Array): UpperPdu {
    const key = bytesToHex(bytes);
    let head = this.#heads.get(key);
    if (!head) {
      if (this.#heads.size >= MAX_CAPTURE_FLOWS) this.#heads.clear();
      head = decodeUpperPdu(bytes);
      this.#heads.set(key, head);
    }
    return head;
  }

  #takeSegment(packet: Packet): void {
    const segment = readSegment(packet.linkType, packet.data);
    if (!segment) {
      this.#others++;
      return;
    }
    const key = `${formatHostPort(segment.source)} ${formatHostPort(segment.target)}`;
    if (segment.isFirst) this.#close(key);
    const flow = this.#flows.get(key) ?? this.#open(segment);
    this.#flows.delete(key);
    this.#flows.set(key, flow);
    this.#feed(flow, segment);
    if (segment.isLast && flow.tcp.waitingBytes === 0) this.#close(key);
    while (this.#flows.size > MAX_CAPTURE_FLOWS || this.#waitingBytes > MAX_CAPTURE_WAITING_BYTES) {
      this.#close(this.#flows.keys().next().value!);
    }
  }

  #feed({ tcp, stream }: Flow, segment: Segment): void {
    if (stream.isForeign) return;
    this.#waitingBytes -= tcp.waitingBytes;
    tcp.take(segment);
    this.#waitingBytes += tcp.waitingBytes;
  }

  #open({ source, target }: Segment): Flow {
    const stream = new FrameStream(this.#networks, ({ network, frame, problem }) => {
      const { number, time, direction } = this.#packet!;
      this.#found.push({ packet: number, time, direction, source, target, network, frame, problem });
    });
    return { tcp: new TcpFlow(stream), stream };
  }

  #close(key: string): void {
    const flow = this.#flows.get(key);
    if (!flow) return;
    this.#waitingBytes -= flow.tcp.waitingBytes;
    flow.tcp.giveUp();
    this.#flows.delete(key);
  }
}
