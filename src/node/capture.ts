import { encodeFileHead, encodeStatistics } from "../capture/pcapng.ts";
import { Recorder, type RecorderCounts } from "../capture/recorder.ts";
import { LINKTYPE_UPPER_PDU } from "../capture/upper_pdu.ts";
import { openRecordFile, type RecordFile } from "../platform/record_file.ts";
import { tapTransport } from "../platform/tapped_transport.ts";
import type { Transport } from "../platform/types.ts";
import { CAPTURE_QUEUE_BYTES } from "../protocol/capture_params.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import type { LocalError } from "../protocol/errors.ts";
import type { Env } from "../util/env.ts";

/** Where a capture goes, and how large it may grow. */
export interface CaptureOptions {
  /** Of the newest file; older ones have a number behind their names. */
  readonly path: string;
  readonly maxFileBytes: number;
  readonly maxFiles: number;
  /** Whose frames they are. */
  readonly network: NetworkParams;
  readonly env: Env;
  /** The program, for the file to name. */
  readonly application: string;
}

/** Takes what other threads overheard. */
export interface CaptureRecords {
  /** One record, as the file has it. The bytes are copied. */
  keep(record: Uint8Array): void;
  /** So many frames were left out, because they came too fast. */
  miss(frames: number): void;
}

/** Everything that goes over the connections of a transport, in a file that Wireshark opens. */
export interface Capture {
  /** The same transport, overheard. */
  tap(transport: Transport): Transport;
  /** For a node with workers, which overhear their own connections. */
  readonly records: CaptureRecords;
  /** Since it was opened. */
  readonly counts: RecorderCounts;
  /** Resolves with what ended the capture early, such as a full disk. Whoever is overheard goes on. */
  readonly failed: Promise<LocalError>;
  /** Writes what waits and closes the file. Idempotent. */
  close(): Promise<void>;
}

/** Rejects with LocalError where the file cannot be had. */
export async function openCapture(options: CaptureOptions): Promise<Capture> {
  const { path, maxFileBytes, maxFiles, network, env, application } = options;
  const file: RecordFile = await openRecordFile({
    path,
    head: encodeFileHead(application, network.name, LINKTYPE_UPPER_PDU),
    maxFileBytes,
    maxFiles,
    maxWaitingBytes: CAPTURE_QUEUE_BYTES,
  });
  const recorder = new Recorder({ env, network, append: (record) => file.append(record) });
  return {
    tap: (transport) => tapTransport(transport, (connection) => recorder.open(connection)),
    records: recorder,
    get counts() {
      const { frames, dropped } = recorder.counts;
      return { frames, dropped: dropped + file.lost };
    },
    failed: file.failed,
    async close() {
      const { frames, dropped } = recorder.counts;
      await file.close(encodeStatistics(env.wallClock(), frames, dropped));
    },
  };
}
