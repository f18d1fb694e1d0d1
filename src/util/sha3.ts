/** Rotations of the 25 lanes, in the order in which the permutation visits them (FIPS 202, section 3.2.2). */
const ROTATIONS = [1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44];
/** The lanes in that order. */
const LANES = [10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1];
const SIDE = 5;
const LANE_COUNT = SIDE * SIDE;
const LANE_BITS = 64;
const LANE_BYTES = 8;
const ROUNDS = 24;
/** 136 bytes a block: 1,600 bits of state less twice the digest (FIPS 202, section 6.1). */
const RATE_BYTES = 136;
const DIGEST_BYTES = 32;
const DOMAIN_SUFFIX = 0x06;
const LAST_BIT = 0x80;
const ROUND_CONSTANTS = roundConstants();

/**
 * SHA3-256 (FIPS 202), 32 fresh bytes. Only onion names need it, a few a minute, so it is written to be read: some
 * tens of microseconds a call.
 */
export function sha3(data: Uint8Array): Uint8Array {
  const padded = new Uint8Array((Math.floor(data.length / RATE_BYTES) + 1) * RATE_BYTES);
  padded.set(data);
  padded[data.length] = DOMAIN_SUFFIX;
  padded[padded.length - 1]! |= LAST_BIT;
  const view = new DataView(padded.buffer);
  const state = new BigUint64Array(LANE_COUNT);
  for (let block = 0; block < padded.length; block += RATE_BYTES) {
    for (let lane = 0; lane < RATE_BYTES / LANE_BYTES; lane++) {
      state[lane]! ^= view.getBigUint64(block + lane * LANE_BYTES, true);
    }
    permute(state);
  }
  const digest = new DataView(new ArrayBuffer(DIGEST_BYTES));
  for (let lane = 0; lane < DIGEST_BYTES / LANE_BYTES; lane++) {
    digest.setBigUint64(lane * LANE_BYTES, state[lane]!, true);
  }
  return new Uint8Array(digest.buffer);
}

function permute(state: BigUint64Array): void {
  const parity = new BigUint64Array(SIDE);
  const row = new BigUint64Array(SIDE);
  for (let round = 0; round < ROUNDS; round++) {
    for (let x = 0; x < SIDE; x++) {
      parity[x] = 0n;
      for (let lane = x; lane < LANE_COUNT; lane += SIDE) parity[x]! ^= state[lane]!;
    }
    for (let lane = 0; lane < LANE_COUNT; lane++) {
      const x = lane % SIDE;
      state[lane]! ^= parity[(x + SIDE - 1) % SIDE]! ^ rotate(parity[(x + 1) % SIDE]!, 1);
    }
    let moving = state[1]!;
    for (let i = 0; i < LANES.length; i++) {
      const replaced = state[LANES[i]!]!;
      state[LANES[i]!] = rotate(moving, ROTATIONS[i]!);
      moving = replaced;
    }
    for (let y = 0; y < LANE_COUNT; y += SIDE) {
      row.set(state.subarray(y, y + SIDE));
      for (let x = 0; x < SIDE; x++) state[y + x] = row[x]! ^ (~row[(x + 1) % SIDE]! & row[(x + 2) % SIDE]!);
    }
    state[0]! ^= ROUND_CONSTANTS[round]!;
  }
}

function rotate(lane: bigint, bits: number): bigint {
  return BigInt.asUintN(LANE_BITS, (lane << BigInt(bits)) | (lane >> BigInt(LANE_BITS - bits)));
}

/** The constants come from a shift register of 8 bits (FIPS 202, section 3.2.5). */
function roundConstants(): readonly bigint[] {
  const feedback = 0x171;
  const registerBits = 8;
  const bitsARound = 7;
  let register = 1;
  return Array.from({ length: ROUNDS }, () => {
    let constant = 0n;
    for (let j = 0; j < bitsARound; j++) {
      if ((register & 1) !== 0) constant |= 1n << ((1n << BigInt(j)) - 1n);
      register <<= 1;
      if ((register >> registerBits) !== 0) register ^= feedback;
    }
    return constant;
  });
}
