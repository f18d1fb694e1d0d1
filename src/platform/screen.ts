import { writeSync } from "node:fs";
import process from "node:process";
import { emitKeypressEvents } from "node:readline";

export interface ScreenOptions {
  /** A key: a character, or the name of one that has none (`up`, `pagedown`, `return`, `ctrl-c`). */
  onKey(key: string): void;
  /** The terminal has another size, or shows us again. */
  onResize(): void;
}

/** A terminal that one program has for itself, until it is disposed: then it shows what it showed before. */
export interface Screen extends Disposable {
  readonly columns: number;
  readonly rows: number;
  /** Shows these lines and nothing else. They may hold colours, and must not be wider than the screen. */
  draw(lines: readonly string[]): void;
}

interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly sequence?: string;
}

const STDOUT_FD = 1;
const DEFAULT_ROWS = 24;
const DEFAULT_COLUMNS = 80;
const HANGUP_EXIT = 129;
/** Windows knows no stopped programs. */
const CAN_STOP = process.platform !== "win32";
/** A stop takes effect within this time, if at all. */
const STOP_GRACE_MS = 100;
/** The other screen, which remembers nothing; no cursor; lines that are too long end at the edge. */
const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l\x1b[2J";
const LEAVE = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
/** The terminal shows what stands between the two at once, if it knows them. */
const BEGIN_UPDATE = "\x1b[?2026h";
const END_UPDATE = "\x1b[?2026l";
const CLEAR_TO_END = "\x1b[K";
const PRINTABLE = /^[\x20-\x7e]$/;

/**
 * Takes the terminal on stdout. It is given back on every way out of the process that runs code of ours: dispose, exit,
 * an error that nobody caught, a hangup; Ctrl-Z gives it back until the process goes on.
 */
export function openScreen({ onKey, onResize }: ScreenOptions): Screen {
  const { stdin, stdout } = process;
  let shown: readonly string[] = [];
  let isOpen = false;
  let isOver = false;

  function enter(): void {
    isOpen = true;
    shown = [];
    stdout.write(ENTER);
    if (!stdin.isTTY) return;
    stdin.setRawMode(true);
    stdin.resume();
  }

  /** Written past the queue of stdout: at an exit there is no later. */
  function leave(): void {
    if (!isOpen) return;
    isOpen = false;
    if (stdin.isTTY) stdin.setRawMode(false);
    try {
      writeSync(STDOUT_FD, LEAVE);
    } catch (error) {
      // The terminal is gone, or takes nothing at the moment: there is nobody to give it back to.
      if (!(error instanceof Error) || !("code" in error)) throw error;
    }
  }

  /** As the shell's other programs: it goes on with `fg`. Where no shell can stop us, we go on at once. */
  function suspend(): void {
    leave();
    process.once("SIGCONT", resume);
    process.kill(process.pid, "SIGTSTP");
    setTimeout(resume, STOP_GRACE_MS);
  }

  function resume(): void {
    process.off("SIGCONT", resume);
    if (isOpen || isOver) return;
    enter();
    onResize();
  }

  function press(character: string | undefined, key: Key): void {
    const name = nameKey(character, key);
    if (name === "ctrl-z" && CAN_STOP) suspend();
    else if (name !== undefined) onKey(name);
  }

  function resize(): void {
    shown = [];
    stdout.write("\x1b[2J");
    onResize();
  }

  function hangUp(): void {
    leave();
    process.exit(HANGUP_EXIT);
  }

  if (stdin.isTTY) {
    emitKeypressEvents(stdin);
    stdin.on("keypress", press);
  }
  stdout.on("resize", resize);
  process.on("exit", leave);
  process.on("SIGHUP", hangUp);
  // First of all listeners: what others have to say about the error belongs on the screen that stays.
  process.prependListener("uncaughtException", leave);
  process.prependListener("unhandledRejection", leave);
  enter();

  return {
    get columns() {
      return stdout.columns || DEFAULT_COLUMNS;
    },
    get rows() {
      return stdout.rows || DEFAULT_ROWS;
    },
    draw(lines) {
      if (!isOpen) return;
      const changes = changesBetween(shown, lines);
      shown = lines;
      if (changes !== "") stdout.write(`${BEGIN_UPDATE}${changes}${END_UPDATE}`);
    },
    [Symbol.dispose]() {
      isOver = true;
      leave();
      stdin.off("keypress", press);
      stdin.pause();
      stdout.off("resize", resize);
      process.off("exit", leave);
      process.off("SIGHUP", hangUp);
      process.off("uncaughtException", leave);
      process.off("unhandledRejection", leave);
    },
  };
}

/** What to write so that a screen which shows some lines shows others. */
export function changesBetween(shown: readonly string[], lines: readonly string[]): string {
  let changes = "";
  for (let row = 0; row < Math.max(shown.length, lines.length); row++) {
    if (shown[row] === lines[row]) continue;
    // Cleared first: after a line as wide as the screen the cursor stands on its last character.
    changes += `\x1b[${row + 1};1H${CLEAR_TO_END}${lines[row] ?? ""}\x1b[0m`;
  }
  return changes;
}

function nameKey(character: string | undefined, { name, ctrl = false, sequence }: Key): string | undefined {
  if (ctrl && name !== undefined) return `ctrl-${name}`;
  const typed = character ?? sequence ?? "";
  if (PRINTABLE.test(typed)) return typed;
  return name;
}
