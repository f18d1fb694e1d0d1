import * as v from "valibot";
import type { ByteSource } from "../../../capture/byte_source.ts";
import { type Line, readLines } from "../../../capture/lines.ts";
import { networkOf } from "../../../capture/magic.ts";
import { badFile } from "../../../capture/packets.ts";
import type { NetworkParams } from "../../../protocol/network_params.ts";
import { MAX_MESSAGE_BYTES } from "../../../protocol/wire_limits.ts";
import { hexToBytes } from "../../../util/hex.ts";
import type { FrameOpener } from "./frame_opener.ts";
import type { Sighting } from "./sighting.ts";
import { MS_PER_SECOND } from "../../../util/units.ts";

/** Two digits a byte of the longest frame, and room for the rest of the line. */
const MAX_LINE_BYTES = 2 * MAX_MESSAGE_BYTES + 4_096;
const SHOWN_CHARACTERS = 40;

const LINE = v.object({
  t: v.optional(v.number()),
  dir: v.optional(v.picklist([">", "<"])),
  hex: v.string(),
});

/** The messages of a transcript: lines of JSON with `t` in seconds, `dir` (`>` from the dialler), and `hex`, a frame. */
export function* transcriptSightings(
  source: ByteSource,
  networks: readonly NetworkParams[],
  opener: FrameOpener,
): Generator<Sighting> {
  for (const line of readLines(source, MAX_LINE_BYTES)) {
    if (line.text.trim() === "") continue;
    const { t, dir, frame } = readLine(source, line);
    const network = networkOf(frame, networks);
    const opened = network && opener.open(network, frame);
    yield {
      number: line.number,
      time: t === undefined ? undefined : t * MS_PER_SECOND,
      isRelative: true,
      direction: dir,
      from: dir && (dir === ">" ? "dialler" : "listener"),
      to: dir && (dir === ">" ? "listener" : "dialler"),
      network,
      type: opened?.type ?? "?",
      bytes: frame,
      isFramed: true,
      sizeBytes: frame.length,
      message: opened?.message,
      problem: network ? opened?.problem : "a frame of no network that is known here: --network names another",
    };
  }
}

function readLine(source: ByteSource, { number, offset, text, isWhole }: Line) {
  const problem = (why: string) =>
    badFile(source, offset, `line ${number}: ${isWhole ? why : "the file ends within it"}`);
  try {
    const { hex, ...rest } = v.parse(LINE, JSON.parse(text));
    return { ...rest, frame: hexToBytes(hex) };
  } catch (error) {
    if (error instanceof v.ValiError) throw problem(describe(error));
    if (!(error instanceof SyntaxError)) throw error;
    throw problem(`neither JSON nor hex in it: ${JSON.stringify(text.slice(0, SHOWN_CHARACTERS))}`);
  }
}

function describe({ issues }: v.ValiError<typeof LINE>): string {
  const [issue] = issues;
  const field = v.getDotPath(issue);
  return `not what a transcript has${field === null ? "" : ` as ${field}`}: ${issue.message}`;
}
