/** What takes two cells of a terminal: scripts of East Asia in full width, and pictures. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
/** Marks that stand on the letter before them. */
const MARK = /\p{M}/u;
const ASCII_ONLY = /^[\x20-\x7e]*$/;
const ELLIPSIS = "…";

/** Cells of a terminal that a text without escape sequences takes. */
export function textWidth(text: string): number {
  if (ASCII_ONLY.test(text)) return text.length;
  let width = 0;
  for (const point of text) width += pointWidth(point);
  return width;
}

/** The text, cut to so many cells if need be; an ellipsis stands for what is missing. */
export function fitText(text: string, cells: number): string {
  if (textWidth(text) <= cells) return text;
  let fitted = "";
  let width = 0;
  for (const point of text) {
    width += pointWidth(point);
    if (width > cells - 1) break;
    fitted += point;
  }
  return cells < 1 ? "" : fitted + ELLIPSIS;
}

/** The text as lines of at most so many cells, broken between words; a word that is longer stands alone. */
export function wrapText(text: string, cells: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && textWidth(longer) <= cells) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** The text, filled up with blanks to so many cells. */
export function padText(text: string, cells: number, side: "left" | "right"): string {
  const blanks = " ".repeat(Math.max(0, cells - textWidth(text)));
  return side === "left" ? text + blanks : blanks + text;
}

function pointWidth(point: string): number {
  if (WIDE.test(point)) return 2;
  return MARK.test(point) ? 0 : 1;
}
