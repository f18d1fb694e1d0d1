/** Compares for sorting; what is not known comes last, whichever way the rest goes. */
export function compareKnown(
  left: number | string | null,
  right: number | string | null,
  isDescending: boolean,
): number {
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  const order = left < right ? -1 : left > right ? 1 : 0;
  return isDescending ? -order : order;
}
