import ipaddr from "ipaddr.js";

/** A host (IP address or name) and a port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

const MAX_PORT = 0xffff;
/** RFC 1035, section 2.3.4: a name and each label of it, in characters. */
const MAX_NAME_LENGTH = 253;
const MAX_LABEL_LENGTH = 63;
const LABEL = /^[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?$/i;
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

/**
 * Reads `host:port`, `[v6]:port`, or without a port where `defaultPort` is given. Throws SyntaxError with the reason.
 * An IPv6 address without brackets that could be a shorter one with a port is refused. Addresses have one spelling each:
 * `127.1` and `0177.0.0.1`, which C libraries take for 127.0.0.1, are refused.
 */
export function parseHostPort(text: string, defaultPort?: number): HostPort {
  const [host, port] = splitHostPort(text);
  const checked = parseHost(host);
  if (port !== undefined) return { host: checked, port: parsePort(port) };
  if (defaultPort === undefined) throw new SyntaxError("no port: write host:port");
  return { host: checked, port: defaultPort };
}

/** `host:port`, with brackets around an IPv6 address. */
export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `host:port`, `[v6]:port`, or the path of a unix socket. */
export function formatEndpoint(endpoint: HostPort | { readonly path: string }): string {
  return "path" in endpoint ? endpoint.path : formatHostPort(endpoint);
}

/** 4, 6, or 0 for what is no IP address in its strict form. */
export function ipVersion(host: string): 0 | 4 | 6 {
  if (IPV4.test(host)) return 4;
  return isIPv6(host) ? 6 : 0;
}

/** Whether the address is of this machine: 127.0.0.0/8 or ::1. A name is not, whatever it resolves to. */
export function isLoopback(host: string): boolean {
  const version = ipVersion(host);
  return version === 4 ? host.startsWith("127.") : version === 6 && ipaddr.IPv6.parse(host).range() === "loopback";
}

function splitHostPort(text: string): [host: string, port: string | undefined] {
  if (text.startsWith("[")) {
    const match = /^\[([^\]]*)\](?::(.*))?$/s.exec(text);
    if (!match) throw new SyntaxError("an IPv6 address with a port reads [address]:port");
    if (ipVersion(match[1]!) !== 6) throw new SyntaxError("only an IPv6 address stands in brackets");
    return [match[1]!, match[2]];
  }
  if (ipVersion(text) === 6) {
    refuseTwoMeanings(text);
    return [text, undefined];
  }
  const parts = text.split(":");
  if (parts.length > 2) throw new SyntaxError("an IPv6 address with a port reads [address]:port");
  return [parts[0]!, parts[1]];
}

/**
 * `::1:80` is an address, and `::1` with a port to whoever forgot the brackets: to dial either would be a guess. What is
 * no address without its last group, or ends in a single digit, in letters or in zeros before them, has one meaning.
 */
function refuseTwoMeanings(text: string): void {
  const at = text.lastIndexOf(":");
  const [host, port] = [text.slice(0, at), text.slice(at + 1)];
  if (!/^[1-9]\d+$/.test(port) || !isIPv6(host)) return;
  throw new SyntaxError(`write [${host}]:${port}, or [${text}] where ${port} is no port but a part of the address`);
}

function parsePort(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : NaN;
  if (!(port <= MAX_PORT)) throw new SyntaxError(`a port is a number from 0 to ${MAX_PORT}`);
  return port;
}

function parseHost(host: string): string {
  if (host === "") throw new SyntaxError("no host: write host:port");
  const version = ipVersion(host);
  if (version === 4) return host;
  if (version === 6) return ipaddr.IPv6.parse(host).toRFC5952String();
  const labels = host.replace(/\.$/, "").split(".");
  // A last label of digits makes it an address in the eyes of resolvers (WHATWG URL, "ends in a number").
  if (/^(?:\d+|0x[\da-f]*)$/i.test(labels.at(-1)!)) throw new SyntaxError("an IPv4 address has four decimal parts");
  const isName = host.length <= MAX_NAME_LENGTH &&
    labels.every((label) => label.length <= MAX_LABEL_LENGTH && LABEL.test(label));
  if (!isName) throw new SyntaxError("neither an IP address nor a host name");
  return host.toLowerCase();
}

function isIPv6(host: string): boolean {
  if (!/^[\da-f:.]+$/i.test(host) || !host.includes(":")) return false; // no zones: they differ by machine
  const tail = host.slice(host.lastIndexOf(":") + 1);
  if (tail.includes(".") && !IPV4.test(tail)) return false;
  return ipaddr.IPv6.isValid(host);
}
