import process from "node:process";
import { createInterface } from "node:readline";

export interface PromptOptions {
  /** What stands before the cursor. */
  readonly prompt: string;
  /** The lines that a beginning of a line could become. */
  complete(line: string): readonly string[];
  onLine(line: string): void;
  /** The input ended: Ctrl-D or Ctrl-C. */
  onEnd(): void;
}

/** A line editor on the terminal, with history. */
export interface Prompt {
  /** Lets `print` write to stdout above the line that is being edited. */
  printAbove(print: () => void): void;
  close(): void;
}

/** Lines of history: what one sitting types. */
const HISTORY_LINES = 200;
const CLEAR_LINE = "\r\x1b[K";

/** Reads lines from the terminal on stdin; the prompt is shown on stderr, so that stdout holds data only. */
export function openPrompt(options: PromptOptions): Prompt {
  const editor = createInterface({
    input: process.stdin,
    output: process.stderr,
    terminal: true,
    prompt: options.prompt,
    historySize: HISTORY_LINES,
    completer: (line: string): [string[], string] => [[...options.complete(line)], line],
  });
  editor.on("line", (line) => {
    options.onLine(line);
    editor.prompt();
  });
  editor.on("SIGINT", () => editor.close());
  editor.on("close", () => options.onEnd());
  editor.prompt();
  return {
    printAbove(print) {
      process.stderr.write(CLEAR_LINE);
      print();
      editor.prompt(true);
    },
    close: () => editor.close(),
  };
}
