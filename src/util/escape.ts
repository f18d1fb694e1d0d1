/**
 * Code points that change what a terminal or a reader sees of the text around them: controls (an escape sequence of a
 * stranger could retitle the window or rewrite lines above), the direction marks by which text shows reversed, line
 * separators, and halves of surrogate pairs.
 */
const HARMFUL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;
const HARMFUL_OR_BACKSLASH = /[\\\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const MAX_BYTE = 0xff;
const BYTE_DIGITS = 2;
const UNIT_DIGITS = 4;
const HEX = 16;

/**
 * Text of a stranger as it may be shown: one line, and nothing in it that acts. Harmful code points become `\xNN` or
 * `\u{N}`, a backslash is doubled so that no two texts look the same.
 */
export function escapeText(text: string): string {
  return text.replace(HARMFUL_OR_BACKSLASH, (found) => found === "\\" ? "\\\\" : escapeCode(found));
}

/** Text of our own that may quote others, such as the message of an error, as one line; backslashes stay. */
export function toOneLine(text: string): string {
  return text.replace(HARMFUL, escapeCode);
}

function escapeCode(found: string): string {
  const code = found.codePointAt(0)!;
  const digits = code.toString(HEX);
  return code <= MAX_BYTE ? `\\x${digits.padStart(BYTE_DIGITS, "0")}` : `\\u{${digits}}`;
}

/** JSON on one line that may be shown: the same value, with harmful code points written as `\uNNNN`. */
export function toSafeJson(value: unknown, indent?: number): string {
  const text = JSON.stringify(value, undefined, indent);
  return text.replace(HARMFUL, (found) => found === "\n" ? found : escapeUnits(found));
}

function escapeUnits(found: string): string {
  let escaped = "";
  for (let i = 0; i < found.length; i++) {
    escaped += `\\u${found.charCodeAt(i).toString(HEX).padStart(UNIT_DIGITS, "0")}`;
  }
  return escaped;
}
