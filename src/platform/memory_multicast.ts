import { isOwnName, type MemoryHost } from "./memory_host.ts";
import type { Route } from "./memory_pipe.ts";
import type { SeededRandom } from "./seeded_random.ts";
import type { Multicast, MulticastSink, MulticastSocket, TcpEndpoint } from "./types.ts";

/** What groups need to know of the network around them. */
export interface MulticastWorld {
  readonly random: SeededRandom;
  route(from: string, to: string): Route;
  isBlocked(from: MemoryHost, to: MemoryHost): boolean;
}

interface Member {
  readonly host: MemoryHost;
  /** Of the group, and the interface: on loopback nobody but the host itself hears it. */
  readonly place: string;
  readonly sink: MulticastSink;
}

/** Groups of a memory network: all its hosts are on one local network. Datagrams are lost where a link loses pieces. */
export class MemoryMulticast {
  readonly #world: MulticastWorld;
  readonly #members = new Set<Member>();

  constructor(world: MulticastWorld) {
    this.#world = world;
  }

  of(host: MemoryHost): Multicast {
    return {
      interfacesOf: (name) => [isOwnName(name) ? name : host.name],
      join: (group, interfaceAddress, sink) => this.#join(host, group, interfaceAddress, sink),
    };
  }

  #join(host: MemoryHost, group: TcpEndpoint, interfaceAddress: string, sink: MulticastSink): MulticastSocket {
    const segment = isOwnName(interfaceAddress) ? `${host.name} itself` : "";
    const member = { host, place: `${group.host}:${group.port} ${segment}`, sink };
    this.#members.add(member);
    host.groupCount++;
    const isIn = () => host.isUp && this.#members.has(member);
    host.soon(() => {
      if (isIn()) sink.joined();
    });
    return {
      send: (bytes) => {
        if (!isIn()) return;
        for (const other of this.#members) if (other.place === member.place) this.#send(member, other, bytes.slice());
      },
      close: () => {
        if (this.#members.delete(member)) host.groupCount--;
      },
    };
  }

  #send({ host: from }: Member, to: Member, bytes: Uint8Array): void {
    const { random, route, isBlocked } = this.#world;
    const { isCut, options: { latencyMs, jitterMs = 0, lossRate = 0 } } = route(from.name, to.host.name);
    if (isCut || isBlocked(from, to.host) || (lossRate > 0 && random.number() < lossRate)) return;
    from.deliver(latencyMs + (jitterMs > 0 ? jitterMs * random.number() : 0), () => {
      if (!to.host.isUp || !this.#members.has(to) || isBlocked(from, to.host)) return;
      to.sink.received(bytes, from.name);
    });
  }
}
