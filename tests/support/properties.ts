import fc from "fast-check";

// By default a list of "at most 300" has ten entries at most, which neither fills a queue nor goes around a ring.
fc.configureGlobal({ defaultSizeToMaxWhenMaxSpecified: true });

export { fc };
