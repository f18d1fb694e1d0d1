import { RemoteFault } from "../../../protocol/errors.ts";
import type { Message } from "../../../protocol/messages.ts";
import type { NetworkParams } from "../../../protocol/network_params.ts";
import type { Hasher } from "../../../util/hash.ts";
import { bitcoinCodec } from "../../../wire/bitcoin.ts";
import type { WireCodec } from "../../../wire/codec.ts";
import { nameFrame } from "../../../wire/frame_trace.ts";
import { nativeCodec } from "../../../wire/native.ts";

/** What a whole frame holds. */
export interface OpenedFrame {
  readonly type: string;
  readonly message: Message | undefined;
  readonly problem: string | undefined;
}

/** Opens frames of any network, as a node would: checksum and form are verified. */
export class FrameOpener {
  readonly #hasher: Hasher;
  readonly #codecs = new Map<NetworkParams, WireCodec>();

  constructor(hasher: Hasher) {
    this.#hasher = hasher;
  }

  open(network: NetworkParams, frame: Uint8Array): OpenedFrame {
    const decoder = this.#codec(network).createDecoder();
    const type = nameFrame(network.wire, frame) || "?";
    try {
      decoder.feed(frame);
      const message = decoder.next();
      if (!message) return { type, message, problem: `truncated: ${frame.length} bytes of it are here` };
      const extra = decoder.bufferedBytes;
      return { type, message, problem: extra === 0 ? undefined : `${extra} bytes follow it` };
    } catch (error) {
      if (!(error instanceof RemoteFault)) throw error;
      return { type, message: undefined, problem: error.message };
    }
  }

  #codec(network: NetworkParams): WireCodec {
    let codec = this.#codecs.get(network);
    if (!codec) {
      codec = network.wire === "native" ? nativeCodec(network.magic) : bitcoinCodec(network.magic, this.#hasher);
      this.#codecs.set(network, codec);
    }
    return codec;
  }
}
