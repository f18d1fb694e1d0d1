const BINARY = 1024;
const SIZE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];
const THOUSAND = 1000;
const COUNT_UNITS = ["", "k", "M", "G"];
const SECONDS_PER = { day: 86_400, hour: 3_600, minute: 60 };
const PERCENT = 100;
const TEN = 10;
const SHORT_HASH_CHARS = 6;
const NONE = "–";

/** `1.4 MiB`; a dash for what is not known. */
export function formatBytes(bytes: number | null | undefined): string {
  return scaled(bytes, BINARY, SIZE_UNITS, " ");
}

export function formatCount(count: number | null | undefined): string {
  return scaled(count, THOUSAND, COUNT_UNITS, "");
}

export function formatMs(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NONE;
  if (ms === 0) return "0 ms";
  if (ms >= THOUSAND) return `${(ms / THOUSAND).toFixed(1)} s`;
  return `${ms >= TEN ? Math.round(ms) : ms.toFixed(ms >= 1 ? 1 : 2)} ms`;
}

/** `3 d 4 h`: the two largest units. */
export function formatSeconds(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return NONE;
  const whole = Math.max(0, Math.floor(seconds));
  const { day, hour, minute } = SECONDS_PER;
  if (whole >= day) return `${Math.floor(whole / day)} d ${Math.floor(whole % day / hour)} h`;
  if (whole >= hour) return `${Math.floor(whole / hour)} h ${Math.floor(whole % hour / minute)} min`;
  if (whole >= minute) return `${Math.floor(whole / minute)} min ${whole % minute} s`;
  return `${whole} s`;
}

export function formatShare(share: number | null | undefined): string {
  if (share === null || share === undefined) return NONE;
  const percent = share * PERCENT;
  return `${percent === 0 || percent >= TEN ? Math.round(percent) : percent.toFixed(1)} %`;
}

/** The time of day, to the second. */
export function formatClock(unixMs: number): string {
  return new Date(unixMs).toLocaleTimeString("en-GB");
}

/** The end of a hash, where the work does not show. */
export function shortHash(hash: string): string {
  return `…${hash.slice(-SHORT_HASH_CHARS)}`;
}

function scaled(value: number | null | undefined, step: number, units: readonly string[], gap: string): string {
  if (value === null || value === undefined) return NONE;
  let scaled = value;
  let unit = 0;
  while (scaled >= step && unit < units.length - 1) {
    scaled /= step;
    unit++;
  }
  const isWhole = scaled >= TEN * TEN || Number.isInteger(scaled);
  return `${isWhole ? Math.round(scaled) : scaled.toFixed(1)}${gap}${units[unit]}`.trim();
}
