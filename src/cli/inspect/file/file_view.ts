import type { PassedOver } from "../../../capture/capture_reader.ts";
import type { ByteSource } from "../../../capture/byte_source.ts";
import { networkOf } from "../../../capture/magic.ts";
import { isPcap, readPcap } from "../../../capture/pcap_reader.ts";
import { SECTION_HEADER_BLOCK } from "../../../capture/pcapng.ts";
import { readPcapng } from "../../../capture/pcapng_reader.ts";
import { LINK_NAMES } from "../../../capture/tcp_packet.ts";
import { FileWindow } from "../../../platform/file_window.ts";
import { createHasher } from "../../../platform/hasher.ts";
import type { NetworkParams } from "../../../protocol/network_params.ts";
import { NETWORKS } from "../../../protocol/networks.ts";
import type { Hasher } from "../../../util/hash.ts";
import { ByteReader } from "../../../util/bytes.ts";
import type { Context } from "../../context.ts";
import { CommandError, EXIT } from "../../exit.ts";
import { isNetworkNamed, loadNetwork } from "../../network.ts";
import type { Question, View } from "../view.ts";
import { blockSightings } from "./block_source.ts";
import { captureSightings } from "./capture_source.ts";
import { FrameOpener } from "./frame_opener.ts";
import type { Sighting } from "./sighting.ts";
import { readFilter } from "./sighting_filter.ts";
import { SightingPrinter } from "./sighting_printer.ts";
import { transcriptSightings } from "./transcript_source.ts";

const MAGIC_BYTES = 4;
const BRACE = 0x7b;
const BLOCK_FILE_NAME = /\.(dat|blk)$/;

/** Lists the messages in a file. */
export const fileView: View = {
  summary: "the messages in a capture, a transcript or a block file",
  subject: "FILE",
  takes: ["network", "filter", "count", "fields", "json"],

  async run(question) {
    const { context, settings, id: path } = question;
    const hasher = createHasher();
    const holds = readFilter(settings.filter);
    using source = new FileWindow(path);
    const sightings = await openSightings(question, source, hasher);
    const printer = new SightingPrinter(context.out, hasher, { asJson: settings.json, withFields: settings.fields });
    try {
      for (const sighting of sightings) {
        if (!holds(sighting)) continue;
        await printer.print(sighting);
        if (printer.count === settings.count) break;
      }
    } finally {
      await printer.end();
    }
    return EXIT.done;
  },
};

/** What is in the file, whatever kind it is of. */
async function openSightings(
  { context, settings }: Question,
  source: ByteSource,
  hasher: Hasher,
): Promise<Iterable<Sighting>> {
  const named = isNetworkNamed(context) ? await loadNetwork(settings.network, hasher) : undefined;
  const networks = named ? [named] : [...NETWORKS.values()];
  const opener = new FrameOpener(hasher);
  const { path } = source;
  const start = source.view(source.prepare(MAGIC_BYTES));
  if (start.length === 0) throw new CommandError(EXIT.no, `${path} is empty`);
  const note = (passed: PassedOver) => tellPassedOver(passed, context);
  if (isPcapng(start)) return captureSightings(readPcapng(source), networks, opener, note);
  if (isPcap(start)) return captureSightings(readPcap(source), networks, opener, note);
  if (start[0] === BRACE) return transcriptSightings(source, networks, opener);
  const network = networkOf(start, networks) ?? (BLOCK_FILE_NAME.test(path) ? named : undefined);
  if (network) return blockSightings(path, network);
  throw new CommandError(EXIT.no, `${path}: ${describeUnknown(path, named)}`);
}

function isPcapng(start: Uint8Array): boolean {
  return start.length === MAGIC_BYTES && new ByteReader(start).uint32() === SECTION_HEADER_BLOCK;
}

function describeUnknown(path: string, named: NetworkParams | undefined): string {
  if (named) return `neither a capture, nor a transcript, nor blocks of network ${named.name}`;
  const hint = BLOCK_FILE_NAME.test(path) ? "a block file of another network, or a scrambled one? " : "";
  return `neither a capture (pcapng, pcap), nor a transcript (JSONL), nor a block file; ${hint}--network names one`;
}

/** Who sees no messages in a capture wants to know why. */
function tellPassedOver({ links, others }: PassedOver, { err }: Context): void {
  for (const [linkType, count] of links) {
    err.line(`${count} packets of link type ${linkType} were passed over: read are frames of p2p, ${LINK_NAMES}`);
  }
  if (others > 0) err.line(`${others} packets without TCP over IP were passed over`);
}
