/** So that each of them is a number of its own. */
const MAX_DIGITS = 15;

/** Whether a part of a path or query is a whole number, written in digits only. */
export function isNumber(text: string): boolean {
  return /^\d+$/.test(text) && text.length <= MAX_DIGITS;
}
