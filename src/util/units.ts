const KILO = 1_000;
const KIBI = 1_024;
export const MS_PER_SECOND = 1_000;
export const MS_PER_MINUTE = 60_000;
const MS_PER_HOUR = 3_600_000;
const MS_PER_DAY = 86_400_000;

const COUNT_UNITS: Readonly<Record<string, number>> = { "": 1, k: KILO, m: KILO ** 2, g: KILO ** 3 };

const SIZE_UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: KILO,
  kb: KILO,
  m: KILO ** 2,
  mb: KILO ** 2,
  g: KILO ** 3,
  gb: KILO ** 3,
  t: KILO ** 4,
  tb: KILO ** 4,
  ki: KIBI,
  kib: KIBI,
  mi: KIBI ** 2,
  mib: KIBI ** 2,
  gi: KIBI ** 3,
  gib: KIBI ** 3,
  ti: KIBI ** 4,
  tib: KIBI ** 4,
};

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: MS_PER_SECOND,
  m: MS_PER_MINUTE,
  min: MS_PER_MINUTE,
  h: MS_PER_HOUR,
  d: MS_PER_DAY,
};

/** A whole number with an optional decimal unit: `117`, `1k`, `2.5M`. Undefined if it is none. */
export function parseCount(text: string): number | undefined {
  return whole(parseQuantity(text, COUNT_UNITS));
}

/** A size in bytes: `512`, `64KiB`, `1MB`, `1.5GiB`. A number without a unit counts `bareUnit` bytes. */
export function parseSize(text: string, bareUnit = 1): number | undefined {
  return whole(parseQuantity(text, { ...SIZE_UNITS, "": bareUnit }));
}

/** A time in milliseconds: `250ms`, `10s`, `1.5h`, `7d`. A number without a unit counts seconds. */
export function parseDuration(text: string): number | undefined {
  return parseQuantity(text, { ...DURATION_UNITS, "": MS_PER_SECOND });
}

/** `NUMBER UNIT` as a multiple of the unit. Decimal digits only: no sign, no exponent, no hex. */
function parseQuantity(text: string, units: Readonly<Record<string, number>>): number | undefined {
  const match = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text);
  if (!match) return undefined;
  const [, digits, name] = match as unknown as [string, string, string];
  const unit = Object.hasOwn(units, name.toLowerCase()) ? units[name.toLowerCase()]! : undefined;
  if (unit === undefined) return undefined;
  const value = Number(digits) * unit;
  return value <= Number.MAX_SAFE_INTEGER ? value : undefined;
}

function whole(value: number | undefined): number | undefined {
  return value !== undefined && Number.isInteger(value) ? value : undefined;
}

const SIZE_STEPS: readonly (readonly [unit: string, bytes: number])[] = [
  ["TiB", KIBI ** 4],
  ["GiB", KIBI ** 3],
  ["MiB", KIBI ** 2],
  ["KiB", KIBI],
];
const SHORT_BELOW = 10;

/** A size for people: `1.5 MiB`. */
export function formatSize(bytes: number): string {
  const step = SIZE_STEPS.find(([, unit]) => bytes >= unit);
  if (!step) return `${bytes} B`;
  const value = bytes / step[1];
  return `${value.toFixed(value < SHORT_BELOW ? 1 : 0)} ${step[0]}`;
}

/** A size as it could have been typed: `64KiB`, or `4000000 bytes` where no unit fits. */
export function formatExactSize(bytes: number): string {
  const step = SIZE_STEPS.find(([, unit]) => bytes >= unit && bytes % unit === 0);
  return step ? `${bytes / step[1]}${step[0]}` : `${bytes} bytes`;
}

const DURATION_STEPS: readonly (readonly [unit: string, ms: number])[] = [
  ["d", MS_PER_DAY],
  ["h", MS_PER_HOUR],
  ["m", MS_PER_MINUTE],
  ["s", MS_PER_SECOND],
];

/** A time for people, in its two largest units: `2h 5m`, `12s`, `87 ms`. */
export function formatDuration(ms: number): string {
  if (ms < MS_PER_SECOND) return `${Math.round(ms)} ms`;
  let rest = Math.round(ms / MS_PER_SECOND) * MS_PER_SECOND;
  const parts: string[] = [];
  for (const [unit, unitMs] of DURATION_STEPS) {
    const count = Math.floor(rest / unitMs);
    rest -= count * unitMs;
    if (count > 0) parts.push(`${count}${unit}`);
    else if (parts.length > 0) break;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}
