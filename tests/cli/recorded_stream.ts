import type { OutputStream } from "../../src/platform/output.ts";

/** A stream that is no terminal and keeps what was written to it. */
export function recordStream(): OutputStream & { text: string } {
  return {
    text: "",
    isTerminal: false,
    columns: 80,
    write(text) {
      this.text += text;
    },
    flush: () => Promise.resolve(),
    onReaderGone() {},
    onRefused() {},
    describeLoss() {},
  };
}
