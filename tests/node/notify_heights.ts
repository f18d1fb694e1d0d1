/** Heights at which the handler of notify_test.ts misbehaves. */
export const HANGS = 1_000_001;
export const THROWS = 1_000_002;
export const EXITS = 1_000_003;
export const NEVER_SETTLES = 1_000_004;
export const BLOCKS_LATER = 1_000_005;
export const STRAYS = 1_000_006;
