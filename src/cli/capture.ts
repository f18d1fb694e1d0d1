import { type CaptureRecords, openCapture } from "../node/capture.ts";
import type { Transport } from "../platform/types.ts";
import {
  DEFAULT_CAPTURE_FILE_BYTES,
  DEFAULT_CAPTURE_FILES,
  MIN_CAPTURE_FILE_BYTES,
} from "../protocol/capture_params.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import type { Env } from "../util/env.ts";
import { escapeText } from "../util/escape.ts";
import { formatSize } from "../util/units.ts";
import { USER_AGENT } from "../util/version.ts";
import type { Output } from "./context.ts";
import { defaultFlag, type Settings, valueFlag } from "./flag.ts";
import { size, text, wholeNumber } from "./values.ts";

const MAX_CAPTURE_FILES = 1_000;
/** 1 TiB: more than any program reads. */
const MAX_CAPTURE_FILE_BYTES = 1024 ** 4;

/** What commands take that can be overheard. */
export const CAPTURE_FLAGS = {
  capture: valueFlag(text, "FILE.pcapng", "write every frame into this file, for Wireshark and p2p inspect", {
    isSetting: true,
  }),
  "capture-size": defaultFlag(
    size(MIN_CAPTURE_FILE_BYTES, MAX_CAPTURE_FILE_BYTES, "64MiB"),
    "SIZE",
    DEFAULT_CAPTURE_FILE_BYTES,
    "put the capture aside at this size, as FILE.1.pcapng, and go on in a new one",
    { isSetting: true, needs: ["capture"], fallbackText: formatSize(DEFAULT_CAPTURE_FILE_BYTES).replace(" ", "") },
  ),
  "capture-files": defaultFlag(
    wholeNumber(1, MAX_CAPTURE_FILES),
    "N",
    DEFAULT_CAPTURE_FILES,
    "keep so many files of a capture; the oldest leaves",
    { isSetting: true, needs: ["capture"] },
  ),
};

/** What `--capture` asks for; nothing happens where it does not. */
export interface CommandCapture {
  tap(transport: Transport): Transport;
  /** For a node with workers; undefined: nothing is captured. */
  readonly records: CaptureRecords | undefined;
  /** Writes what is left, and says what was captured. Idempotent. */
  end(): Promise<void>;
}

/** Rejects with LocalError where the file cannot be had. `who` goes on if the disk is full. */
export async function beginCapture(
  settings: Pick<Settings<typeof CAPTURE_FLAGS>, keyof typeof CAPTURE_FLAGS>,
  { network, env, err, who }: {
    readonly network: NetworkParams;
    readonly env: Env;
    readonly err: Output;
    readonly who: string;
  },
): Promise<CommandCapture> {
  const path = settings.capture;
  if (path === undefined) {
    return { tap: (transport) => transport, records: undefined, end: () => Promise.resolve() };
  }
  const capture = await openCapture({
    path,
    maxFileBytes: settings["capture-size"],
    maxFiles: settings["capture-files"],
    network,
    env,
    application: USER_AGENT,
  });
  capture.failed.then(({ message }) => err.line(escapeText(`the capture has ended, ${who} goes on: ${message}`)));
  let isOver = false;
  return {
    tap: (transport) => capture.tap(transport),
    records: capture.records,
    async end() {
      if (isOver) return;
      isOver = true;
      await capture.close();
      const { frames, dropped } = capture.counts;
      const lost = dropped === 0
        ? ""
        : `; ${dropped} more are not in it, because it was written too slowly or had ended`;
      err.line(escapeText(`captured ${frames - dropped} frames in ${path}${lost}`));
    },
  };
}
