import { networkInterfaces } from "node:os";
import { deno } from "./runtimes.ts";

const ANY_IPV4 = "0.0.0.0";
const ANY_IPV6 = "::";

/** The addresses of this machine that others could reach it by: no loopback, no link-local ones; IPv4 first. */
export function localAddresses(): readonly string[] {
  const found = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    .filter(({ internal, address }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address))
    .map(({ address }) => address);
  return [...found.filter((address) => !address.includes(":")), ...found.filter((address) => address.includes(":"))];
}

/** What to listen on to be reached by every address of this machine, on one port. */
export function anyAddresses(): readonly string[] {
  if (!hasIpv6()) return [ANY_IPV4];
  // Deno has no IPv6-only sockets: its [::] takes IPv4 too, and a second listener would find the port in use.
  return deno ? [ANY_IPV6] : [ANY_IPV4, ANY_IPV6];
}

/** Whether this machine speaks IPv6 at all, if only with itself. */
function hasIpv6(): boolean {
  return Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ family }) => family === "IPv6"));
}
