import { MAX_CAPTURE_BLOCK_BYTES } from "../protocol/capture_params.ts";
import type { ByteSource } from "./byte_source.ts";
import { badFile, type Packet } from "./packets.ts";
import { MS_PER_SECOND } from "../util/units.ts";

// The older format (draft-ietf-opsawg-pcap), which tcpdump still writes by default.

const MAGIC_BYTES = 4;
const FILE_HEAD_BYTES = 24;
const LINK_TYPE_AT = 20;
/** The upper bits say how long a checksum of the link is. */
const LINK_TYPE_MASK = 0x0fff_ffff;
const PACKET_HEAD_BYTES = 16;
const CAPTURED_AT = 8;
const WIRE_AT = 12;
/** The file's first number tells the unit of the second half of its times. */
const UNITS_PER_MS: ReadonlyMap<number, number> = new Map([[0xa1b2_c3d4, 1_000], [0xa1b2_3c4d, 1_000_000]]);

/** Whether a file that begins like this is one of these. */
export function isPcap(start: Uint8Array): boolean {
  return start.length >= MAGIC_BYTES && findForm(viewOf(start)) !== undefined;
}

/** Yields the packets of a pcap file in their order. Throws LocalError bad-file where it is damaged or cut. */
export function* readPcap(source: ByteSource): Generator<Packet> {
  const there = source.prepare(FILE_HEAD_BYTES);
  if (there < FILE_HEAD_BYTES) throw badFile(source, 0, `the file ends after ${there} bytes of its head`);
  const head = viewOf(source.view(FILE_HEAD_BYTES));
  const { isLittleEndian, unitsPerMs } = findForm(head)!;
  const linkType = head.getUint32(LINK_TYPE_AT, isLittleEndian) & LINK_TYPE_MASK;
  source.skip(FILE_HEAD_BYTES);
  for (let number = 1;; number++) {
    const { offset } = source;
    const found = source.prepare(PACKET_HEAD_BYTES);
    if (found === 0) return;
    if (found < PACKET_HEAD_BYTES) {
      throw badFile(source, offset, `the file ends after ${found} bytes of a packet's head`);
    }
    const fields = viewOf(source.view(PACKET_HEAD_BYTES));
    const seconds = fields.getUint32(0, isLittleEndian);
    const fraction = fields.getUint32(MAGIC_BYTES, isLittleEndian);
    const capturedBytes = fields.getUint32(CAPTURED_AT, isLittleEndian);
    const wireBytes = fields.getUint32(WIRE_AT, isLittleEndian);
    if (capturedBytes > MAX_CAPTURE_BLOCK_BYTES) {
      throw badFile(source, offset, `a packet of ${capturedBytes} bytes, at most ${MAX_CAPTURE_BLOCK_BYTES} are read`);
    }
    source.skip(PACKET_HEAD_BYTES);
    const data = source.prepare(capturedBytes);
    if (data < capturedBytes) {
      throw badFile(source, offset, `the file ends after ${data} of the ${capturedBytes} bytes of a packet`);
    }
    const time = seconds * MS_PER_SECOND + fraction / unitsPerMs;
    const what = { direction: undefined, comment: undefined };
    yield { number, time, linkType, data: source.view(capturedBytes), wireBytes, ...what };
    source.skip(capturedBytes);
  }
}

function findForm(head: DataView): { readonly isLittleEndian: boolean; readonly unitsPerMs: number } | undefined {
  for (const isLittleEndian of [true, false]) {
    const unitsPerMs = UNITS_PER_MS.get(head.getUint32(0, isLittleEndian));
    if (unitsPerMs !== undefined) return { isLittleEndian, unitsPerMs };
  }
  return undefined;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
}
