const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;
/** Finalizer of MurmurHash3: FNV alone leaves names that differ in their last letter close to each other. */
const MIX_1 = 0x85ebca6b;
const MIX_2 = 0xc2b2ae35;
const SHIFT_1 = 16;
const SHIFT_2 = 13;

/**
 * How strongly a name is drawn to a key, as an unsigned integer of 32 bits. A key goes to the name of the highest score:
 * when a name joins or leaves, only the keys that it wins or had move (rendezvous hashing, Thaler and Ravishankar).
 */
export function attraction(key: string, name: string): number {
  let hash = absorb(FNV_OFFSET, key);
  hash = Math.imul(hash ^ key.length, FNV_PRIME);
  hash = absorb(hash, name);
  hash = Math.imul(hash ^ (hash >>> SHIFT_1), MIX_1);
  hash = Math.imul(hash ^ (hash >>> SHIFT_2), MIX_2);
  return (hash ^ (hash >>> SHIFT_1)) >>> 0;
}

/** FNV-1a over the UTF-16 units of a text. */
function absorb(hash: number, text: string): number {
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME);
  return hash;
}
