import { concatBytes } from "../util/bytes.ts";
import { hash256, type Hasher } from "../util/hash.ts";

/** 48 bits of a hash: as many as a number holds exactly, and more than an attacker can search for among groups. */
const KEY_HEX_DIGITS = 12;
const HEX_RADIX = 16;

/** Numbers for names, which nobody can foretell who does not have the secret. */
export function createGroupKeys(hasher: Hasher, secret: Uint8Array): (group: string) => number {
  const encoder = new TextEncoder();
  return (group) => {
    const hash = hash256(hasher, concatBytes([secret, encoder.encode(group)]));
    return Number.parseInt(hash.slice(-KEY_HEX_DIGITS), HEX_RADIX);
  };
}
