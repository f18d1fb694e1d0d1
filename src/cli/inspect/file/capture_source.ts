import { type CapturedFrame, CaptureReader, type PassedOver } from "../../../capture/capture_reader.ts";
import type { Packet } from "../../../capture/packets.ts";
import type { NetworkParams } from "../../../protocol/network_params.ts";
import { formatHostPort, type HostPort } from "../../../util/endpoint.ts";
import type { FrameOpener } from "./frame_opener.ts";
import type { Sighting } from "./sighting.ts";

/** The messages in the packets of a capture. `note` hears at the end what was passed over. */
export function* captureSightings(
  packets: Iterable<Packet>,
  networks: readonly NetworkParams[],
  opener: FrameOpener,
  note: (passed: PassedOver) => void,
): Generator<Sighting> {
  const reader = new CaptureReader(networks);
  for (const packet of packets) {
    for (const found of reader.take(packet)) yield seen(found, opener);
  }
  for (const found of reader.end()) yield seen(found, opener);
  note(reader.passedOver);
}

function seen(
  { packet, time, direction, source, target, network, frame, problem }: CapturedFrame,
  opener: FrameOpener,
): Sighting {
  const opened = network && frame.length > 0 ? opener.open(network, frame) : undefined;
  return {
    number: packet,
    time,
    isRelative: false,
    direction,
    from: format(source),
    to: format(target),
    network,
    type: opened?.type ?? "?",
    bytes: frame,
    isFramed: true,
    sizeBytes: frame.length,
    message: opened?.message,
    problem: problem ?? opened?.problem,
  };
}

function format(end: HostPort | undefined): string | undefined {
  return end && formatHostPort(end);
}
