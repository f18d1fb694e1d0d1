import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { formatDuration, formatSize, parseCount, parseDuration, parseSize } from "../../src/util/units.ts";

const KIB = 1024;

test("parseSize: bytes, decimal and binary units, in either case", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["0", 0],
    ["512", 512],
    ["64KiB", 64 * KIB],
    ["64kib", 64 * KIB],
    ["64 KiB", 64 * KIB],
    ["64Ki", 64 * KIB],
    ["1k", 1000],
    ["1MB", 1e6],
    ["1.5GiB", 1.5 * KIB ** 3],
    ["0.3B", undefined],
    ["9007199254740993", undefined],
    ["1e3", undefined],
    ["0x10", undefined],
    ["-1", undefined],
    ["1constructor", undefined],
    ["", undefined],
    ["KiB", undefined],
  ];
  for (const [text, bytes] of cases) assertEquals(parseSize(text), bytes, text);
});

test("parseSize: a bare number counts the unit that the caller names", () => {
  assertEquals(parseSize("2", KIB), 2 * KIB);
  assertEquals(parseSize("2B", KIB), 2);
});

test("parseDuration: seconds unless a unit says otherwise", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["10s", 10_000],
    ["10", 10_000],
    ["0.5", 500],
    ["250ms", 250],
    ["2m", 120_000],
    ["2min", 120_000],
    ["1.5h", 5_400_000],
    ["7d", 604_800_000],
    ["7w", undefined],
    ["s", undefined],
  ];
  for (const [text, ms] of cases) assertEquals(parseDuration(text), ms, text);
});

test("parseCount: whole numbers with decimal units", () => {
  const cases: readonly (readonly [string, number | undefined])[] = [
    ["117", 117],
    ["1k", 1000],
    ["2.5M", 2_500_000],
    ["1.5", undefined],
    ["1Ki", undefined],
  ];
  for (const [text, count] of cases) assertEquals(parseCount(text), count, text);
});

test("formatSize and formatDuration: short, in the largest units that fit", () => {
  assertEquals([0, 1023, 1536, 20 * KIB ** 2].map(formatSize), ["0 B", "1023 B", "1.5 KiB", "20 MiB"]);
  assertEquals([87, 12_000, 90_000, 7_500_000, 3_600_000].map(formatDuration), [
    "87 ms",
    "12s",
    "1m 30s",
    "2h 5m",
    "1h",
  ]);
});
