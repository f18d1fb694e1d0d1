import type { Store } from "../platform/types.ts";
import type { Hash } from "../util/hash.ts";

/**
 * A store whose writes, and reads of blocks, never throw: the first that fails is reported once, and after it nothing is
 * written any more. Who promises somebody that something was written asks `failure` first.
 */
export interface GuardedStore extends Store {
  /** What made a write or a read fail. */
  readonly failure: Error | undefined;
  /** Ends it for what the caller found wrong with it. */
  fail(error: Error): void;
}

/** Guards a store. `onFailure` is called within the call that failed. */
export function guardStore(store: Store, onFailure: (error: Error) => void): GuardedStore {
  let failure: Error | undefined;

  function fail(error: unknown): void {
    if (failure) return;
    failure = error instanceof Error ? error : new Error(String(error));
    onFailure(failure);
  }

  function guarded<A extends unknown[]>(write: (...values: A) => void): (...values: A) => void {
    return (...values) => {
      if (failure) return;
      try {
        write(...values);
      } catch (error) {
        fail(error);
      }
    };
  }

  /** Undefined after a failure: whoever asks for a block can do without, and it may be a wrong one. */
  function block(hash: Hash): Uint8Array | undefined {
    if (failure) return undefined;
    try {
      return store.block(hash);
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  return {
    get failure() {
      return failure;
    },
    fail,
    headers: () => store.headers(),
    block,
    setting: (name) => store.setting(name),
    addresses: () => store.addresses(),
    bans: () => store.bans(),
    anchors: () => store.anchors(),
    putHeader: guarded((hash, raw) => store.putHeader(hash, raw)),
    putBlock: guarded((hash, raw) => store.putBlock(hash, raw)),
    removeBlock: guarded((hash) => store.removeBlock(hash)),
    setInvalid: guarded((hash, invalid) => store.setInvalid(hash, invalid)),
    putSetting: guarded((name, value) => store.putSetting(name, value)),
    putAddress: guarded((address) => store.putAddress(address)),
    removeAddress: guarded((endpoint) => store.removeAddress(endpoint)),
    putBan: guarded((ban) => store.putBan(ban)),
    removeBan: guarded((subnet) => store.removeBan(subnet)),
    putAnchors: guarded((endpoints) => store.putAnchors(endpoints)),
    commit: guarded(() => store.commit()),
    close: () => store.close(),
  };
}
