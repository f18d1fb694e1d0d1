import type { Service } from "./service.ts";

const COMMANDS: ReadonlySet<string> = new Set(["filterload", "filteradd", "filterclear"]);

/** Filters (BIP37) are not served here, and whoever sets one has to be let go (BIP111), or it would wait for ever. */
export const bloomFilters: Service = {
  name: "bloom-filters",
  handles: {
    unknown(peer, { command }) {
      if (COMMANDS.has(command)) peer.close(`${command}: bloom filters are not served here`);
    },
  },
};
