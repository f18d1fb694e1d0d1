import { Recorder } from "../../capture/recorder.ts";
import { tapTransport } from "../../platform/tapped_transport.ts";
import type { Transport } from "../../platform/types.ts";
import { SHARD_CAPTURE_BYTES } from "../../protocol/capture_params.ts";
import type { NetworkParams } from "../../protocol/network_params.ts";
import type { Env } from "../../util/env.ts";
import type { RecordSender } from "./record_sender.ts";
import { encodeCaptured, encodeNote } from "./records.ts";

export interface ShardCaptureOptions {
  readonly env: Env;
  readonly network: Pick<NetworkParams, "wire" | "magic">;
  readonly sender: RecordSender;
}

/** Overhears the connections of a shard, for the capture file that the main thread writes. */
export class ShardCapture {
  readonly #sender: RecordSender;
  readonly #recorder: Recorder;
  #toldDropped = 0;

  constructor({ env, network, sender }: ShardCaptureOptions) {
    this.#sender = sender;
    this.#recorder = new Recorder({ env, network, append: (record) => this.#append(record) });
  }

  tap(transport: Transport): Transport {
    return tapTransport(transport, (connection) => this.#recorder.open(connection));
  }

  /** Says how many frames were left out since it was last said. */
  tellDropped(): void {
    const { dropped } = this.#recorder.counts;
    const frames = dropped - this.#toldDropped;
    this.#toldDropped = dropped;
    if (frames > 0) this.#sender.put(encodeNote({ is: "uncaptured", frames }));
  }

  /** Whoever is overheard does not wait for the capture. */
  #append(record: Uint8Array): boolean {
    if (this.#sender.waitingBytes + record.length > SHARD_CAPTURE_BYTES) return false;
    this.#sender.put(encodeCaptured(record));
    return true;
  }
}
