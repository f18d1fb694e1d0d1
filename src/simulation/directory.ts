import type { AddressSource, Candidate } from "../net/address_source.ts";
import type { TcpEndpoint } from "../platform/types.ts";
import { pick, type Random } from "./chance.ts";

/** Knows where everybody is, and names one by chance: for networks in which finding addresses is not the question. */
export class Directory implements AddressSource {
  readonly #random: Random;
  readonly #endpoints: readonly TcpEndpoint[];

  constructor(random: Random, endpoints: readonly TcpEndpoint[]) {
    this.#random = random;
    this.#endpoints = endpoints;
  }

  select(): Candidate | undefined {
    return this.#endpoints.length > 0 ? { endpoint: pick(this.#random, this.#endpoints) } : undefined;
  }

  isDoor(): boolean {
    return false;
  }

  attempted(): void {}
  connected(): void {}
  failed(): void {}
  reseed(): void {}
}
