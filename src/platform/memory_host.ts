import { formatEndpoint, ipVersion, isLoopback } from "../util/endpoint.ts";
import type { Env, Logger, Timer } from "../util/env.ts";
import { LocalError } from "../protocol/errors.ts";
import { SeededRandom } from "./seeded_random.ts";
import type { Connection, Endpoint, Listener, TcpEndpoint } from "./types.ts";
import type { TaskOwner, VirtualClock } from "./virtual_clock.ts";

/** The range that IANA sets aside for the ports of those who dial (RFC 6335). */
const FIRST_EPHEMERAL_PORT = 49_152;
const LAST_PORT = 65_535;
/** 2033-05-18T03:33:20Z: what the clock on a simulated wall shows at the start. Later than any chain that a test brings. */
const WALL_CLOCK_START_MS = 2_000_000_000_000;

export interface MemoryListener {
  readonly local: Endpoint;
  readonly accept: (connection: Connection) => void;
}

/** A socket as its host knows it. */
export interface HostSocket {
  /** Whether the process knows of it: one that is dialled lies with the system until the opening arrives. */
  readonly isKnown: boolean;
  /** The host's process ended: nothing of it runs any more. Its system may still tell the remote. */
  vanish(tellRemote: boolean): void;
}

/** One machine of a memory network, with one process on it. After its end nothing of it runs any more. */
export class MemoryHost implements TaskOwner {
  readonly name: string;
  /** `up`; `dead`: the process ended, and its system refuses; `gone`: nothing answers. */
  state: "up" | "dead" | "gone" = "up";
  readonly sockets = new Set<HostSocket>();
  /** Timers that have yet to fire. */
  timerCount = 0;
  /** Groups of the local network that it is in. */
  groupCount = 0;
  /** By how much the clock on the wall is ahead. */
  clockOffsetMs = 0;
  readonly #clock: VirtualClock;
  readonly #random: SeededRandom;
  readonly #logger: (category: string, process: MemoryHost) => Logger;
  readonly #listeners: MemoryListener[] = [];
  #nextPort = FIRST_EPHEMERAL_PORT;

  constructor(
    name: string,
    clock: VirtualClock,
    seed: number,
    logger: (category: string, process: MemoryHost) => Logger,
  ) {
    this.name = name;
    this.#clock = clock;
    this.#random = new SeededRandom(seed, name);
    this.#logger = logger;
  }

  env(): Env {
    return {
      now: () => this.#clock.now,
      clock: () => this.#clock.now,
      wallClock: () => WALL_CLOCK_START_MS + Math.floor(this.#clock.now + this.clockOffsetMs),
      after: (delayMs, task) => this.after(delayMs, task),
      soon: (task) => this.soon(task),
      nextTurn: (task) => this.#clock.nextTurn(task, this),
      randomBytes: (sizeBytes) => this.#random.bytes(sizeBytes),
      random: () => this.#random.number(),
      logger: (category) => this.#logger(category, this),
    };
  }

  after(delayMs: number, task: () => void): Timer {
    return this.#clock.after(delayMs, task, this);
  }

  soon(task: () => void): void {
    this.#clock.soon(task, this);
  }

  /** Runs `task` whether or not the process has ended by then: what was sent is on its way. */
  deliver(delayMs: number, task: () => void): void {
    this.#clock.at(this.#clock.now + delayMs, { run: task });
  }

  get isUp(): boolean {
    return this.state === "up";
  }

  get listenerCount(): number {
    return this.#listeners.length + this.groupCount;
  }

  listen(endpoint: Endpoint, accept: MemoryListener["accept"]): Listener {
    const local = "path" in endpoint || endpoint.port !== 0
      ? endpoint
      : { host: endpoint.host, port: this.#freePort() };
    if (this.#listeners.some((other) => clash(other.local, local))) {
      const reason = "the address is already in use";
      throw new LocalError("address-in-use", `Cannot listen on ${formatEndpoint(endpoint)}: ${reason}`);
    }
    const listener = { local, accept };
    this.#listeners.push(listener);
    const close = () => {
      const index = this.#listeners.indexOf(listener);
      if (index >= 0) this.#listeners.splice(index, 1);
    };
    return { local, close };
  }

  /** Who listens where a caller dialled. */
  listenerFor(dialled: Endpoint): MemoryListener | undefined {
    return this.#listeners.find(({ local }) => answers(local, dialled));
  }

  /** The address and port that a connection to `dialled` comes from. */
  ephemeral(dialled: TcpEndpoint): TcpEndpoint {
    const host = isOwnName(dialled.host) ? dialled.host : this.name;
    return { host, port: this.#freePort() };
  }

  /** Ends the process, without a word to anything in it. */
  end(state: "dead" | "gone"): void {
    this.state = state;
    this.#listeners.length = 0;
  }

  #freePort(): number {
    const port = this.#nextPort;
    this.#nextPort = port === LAST_PORT ? FIRST_EPHEMERAL_PORT : port + 1;
    const isTaken = this.#listeners.some(({ local }) => "port" in local && local.port === port);
    return isTaken ? this.#freePort() : port;
  }
}

/** Whether a host that is dialled by this name is the dialling one. */
export function isOwnName(host: string): boolean {
  return host === "localhost" || isLoopback(host);
}

function clash(left: Endpoint, right: Endpoint): boolean {
  if ("path" in left || "path" in right) return "path" in left && "path" in right && left.path === right.path;
  if (left.port !== right.port) return false;
  return left.host === right.host || covers(left.host, right.host) || covers(right.host, left.host);
}

function answers(local: Endpoint, dialled: Endpoint): boolean {
  if ("path" in local || "path" in dialled) return "path" in local && "path" in dialled && local.path === dialled.path;
  return local.port === dialled.port && (local.host === dialled.host || covers(local.host, dialled.host));
}

/** Whether listening on `wildcard` takes what comes for `host`; names that are no address count for both families. */
function covers(wildcard: string, host: string): boolean {
  if (wildcard === "0.0.0.0") return ipVersion(host) !== 6;
  return wildcard === "::" && ipVersion(host) !== 4;
}
