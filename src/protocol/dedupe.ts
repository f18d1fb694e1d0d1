/** What is done about announcements that repeat others: nothing, or count them, or drop those that tell nothing new. */
export const DEDUPE_MODES = ["off", "count", "drop"] as const;

/** One of them; see `DEDUPE_MODES`. */
export type DedupeMode = (typeof DEDUPE_MODES)[number];
