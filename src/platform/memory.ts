import { formatEndpoint, ipVersion } from "../util/endpoint.ts";
import { type Env, type Logger, silentLogger, type Timer } from "../util/env.ts";
import { LocalError } from "../protocol/errors.ts";
import { dialWithin } from "./dialing.ts";
import { isOwnName, MemoryHost } from "./memory_host.ts";
import { MemoryMulticast } from "./memory_multicast.ts";
import type { LinkOptions, Parcel, Route } from "./memory_pipe.ts";
import { connectSockets, type SocketWorld } from "./memory_socket.ts";
import { SeededRandom } from "./seeded_random.ts";
import type { SocketConnection } from "./socket_connection.ts";
import { checkPort } from "./system_errors.ts";
import type { Endpoint, Multicast, TcpEndpoint, Transport } from "./types.ts";
import { type Task, VirtualClock } from "./virtual_clock.ts";

export type { LinkOptions } from "./memory_pipe.ts";

/** What a network in memory is like. */
export interface MemoryNetworkOptions {
  /** Same seed, same hosts, same calls: the same events in the same order, on every runtime. */
  readonly seed: number;
  /** Between hosts without a link of their own; 1 ms by default. */
  readonly link?: LinkOptions;
  /** The way from one host to another, asked once for each pair in each direction; in place of `link`. */
  readonly linkOf?: (from: string, to: string) => LinkOptions;
  /** Sees what arrives, before its receiver does. */
  readonly onDelivery?: (from: string, to: string, kind: Parcel["kind"], bytes: Uint8Array | undefined) => void;
  /** Bytes that a connection carries unread before `write` says false; 256 KiB by default. */
  readonly windowBytes?: number;
  /** Hands out chunks that are overwritten once `data` returns, to find those who keep them. Costs a copy of each. */
  readonly scrambleChunks?: boolean;
  /** Where the processes of hosts log to; nowhere by default. */
  readonly logger?: ProcessLogger;
}

/** `process`: who logs. Callbacks of promises may still run that settled right before its end: nobody hears of them. */
export type ProcessLogger = (host: string, category: string, process: { readonly isUp: boolean }) => Logger;

/** What a process has open: each of these is somebody's to close. */
export interface OpenThings {
  readonly sockets: number;
  /** Groups of the local network that it is in among them. */
  readonly listeners: number;
  /** That have yet to fire; those of dials under way among them. */
  readonly timers: number;
}

const DEFAULT_LINK: LinkOptions = { latencyMs: 1 };
/** Not zero: two ends that answer each other at once would keep time from passing. */
const LOOPBACK_LINK: LinkOptions = { latencyMs: 0.05 };
const DEFAULT_WINDOW_BYTES = 262_144;
/** 1 s, doubling: when a caller asks again that got no answer (RFC 6298). */
const FIRST_DIAL_RETRY_MS = 1000;

/** A network without hosts and in which no time passes until `run` says so. */
export function createMemoryNetwork(options: MemoryNetworkOptions): MemoryNetwork {
  return new MemoryNetwork(options);
}

/**
 * A network of hosts in one process and in virtual time. A host's name is its address. Bytes of a connection arrive in
 * order, late, in pieces, and are never lost: loss delays them, a partition holds them until it heals or the sender
 * gives up after a minute. A connection over which nobody sends does not notice that its remote went away.
 */
export class MemoryNetwork {
  readonly #clock = new VirtualClock();
  readonly #seed: number;
  readonly #world: SocketWorld;
  readonly #defaultLink: LinkOptions;
  readonly #linkOf: (from: string, to: string) => LinkOptions;
  readonly #logger: ProcessLogger;
  readonly #hosts = new Map<string, MemoryHost>();
  readonly #names = new Map<string, readonly string[]>();
  readonly #routes = new Map<string, Route>();
  /** By how much a host's clock on the wall is ahead. */
  readonly #clockOffsets = new Map<string, number>();
  readonly #multicast: MemoryMulticast;
  readonly #parked = new Set<Task>();
  /** Group of each host while the network is partitioned; hosts that no group names are together in one. */
  #groups: ReadonlyMap<string, number> | undefined;

