import { createHasher } from "../../platform/hasher.ts";
import { readInput } from "../../platform/input.ts";
import type { MessageType } from "../../protocol/messages.ts";
import type { NetworkParams } from "../../protocol/network_params.ts";
import { NETWORKS } from "../../protocol/networks.ts";
import { MAX_MESSAGE_BYTES } from "../../protocol/wire_limits.ts";
import { ByteReader } from "../../util/bytes.ts";
import { toSafeJson } from "../../util/escape.ts";
import type { Hasher } from "../../util/hash.ts";
import { type FrameTrace, traceFrame, tracePayload } from "../../wire/frame_trace.ts";
import { CommandError, EXIT, UsageError } from "../exit.ts";
import { isNetworkNamed, loadNetwork } from "../network.ts";
import { printFrame, type SeenFrame, toJson } from "./frame_report.ts";
import { readHex } from "./hex_input.ts";
import { traceOptions } from "./trace_options.ts";
import type { Question, View } from "./view.ts";

const INDENT = 2;
const MAGIC_BYTES = 4;
const HEX = 16;
/** Two digits a byte of the longest message, as much again for what stands between them, and room for a header. */
const MAX_INPUT_CHARACTERS = 4 * MAX_MESSAGE_BYTES + 1_024;

/** Names every field of a frame. */
export const frameView: View = {
  summary: "a frame in hex, or - to read it from standard input",
  subject: "HEX",
  isSpaced: true,
  takes: ["network", "payload", "json"],

  async run(question) {
    const { context, settings, id } = question;
    const hasher = createHasher();
    const bytes = readHex(id === "-" ? await readAll() : id);
    const frames = settings.payload === undefined
      ? splitFrames(bytes, await findNetwork(question, bytes, hasher), hasher)
      : [await readPayload(question, settings.payload, bytes, hasher)];
    if (settings.json) context.out.line(toSafeJson(frames.map((frame) => toJson(frame, hasher)), INDENT));
    else frames.forEach((frame) => printFrame(frame, hasher, context.out));
    const wrong = frames.find(({ trace }) => trace.problem ?? trace.inside);
    if (wrong) throw new CommandError(EXIT.no, describeProblem(wrong));
    return EXIT.done;
  },
};

/** Frames one after the other, up to the first whose end nobody can tell. */
function splitFrames(bytes: Uint8Array, network: NetworkParams, hasher: Hasher): readonly SeenFrame[] {
  const frames: SeenFrame[] = [];
  let start: number | undefined = 0;
  while (start !== undefined && start < bytes.length) {
    const trace: FrameTrace = traceFrame(network.wire, network.magic, bytes, start, traceOptions(hasher));
    frames.push({ trace, network, bytes, start });
    start = trace.end;
  }
  return frames;
}

async function readPayload(
  { context, settings }: Question,
  type: MessageType,
  bytes: Uint8Array,
  hasher: Hasher,
): Promise<SeenFrame> {
  if (!isNetworkNamed(context)) {
    throw new UsageError("--payload: which wire? name a network too, such as --network main");
  }
  const network = await loadNetwork(settings.network, hasher);
  return { trace: tracePayload(network.wire, type, bytes, traceOptions(hasher)), network, bytes, start: 0 };
}

/** The network that was named, or the built-in one whose frames begin like this. */
async function findNetwork({ context, settings }: Question, bytes: Uint8Array, hasher: Hasher): Promise<NetworkParams> {
  if (isNetworkNamed(context)) return await loadNetwork(settings.network, hasher);
  if (bytes.length < MAGIC_BYTES) {
    throw new CommandError(EXIT.no, `${bytes.length} bytes are no frame: it begins with ${MAGIC_BYTES} of magic`);
  }
  const magic = new ByteReader(bytes.slice(0, MAGIC_BYTES).reverse()).uint32();
  const known = [...NETWORKS.values()].find((network) => network.magic === magic);
  if (known) return known;
  const shown = magic.toString(HEX).padStart(2 * MAGIC_BYTES, "0");
  const why = "name yours with --network FILE, or a payload's type with --payload TYPE";
  throw new CommandError(EXIT.no, `no known network's frames begin with ${shown}: ${why}`);
}

async function readAll(): Promise<string> {
  const input = await readInput(MAX_INPUT_CHARACTERS);
  if (!input) throw new UsageError(`HEX: more than ${MAX_INPUT_CHARACTERS} characters: no frame is as long`);
  return new TextDecoder().decode(input);
}

function describeProblem({ trace, start }: SeenFrame): string {
  const { problem, inside, type } = trace;
  const { code, detail } = problem ?? inside!;
  const where = start === 0 ? "" : ` at byte ${start}`;
  return `${type || "a frame"}${where}: ${code}: ${detail}${inside ? " (inside; the wire carries it as it is)" : ""}`;
}
