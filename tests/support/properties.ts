import process from "node:process";
import fc from "fast-check";

/**
 * The same histories each time, so that a change is judged by what it changes and not by the luck of the day;
 * scripts/nightly goes through others.
 */
const SEED = Number(process.env.P2P_PROPERTY_SEED ?? 20_261_130);
if (!Number.isSafeInteger(SEED)) throw new Error("P2P_PROPERTY_SEED takes a whole number");

// By default a list of "at most 300" has ten entries at most, which neither fills a queue nor goes around a ring.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true, seed: SEED });

export { fc };
