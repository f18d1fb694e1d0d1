import { Buffer } from "node:buffer";
import { existsSync, readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";

/** Small files that every clone has. */
const VECTORS = new URL("../vectors/", import.meta.url);
/** Larger real data, beside the project where somebody put it. */
const DATA = new URL("../../../shared/data/", import.meta.url);

/** A line of a transcript: one message between two real nodes. */
export interface TranscriptLine {
  readonly command: string;
  readonly frame: Uint8Array;
}

/** The lines of a file of tests/vectors. */
export function vectorLines(name: string): string[] {
  return lines(readFileSync(fileURLToPath(new URL(name, VECTORS)), "utf8"));
}

/** A large test file, or undefined in a clone without them. */
export function testData(name: string): Uint8Array | undefined {
  const folder = process.env["P2P_TEST_DATA"];
  const path = folder === undefined ? fileURLToPath(new URL(name, DATA)) : `${folder}/${name}`;
  return existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined;
}

/** The messages of a transcript, or undefined in a clone without it. */
export function transcript(name: string): TranscriptLine[] | undefined {
  const data = testData(name);
  return data && parseTranscript(lines(new TextDecoder().decode(data)));
}

/** Lines of JSON with `command` and `hex`, as transcripts have them. */
export function parseTranscript(jsonLines: readonly string[]): TranscriptLine[] {
  return jsonLines.map((line) => {
    const { command, hex } = JSON.parse(line) as { command: string; hex: string };
    return { command, frame: new Uint8Array(Buffer.from(hex, "hex")) };
  });
}

function lines(text: string): string[] {
  return text.trim().split("\n");
}
