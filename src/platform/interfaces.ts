import { networkInterfaces } from "node:os";

/** The addresses of this machine that others could reach it by: no loopback, no link-local ones; IPv4 first. */
export function localAddresses(): readonly string[] {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address))
    .map(({ address }) => address);
  return [...found.filter((address) => !address.includes(":")), ...found.filter((address) => address.includes(":"))];
}

/** Whether this machine speaks IPv6 at all, if only with itself. */
export function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === "IPv6"));
}