  constructor(options: MemoryNetworkOptions) {
    const { onDelivery } = options;
    this.#seed = options.seed;
    this.#defaultLink = checkLink(options.link ?? DEFAULT_LINK);
    this.#linkOf = options.linkOf ?? (() => this.#defaultLink);
    this.#logger = options.logger ?? (() => silentLogger);
    this.#world = {
      clock: this.#clock,
      random: new SeededRandom(options.seed),
      windowBytes: options.windowBytes ?? DEFAULT_WINDOW_BYTES,
      scrambleChunks: options.scrambleChunks ?? false,
      isBlocked: ({ sender, receiver }) => this.#isBlocked(sender.host, receiver.host),
      isRefused: ({ sender, receiver }) => this.#isRefused(sender.host, receiver.host),
      park: (task) => void this.#parked.add(task),
      onDelivery: onDelivery &&
        (({ sender, receiver }, { kind, bytes }) => onDelivery(sender.host.name, receiver.host.name, kind, bytes)),
    };
    this.#multicast = new MemoryMulticast({
      random: this.#world.random,
      route: (from, to) => this.#route(from, to),
      isBlocked: (from, to) => this.#isBlocked(from, to),
    });
  }

  /** Datagrams to everybody: all hosts are on one local network. */
  multicast(name: string): Multicast {
    return this.#multicast.of(this.#host(name));
  }

  /** Virtual milliseconds since the start. */
  now(): number {
    return this.#clock.now;
  }

  /** Events run so far: arrivals, timers and turns. */
  get eventCount(): number {
    return this.#clock.eventCount;
  }

  /** Virtual time, seeded chance and scheduling of one host. */
  env(name: string): Env {
    return this.#host(name).env();
  }

  /** Byte streams from and to one host. A unix socket's path is known on its host only. */
  transport(name: string): Transport {
    const host = this.#host(name);
    return {
      dial: (endpoint, dialOptions) => {
        const schedule = {
          soon: (task: () => void) => host.soon(task),
          after: (delayMs: number, task: () => void) => host.after(delayMs, () => this.#settling(task)),
        };
        return dialWithin(schedule, endpoint, dialOptions, (signal) => this.#connect(host, endpoint, signal));
      },
      listen: (endpoint, accept, { reusePort = false } = {}) => {
        this.#clock.expectPromises();
        return new Promise((resolve) => {
          checkPort("listen on", endpoint);
          if (reusePort) throw notShared(endpoint);
          resolve(host.listen(endpoint, accept));
        });
      },
      resolve: (hostName) => {
        this.#clock.expectPromises();
        const isAddress = ipVersion(hostName) !== 0 || this.#hosts.has(hostName);
        return Promise.resolve(isAddress ? [hostName] : this.#names.get(hostName) ?? []);
      },
    };
  }

  /** What the resolver answers for a name. */
  setName(name: string, addresses: readonly string[]): void {
    this.#names.set(name, addresses);
  }

  /** Changes the link between two hosts, for what is sent from now on, in both directions. */
  setLink(left: string, right: string, link: LinkOptions): void {
    this.setRoute(left, right, link);
    this.setRoute(right, left, link);
  }

  /** Changes the way from one host to another, for what is sent from now on. */
  setRoute(from: string, to: string, link: LinkOptions): void {
    this.#route(from, to).options = checkLink(link);
  }

  /** Lets nothing through from one host to another; in the other direction, all. `heal` ends it. */
  cut(from: string, to: string): void {
    this.#route(from, to).isCut = true;
    this.#retryParked();
  }

  /** Sets the clock on a host's wall, for the processes that run there and those to come. Timers are not affected. */
  setClock(name: string, aheadMs: number): void {
    this.#clockOffsets.set(name, aheadMs);
    const host = this.#hosts.get(name);
    if (host) host.clockOffsetMs = aheadMs;
  }

  /** What a host's process has open now: all zero once it has stopped in order. */
  openOn(name: string): OpenThings {
    const host = this.#hosts.get(name);
    if (host?.state !== "up") return { sockets: 0, listeners: 0, timers: 0 };
    const sockets = [...host.sockets].filter(({ isKnown }) => isKnown).length;
    return { sockets, listeners: host.listenerCount, timers: host.timerCount };
  }

  /** Lets nothing through between hosts of different groups. Hosts that are not named form one more group. */
  partition(groups: readonly (readonly string[])[]): void {
    this.#groups = new Map(groups.flatMap((names, group) => names.map((name) => [name, group] as const)));
    this.#retryParked();
  }

  /** Ends the partition and all cuts: what waited is sent again. */
  heal(): void {
    this.#groups = undefined;
    for (const route of this.#routes.values()) route.isCut = false;
    this.#retryParked();
  }

  /**
   * Ends a host's process at once: none of its callbacks runs any more. By default its system resets its connections
   * and refuses others; `silently`, the machine is gone and nothing answers. `env` and `transport` of the same name
   * then start a new process.
   */
  kill(name: string, { silently = false } = {}): void {
    const host = this.#hosts.get(name);
    if (host?.state !== "up") return;
    const sockets = [...host.sockets];
    host.end(silently ? "gone" : "dead");
    for (const socket of sockets) socket.vanish(!silently);
  }

  /**
   * Runs events up to a virtual time in milliseconds, where the clock then stands; or until a predicate holds, which is
   * asked between events; or until nothing is left to happen. Resolves to whether it ended for the first two reasons.
   */
  run(until?: number | (() => boolean)): Promise<boolean> {
    return this.#clock.run(until);
  }

  #host(name: string): MemoryHost {
    const known = this.#hosts.get(name);
    if (known?.state === "up") return known;
    const host = new MemoryHost(
      name,
      this.#clock,
      this.#seed,
      (category, process) => this.#logger(name, category, process),
    );
    host.clockOffsetMs = this.#clockOffsets.get(name) ?? 0;
    this.#hosts.set(name, host);
    this.#retryParked();
    return host;
  }

  #route(from: string, to: string): Route {
    const key = `${from} ${to}`;
    let route = this.#routes.get(key);
    if (!route) {
      const options = from === to ? LOOPBACK_LINK : checkLink(this.#linkOf(from, to));
      route = { options, busyUntilMs: 0, isCut: false };
      this.#routes.set(key, route);
    }
    return route;
  }

  #isBlocked(from: MemoryHost, to: MemoryHost): boolean {
    if (to.state === "gone") return true;
    return this.#groups !== undefined && this.#groups.get(from.name) !== this.#groups.get(to.name);
  }

  #isRefused(from: MemoryHost, to: MemoryHost): boolean {
    if (to.state === "up") return false;
    const present = this.#hosts.get(to.name)!;
    return (to.state === "dead" || present !== to) && !this.#isBlocked(from, present);
  }

  #retryParked(): void {
    const parked = [...this.#parked];
    this.#parked.clear();
    for (const task of parked) this.#clock.at(this.#clock.now + this.#defaultLink.latencyMs, task);
  }

  #settling(task: () => void): void {
    this.#clock.expectPromises();
    task();
  }

  #connect(from: MemoryHost, endpoint: Endpoint, signal: AbortSignal): Promise<SocketConnection> {
    return new Promise((resolve, reject) => {
      const dialled = "path" in endpoint ? endpoint : this.#resolved(endpoint);
      const target = "path" in dialled || isOwnName(dialled.host) ? from.name : dialled.host;
      if (!this.#hosts.has(target) && ipVersion(target) === 0) {
        this.#clock.expectPromises();
        return reject(systemError("ENOTFOUND"));
      }
      const [there, back] = [this.#route(from.name, target), this.#route(target, from.name)];
      let timer: Timer | undefined;
      const wait = (delayMs: number, task: () => void): void => void (timer = from.after(delayMs, task));
      signal.addEventListener("abort", () => timer?.cancel(), { once: true });
      const knock = (attempt: number): void => {
        const to = this.#hosts.get(target);
        const isSilent = !to || there.isCut || back.isCut || this.#isBlocked(from, to) || this.#isBlocked(to, from);
        if (isSilent) return wait(FIRST_DIAL_RETRY_MS * 2 ** attempt, () => send(attempt + 1));
        const open = to.listenerFor(dialled) !== undefined;
        wait(back.options.latencyMs, () => this.#settling(() => finish(to, open)));
      };
      const send = (attempt: number): void => {
        wait(there.options.latencyMs, () => knock(attempt));
      };
      const finish = (to: MemoryHost, open: boolean): void => {
        const listener = to.listenerFor(dialled);
        if (!open || !listener) return reject(systemError("ECONNREFUSED"));
        const local = "path" in dialled ? dialled : from.ephemeral(dialled);
        const ends = [{ host: from, local, route: there }, { host: to, local: dialled, route: back }] as const;
        resolve(connectSockets(this.#world, ...ends, listener.accept));
      };
      send(0);
    });
  }

  #resolved(endpoint: TcpEndpoint): TcpEndpoint {
    const [address = endpoint.host] = this.#names.get(endpoint.host) ?? [];
    return { host: address, port: endpoint.port };
  }
}

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code });
}

/** There are no threads in here that could share one. */
function notShared(endpoint: Endpoint): LocalError {
  const reason = "a memory network shares no ports: received reusePort";
  return new LocalError("bad-argument", `Cannot listen on ${formatEndpoint(endpoint)}: ${reason}`);
}

function checkLink(link: LinkOptions): LinkOptions {
  const { latencyMs, jitterMs = 0, lossRate = 0, bandwidthBytesPerSecond = 1, pieceBytes = 1 } = link;
  const least = typeof pieceBytes === "number" ? pieceBytes : pieceBytes.least;
  const isSound = latencyMs >= 0 && jitterMs >= 0 && lossRate >= 0 && lossRate < 1 && bandwidthBytesPerSecond > 0 &&
    least >= 1;
  if (isSound) return link;
  throw new LocalError("bad-argument", `Cannot set a link: a value is out of range: received ${JSON.stringify(link)}`);
}
