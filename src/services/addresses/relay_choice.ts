import { RELAY_PEERS, RELAY_PERIOD_SECONDS } from "../../protocol/address_params.ts";
import type { Env } from "../../util/env.ts";
import { readSipKey, sipHash24, type SipKey } from "../../util/siphash.ts";

const SIP_KEY_BYTES = 16;
const NUMBER_BYTES = 4;

/**
 * To whom an address is passed on: for a day always the same peers, so that a repeated one goes no further than before;
 * which ones, nobody can foresee.
 */
export class RelayChoice {
  readonly #key: SipKey;
  readonly #hash = new Uint32Array(2);

  constructor(env: Pick<Env, "randomBytes">) {
    this.#key = readSipKey(env.randomBytes(SIP_KEY_BYTES));
  }

  /** `addressKey`: characters below 256. Where we cannot dial it ourselves, one peer has to do. */
  choose<P extends { readonly id: number }>(
    addressKey: string,
    peers: readonly P[],
    isDialable: boolean,
    wallSeconds: number,
  ): readonly P[] {
    const data = Uint8Array.from(
      addressKey.padStart(addressKey.length + 2 * NUMBER_BYTES, "\0"),
      (character) => character.charCodeAt(0),
    );
    const view = new DataView(data.buffer);
    view.setUint32(0, this.#period(data, wallSeconds));
    const ranked = peers.map((peer) => {
      view.setUint32(NUMBER_BYTES, peer.id);
      return { peer, rank: this.#rank(data) };
    });
    const count = isDialable ? RELAY_PEERS : 1;
    return ranked.sort((left, right) => left.rank - right.rank).slice(0, count).map(({ peer }) => peer);
  }

  /** The day, which begins at another time for each address. */
  #period(data: Uint8Array, wallSeconds: number): number {
    return Math.floor((wallSeconds + this.#rank(data) % RELAY_PERIOD_SECONDS) / RELAY_PERIOD_SECONDS);
  }

  #rank(data: Uint8Array): number {
    sipHash24(this.#key, data, this.#hash);
    return this.#hash[0]!;
  }
}
