import type { Buffer } from "node:buffer";
import {
  blockHash,
  headersPayload,
  invPayload,
  parseInv,
  parseLocator,
  type RawPeer,
  type VersionFields,
  versionPayload,
} from "./raw_peer.ts";

/** Headers in one answer (Bitcoin protocol). */
const HEADERS_PAGE = 2000;

/** What a peer with a chain does when asked for a block, by its height: true to send it. */
export type Willing = (height: number) => boolean;

/**
 * Makes a raw peer an honest full node with the given chain (an index is a height): it shakes hands and answers pings,
 * getheaders and getdata. `willing` may make it less honest.
 */
export function serveChain(
  peer: RawPeer,
  chain: readonly Buffer[],
  willing: Willing = () => true,
  fields: VersionFields = {},
): void {
  const heights = new Map(chain.map((block, height) => [blockHash(block), height]));

  const answers: Readonly<Record<string, (payload: Buffer) => void>> = {
    version: () => {
      peer.send("version", versionPayload({ height: chain.length - 1, ...fields }));
      peer.send("verack");
    },
    ping: (payload) => peer.send("pong", payload),
    getheaders: (payload) => {
      const known = parseLocator(payload).hashes.find((hash) => heights.has(hash));
      const from = known === undefined ? 1 : heights.get(known)! + 1;
      peer.send("headers", headersPayload(chain.slice(from, from + HEADERS_PAGE)));
    },
    getdata: (payload) => {
      for (const { kind, hash } of parseInv(payload)) {
        const height = heights.get(hash);
        if (height === undefined) peer.send("notfound", invPayload(kind, [hash]));
        else if (willing(height)) peer.send("block", chain[height]);
      }
    },
  };

  peer.listen(({ command, payload }) => answers[command]?.(payload));
}
