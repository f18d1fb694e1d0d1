import type { AddressSnapshot } from "../protocol/network_snapshots.ts";

const WINDOWS = ["2h", "8h", "1d", "1w"] as const;
const PERCENT = 100;
const PERCENT_DIGITS = 2;

/** Addresses for scripts: a comment with the names of the columns, then one a line, separated by blanks. */
export function dumpAddresses(addresses: readonly AddressSnapshot[]): string {
  const head = `# address good lastSuccess ${WINDOWS.map((name) => `%(${name})`).join(" ")} services`;
  return [head, ...addresses.map(dumpAddress)].map((line) => `${line}\n`).join("");
}

/** `good`: 1 where a seed found it reliable. Times are Unix seconds. Nothing in a line is text that a peer chose. */
function dumpAddress({ address, reliable, lastSuccess, uptime, services }: AddressSnapshot): string {
  const shares = WINDOWS.map((name) => ((uptime?.[name] ?? 0) * PERCENT).toFixed(PERCENT_DIGITS));
  return [address, reliable ? 1 : 0, lastSuccess, ...shares, services.join(",") || "-"].join(" ");
}
