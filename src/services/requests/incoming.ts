import type { Peer } from "../../peer/peer.ts";
import { takesApps } from "../../peer/takes_apps.ts";
import { LocalError, RemoteFault } from "../../protocol/errors.ts";
import { type MessageOf, RESPONSE_STATUS } from "../../protocol/messages.ts";
import {
  HANDLER_TIMEOUT_MS,
  MAX_HANDLER_BYTES,
  MAX_HANDLER_BYTES_PER_PEER,
  MAX_HANDLERS,
  MAX_HANDLERS_PER_PEER,
} from "../../protocol/app_params.ts";
import { RARE_LOG_INTERVAL_MS } from "../../protocol/params.ts";
import { MAX_METHOD_BYTES } from "../../protocol/wire_limits.ts";
import { Deadlines } from "../../util/deadlines.ts";
import type { Env } from "../../util/env.ts";
import { RareLog } from "../../util/rare_log.ts";
import { Quota } from "../../util/quota.ts";
import { nameSize } from "../../wire/app_bodies.ts";

/** Who asks for what. */
export interface RequestContext {
  /** The name that the handler was registered for. */
  readonly method: string;
  /** Id of the peer that asks. */
  readonly peer: number;
  /** Aborts when the answer is no longer wanted: cancelled, too late, or the peer is gone. */
  readonly signal: AbortSignal;
}

/**
 * Answers requests of one method. What it throws is logged, and the peer hears that the method failed: the message of a
 * LocalError, which is meant for callers, and of no other error.
 */
export type RequestHandler = (payload: Uint8Array, context: RequestContext) => Uint8Array | Promise<Uint8Array>;

interface PeerState {
  readonly peer: Peer;
  /** Requests that wait for their answer, by id. */
  readonly waiting: Map<number, Answering>;
}

const NO_BYTES = new Uint8Array(0);
const encoder = new TextEncoder();

/** One request that a handler is busy with. Most handlers never ask for the signal. */
class Answering implements RequestContext {
  readonly id: number;
  readonly method: string;
  readonly peer: number;
  readonly sizeBytes: number;
  #controller: AbortController | undefined;
  #isAborted = false;

  constructor(peer: number, { id, method, payload }: MessageOf<"request">) {
    this.peer = peer;
    this.id = id;
    this.method = method;
    this.sizeBytes = payload.length;
  }

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#isAborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#isAborted = true;
    this.#controller?.abort();
  }
}

/**
 * Requests of peers. A handler keeps its place in the quota until it settles or its time is over, cancelled or not:
 * else asking and cancelling in turn would start any number of them.
 */
