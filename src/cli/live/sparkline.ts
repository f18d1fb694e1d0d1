const STEPS = "▁▂▃▄▅▆▇█";

/** The last values as a row of columns, at most so many; the highest is full, and 0 is a blank. */
export function sparkline(values: readonly number[], width: number): string {
  if (width <= 0) return "";
  const shown = values.slice(-width);
  const most = Math.max(0, ...shown);
  const columns = shown.map((value) => {
    if (value <= 0) return " ";
    return STEPS[Math.min(STEPS.length - 1, Math.floor(value / most * STEPS.length))]!;
  });
  return columns.join("").padStart(width);
}
