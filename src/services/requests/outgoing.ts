import { checkBytes, checkTimeout } from "../../protocol/caller_checks.ts";
import type { PeerSet } from "../../net/peers.ts";
import type { Peer } from "../../peer/peer.ts";
import { takesApps } from "../../peer/takes_apps.ts";
import { LocalError } from "../../protocol/errors.ts";
import { type MessageOf, RESPONSE_STATUS } from "../../protocol/messages.ts";
import { MAX_REQUESTS_PER_PEER, REQUEST_TIMEOUT_MS } from "../../protocol/app_params.ts";
import { Deadlines } from "../../util/deadlines.ts";
import type { Env } from "../../util/env.ts";
import { escapeText } from "../../util/escape.ts";

export interface RequestOptions {
  /** Milliseconds until the answer must be there, at most an hour; 10 s if left out. */
  readonly timeoutMs?: number;
  /** Gives the request up: the peer is told so, and the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** One request that waits for its answer. */
interface Asked {
  readonly peer: Peer;
  readonly id: number;
  readonly method: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (reason: unknown) => void;
}

interface PeerRequests {
  readonly peer: Peer;
  readonly asked: Map<number, Asked>;
  nextId: number;
}

/** 200 characters of a remote's explanation are kept: enough for a sentence. */
const MAX_EXPLANATION_LENGTH = 200;
const decoder = new TextDecoder();

/** What a status means to who asked. The remote's own words are only the error's cause. */
const REFUSALS: ReadonlyMap<number, string> = new Map([
  [RESPONSE_STATUS["no-method"], "nobody answers this method there"],
  [RESPONSE_STATUS.failed, "the method failed there"],
  [RESPONSE_STATUS.busy, "the peer has too many requests or answers under way"],
  [RESPONSE_STATUS["too-late"], "the method took too long there"],
]);

/** Requests of ours: each is settled once, by its answer, its time, its signal, or the end of the connection. */
export class OutgoingRequests {
  readonly #peers: PeerSet;
  /** Of peers that were ever asked something. */
  readonly #byPeer = new Map<number, PeerRequests>();
  readonly #deadlines: Deadlines<Asked>;
  #isClosed = false;
  #unmatched = 0;

  constructor(env: Env, peers: PeerSet) {
    this.#peers = peers;
    this.#deadlines = new Deadlines(env, (asked) => this.#onTimeout(asked));
  }

  get pending(): number {
    return this.#deadlines.size;
  }

  /** Responses that matched no request. */
  get unmatched(): number {
    return this.#unmatched;
  }

  remove(peer: Peer): void {
    const all = this.#byPeer.get(peer.id)?.asked.values() ?? [];
    this.#byPeer.delete(peer.id);
    for (const asked of [...all]) this.#fail(asked, "unreachable", "the connection ended");
  }

  close(): void {
    this.#isClosed = true;
    for (const { asked } of this.#byPeer.values()) {
      for (const each of [...asked.values()]) this.#fail(each, "stopped", "the node stops");
    }
    this.#deadlines.close();
  }

  ask(peerId: number, method: string, payload: Uint8Array, options: RequestOptions): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const { timeoutMs = REQUEST_TIMEOUT_MS, signal } = options;
      checkTimeout(`request ${method} of peer ${peerId}`, timeoutMs);
      checkBytes(`request ${method} of peer ${peerId}`, payload);
      signal?.throwIfAborted();
      if (this.#isClosed) throw refusal("stopped", method, peerId, "the node is stopped");
      const state = this.#byPeer.get(peerId) ?? this.#begin(peerId);
      if (!state) throw refusal("unreachable", method, peerId, "no such peer, or one that takes no requests");
      if (state.asked.size >= MAX_REQUESTS_PER_PEER) {
        throw refusal("limit", method, peerId, `${MAX_REQUESTS_PER_PEER} requests are under way`);
      }
      const id = newId(state);
      const onAbort = () => {
        this.#withdraw(asked);
        asked.reject(signal?.reason);
      };
      const asked: Asked = { peer: state.peer, id, method, timeoutMs, signal, onAbort, resolve, reject };
      if (!state.peer.send({ type: "request", id, method, payload })) {
        throw refusal("limit", method, peerId, "the peer takes no more data for now");
      }
      // The answer comes in a later turn at the earliest.
      signal?.addEventListener("abort", onAbort, { once: true });
      state.asked.set(id, asked);
      this.#deadlines.set(asked, timeoutMs);
    });
  }

  onResponse(peer: Peer, message: MessageOf<"response">): void {
    const asked = this.#byPeer.get(peer.id)?.asked.get(message.id);
    if (!asked) {
      this.#unmatched++;
      return;
    }
    this.#forget(asked);
    if (message.status === RESPONSE_STATUS.ok) return asked.resolve(message.payload);
    const why = REFUSALS.get(message.status) ?? `refused for a reason that is not known here (${message.status})`;
    const code = message.status === RESPONSE_STATUS["no-method"] ? "no-method" : "refused";
    asked.reject(refusal(code, asked.method, peer.id, why, { cause: explain(message.payload) }));
  }

  /** Undefined if there is no such peer, or it takes no requests. */
  #begin(peerId: number): PeerRequests | undefined {
    const peer = this.#peers.get(peerId);
    if (!peer || peer.isOver || !takesApps(peer)) return undefined;
    const state = { peer, asked: new Map(), nextId: 0 };
    this.#byPeer.set(peerId, state);
    return state;
  }

  #onTimeout(asked: Asked): void {
    this.#withdraw(asked);
    asked.reject(refusal("timeout", asked.method, asked.peer.id, `no answer within ${asked.timeoutMs} ms`));
  }

  #withdraw(asked: Asked): void {
    this.#forget(asked);
    asked.peer.send({ type: "cancel", id: asked.id });
  }

  #fail(asked: Asked, code: "unreachable" | "stopped", why: string): void {
    this.#forget(asked);
    asked.reject(refusal(code, asked.method, asked.peer.id, why));
  }

  #forget(asked: Asked): void {
    this.#byPeer.get(asked.peer.id)?.asked.delete(asked.id);
    this.#deadlines.clear(asked);
    asked.signal?.removeEventListener("abort", asked.onAbort);
  }
}

/** The next number that no request under way has. It ends: fewer requests than numbers are allowed. */
function newId(state: PeerRequests): number {
  do state.nextId = (state.nextId + 1) >>> 0; while (state.asked.has(state.nextId));
  return state.nextId;
}

function explain(payload: Uint8Array): string {
  return escapeText(decoder.decode(payload.subarray(0, MAX_EXPLANATION_LENGTH)));
}

function refusal(
  code: LocalError["code"],
  method: string,
  peerId: number,
  why: string,
  options?: ErrorOptions,
): LocalError {
  return new LocalError(code, `Cannot request ${method} of peer ${peerId}: ${why}`, options);
}