export class IncomingRequests {
  readonly #log: RareLog;
  readonly #handlers = new Map<string, RequestHandler>();
  /** Of peers that ever asked something. */
  readonly #byPeer = new Map<number, PeerState>();
  readonly #quota = new Quota({
    items: MAX_HANDLERS,
    bytes: MAX_HANDLER_BYTES,
    itemsPerPeer: MAX_HANDLERS_PER_PEER,
    bytesPerPeer: MAX_HANDLER_BYTES_PER_PEER,
  });
  readonly #deadlines: Deadlines<Answering>;
  #isClosed = false;
  readonly counts = { answered: 0, failed: 0, busy: 0, unanswered: 0, unknownCancels: 0 };

  constructor(env: Env) {
    this.#log = new RareLog(env.logger("requests"), () => env.now(), RARE_LOG_INTERVAL_MS);
    this.#deadlines = new Deadlines(env, (answering) => this.#onTimeout(answering));
  }

  /** Handlers that are busy. */
  get running(): number {
    return this.#quota.items;
  }

  methods(): readonly string[] {
    return [...this.#handlers.keys()];
  }

  /** Throws LocalError if the name is no method's, somebody answers it already, or the node is stopped. */
  handle(method: string, handler: RequestHandler): Disposable {
    if (this.#isClosed) throw new LocalError("stopped", `Cannot handle ${method}: the node is stopped`);
    nameSize(method, MAX_METHOD_BYTES);
    if (this.#handlers.has(method)) {
      throw new LocalError("bad-argument", `Cannot handle ${method}: it has a handler already`);
    }
    this.#handlers.set(method, handler);
    return {
      [Symbol.dispose]: () => {
        if (this.#handlers.get(method) === handler) this.#handlers.delete(method);
      },
    };
  }

  remove(peer: Peer): void {
    const waiting = this.#byPeer.get(peer.id)?.waiting.values() ?? [];
    this.#byPeer.delete(peer.id);
    for (const answering of waiting) answering.abort();
  }

  close(): void {
    this.#isClosed = true;
    for (const { peer } of [...this.#byPeer.values()]) this.remove(peer);
    this.#deadlines.close();
  }

  onRequest(peer: Peer, message: MessageOf<"request">): void {
    if (this.#isClosed || !takesApps(peer)) return;
    const state = this.#stateOf(peer);
    const { id, method, payload } = message;
    if (state.waiting.has(id)) throw new RemoteFault("unexpected-message", "a request under an id that is in use");
    const handler = this.#handlers.get(method);
    if (!handler) return this.#refuse(peer, id, "no-method");
    if (!this.#quota.hasRoom(peer.id, payload.length)) {
      this.counts.busy++;
      return this.#refuse(peer, id, "busy");
    }
    this.#run(state, handler, payload, new Answering(peer.id, message));
  }

  #stateOf(peer: Peer): PeerState {
    let state = this.#byPeer.get(peer.id);
    if (!state) this.#byPeer.set(peer.id, state = { peer, waiting: new Map() });
    return state;
  }

  onCancel(peer: Peer, message: MessageOf<"cancel">): void {
    const state = this.#byPeer.get(peer.id);
    const answering = state?.waiting.get(message.id);
    if (!answering) this.counts.unknownCancels++;
    state?.waiting.delete(message.id);
    answering?.abort();
  }

  #run({ peer, waiting }: PeerState, handler: RequestHandler, payload: Uint8Array, answering: Answering): void {
    try {
      const answer = handler(payload, answering);
      if (answer instanceof Uint8Array) return this.#answer(peer, answering, answer);
      waiting.set(answering.id, answering);
      this.#quota.take(peer.id, answering.sizeBytes);
      this.#deadlines.set(answering, HANDLER_TIMEOUT_MS);
      Promise.resolve(answer).then(
        (payload) => this.#settle(answering, () => this.#answer(peer, answering, payload)),
        (error: unknown) => this.#settle(answering, () => this.#fail(peer, answering, error)),
      );
    } catch (error) {
      this.#fail(peer, answering, error);
    }
  }

  /** Gives up the place of a handler that is done, and says so to the peer if it still waits. */
  #settle(answering: Answering, say: () => void): void {
    this.#release(answering);
    const waiting = this.#byPeer.get(answering.peer)?.waiting;
    if (waiting?.get(answering.id) !== answering) return;
    waiting.delete(answering.id);
    say();
  }

  #onTimeout(answering: Answering): void {
    const { method, peer } = answering;
    this.#log.write("error", `late ${method}`, "a handler took too long", () => ({ method, peer }));
    this.#quota.give(answering.peer, answering.sizeBytes);
    const state = this.#byPeer.get(answering.peer);
    answering.abort();
    if (state?.waiting.get(answering.id) !== answering) return;
    state.waiting.delete(answering.id);
    this.counts.failed++;
    this.#refuse(state.peer, answering.id, "too-late");
  }

  /** Once: a handler that settles after its time was over has given up its place already. */
  #release(answering: Answering): void {
    if (this.#deadlines.clear(answering)) this.#quota.give(answering.peer, answering.sizeBytes);
  }

  #answer(peer: Peer, { id, method }: Answering, payload: unknown): void {
    try {
      if (!(payload instanceof Uint8Array)) {
        throw new LocalError("bad-argument", `Cannot answer ${method}: bytes are wanted: received ${typeof payload}`);
      }
      if (peer.send({ type: "response", id, status: RESPONSE_STATUS.ok, payload })) return void this.counts.answered++;
      // So it hears at once, and may ask somebody else or again.
      this.counts.busy++;
      this.#refuse(peer, id, "busy");
    } catch (error) {
      // The handler's answer is none, or too long to be sent.
      if (!(error instanceof LocalError)) throw error;
      const { message } = error;
      this.#log.write(
        "error",
        `answer ${method}`,
        "a handler's answer cannot be sent",
        () => ({ method, error: message }),
      );
      this.counts.failed++;
      this.#refuse(peer, id, "failed");
    }
  }

  #fail(peer: Peer, { id, method }: Answering, error: unknown): void {
    this.counts.failed++;
    this.#log.write("error", `failed ${method}`, "a handler threw", () => {
      return { method, peer: peer.id, stack: error instanceof Error ? error.stack : error };
    });
    this.#refuse(peer, id, "failed", error instanceof LocalError ? error.message : "");
  }

  #refuse(peer: Peer, id: number, why: keyof typeof RESPONSE_STATUS, text = ""): void {
    const payload = text === "" ? NO_BYTES : encoder.encode(text);
    this.#send(peer, { type: "response", id, status: RESPONSE_STATUS[why], payload });
  }

  /** A response that its lane has no room for is lost: who asked hears of it by its own timeout. */
  #send(peer: Peer, message: MessageOf<"response">): void {
    if (!peer.send(message)) this.counts.unanswered++;
  }
}
