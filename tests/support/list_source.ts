import type { AddressSource, Candidate, SlotKind } from "../../src/net/address_source.ts";
import type { Peer } from "../../src/peer/peer.ts";
import type { TcpEndpoint } from "../../src/platform/types.ts";
import { formatEndpoint } from "../../src/util/endpoint.ts";

/** An address source that knows a list of endpoints by heart and names one of them by chance. */
export class ListSource implements AddressSource {
  readonly endpoints: TcpEndpoint[];
  readonly attempts: [endpoint: string, at: number][] = [];
  readonly successes: string[] = [];
  readonly failures: string[] = [];
  reseeds = 0;
  readonly #random: () => number;

  constructor(endpoints: readonly TcpEndpoint[], random: () => number) {
    this.endpoints = [...endpoints];
    this.#random = random;
  }

  select(_kind: SlotKind): Candidate | undefined {
    const endpoint = this.endpoints[Math.floor(this.#random() * this.endpoints.length)];
    return endpoint && { endpoint };
  }

  isDoor(): boolean {
    return false;
  }

  attempted(endpoint: TcpEndpoint, now: number): void {
    this.attempts.push([formatEndpoint(endpoint), now]);
  }

  connected(peer: Peer): void {
    this.successes.push(formatEndpoint(peer.dialled));
  }

  failed(endpoint: TcpEndpoint): void {
    this.failures.push(formatEndpoint(endpoint));
  }

  reseed(): void {
    this.reseeds++;
  }
}
