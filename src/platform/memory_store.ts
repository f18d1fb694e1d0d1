import type { Hash } from "../util/hash.ts";
import { checkBlock, checkHash, checkHeader, checkUntil, closedStore, unknownHeader } from "./store_checks.ts";
import type { Store, StoredBan, StoredHeader } from "./types.ts";

/** A store whose process can be killed, for simulations. */
export interface MemoryStore extends Store {
  /**
   * The store as the next process finds it: with what was committed, without the rest. This one is closed by it. Also
   * reopens a store that was closed in order.
   */
  crash(): MemoryStore;
}

/** A store that lives as long as the process, and behaves like the one on disk. */
export function createMemoryStore(): MemoryStore {
  return openState({ headers: new Map(), settings: new Map(), addresses: new Map(), bans: new Map(), anchors: [] });
}

interface HeaderEntry {
  readonly raw: Uint8Array;
  invalid: boolean;
  block: Uint8Array | undefined;
}

interface StoreState {
  /** In order of arrival, which is the order that a Map keeps. */
  readonly headers: Map<Hash, HeaderEntry>;
  readonly settings: Map<string, string>;
  /** Records by endpoint. */
  readonly addresses: Map<string, string>;
  readonly bans: Map<string, StoredBan>;
  anchors: readonly string[];
}

function openState(state: StoreState): MemoryStore {
  const { headers, settings, addresses, bans } = state;
  /** What takes back the writes since the last commit, oldest first. As long as the caller's batch. */
  let undo: (() => void)[] = [];
  let isClosed = false;
  let isHandedOver = false;

  function checkOpen(): void {
    if (isClosed) throw closedStore();
  }

  function find(hash: Hash): HeaderEntry | undefined {
    checkOpen();
    checkHash(hash);
    return headers.get(hash);
  }

  function setBlock(entry: HeaderEntry, block: Uint8Array | undefined): void {
    const before = entry.block;
    undo.push(() => entry.block = before);
    entry.block = block;
  }

  /** Changes one entry of a map; `undefined` removes it. */
  function change<V>(map: Map<string, V>, key: string, value: V | undefined): void {
    checkOpen();
    const before = map.get(key);
    undo.push(() => setEntry(map, key, before));
    setEntry(map, key, value);
  }

  function values<V>(map: ReadonlyMap<string, V>): readonly V[] {
    checkOpen();
    return [...map.values()];
  }

  function commit(): void {
    checkOpen();
    undo = [];
  }

  return {
    *headers(): Generator<StoredHeader> {
      checkOpen();
      for (const [hash, { raw, invalid, block }] of headers) {
        yield { hash, raw: raw.slice(), invalid, blockSize: block?.length ?? 0 };
        checkOpen();
      }
    },

    putHeader(hash, raw) {
      checkHeader(hash, raw);
      if (find(hash)) return;
      undo.push(() => headers.delete(hash));
      headers.set(hash, { raw, invalid: false, block: undefined });
    },

    putBlock(hash, raw) {
      checkBlock(hash, raw);
      const entry = find(hash);
      if (!entry) throw unknownHeader("store block", hash);
      setBlock(entry, raw);
    },

    // A copy, because the caller owns what it gets; what is put is immutable from then on and needs none.
    block: (hash) => find(hash)?.block?.slice(),

    removeBlock(hash) {
      const entry = find(hash);
      if (entry) setBlock(entry, undefined);
    },

    setInvalid(hash, invalid) {
      const entry = find(hash);
      if (!entry) throw unknownHeader("mark block", hash);
      const before = entry.invalid;
      undo.push(() => entry.invalid = before);
      entry.invalid = invalid;
    },

    setting(name) {
      checkOpen();
      return settings.get(name);
    },

    putSetting: (name, value) => change(settings, name, value),

    addresses() {
      checkOpen();
      return Array.from(addresses, ([endpoint, record]) => ({ endpoint, record }));
    },
    putAddress: ({ endpoint, record }) => change(addresses, endpoint, record),
    removeAddress: (endpoint) => change(addresses, endpoint, undefined),

    bans: () => values(bans),
    putBan({ subnet, until, reason }) {
      checkUntil(subnet, until);
      change(bans, subnet, { subnet, until, reason });
    },
    removeBan: (subnet) => change(bans, subnet, undefined),

    anchors() {
      checkOpen();
      return state.anchors;
    },

    putAnchors(endpoints) {
      checkOpen();
      const before = state.anchors;
      undo.push(() => state.anchors = before);
      state.anchors = [...endpoints];
    },

    commit,

    close() {
      if (isClosed) return;
      commit();
      isClosed = true;
    },

    crash() {
      if (isHandedOver) throw closedStore();
      for (const takeBack of undo.reverse()) takeBack();
      undo = [];
      isClosed = true;
      isHandedOver = true;
      return openState(state);
    },
  };
}

function setEntry<V>(map: Map<string, V>, key: string, value: V | undefined): void {
  if (value === undefined) map.delete(key);
  else map.set(key, value);
}
