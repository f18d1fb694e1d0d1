import type { Connection } from "../platform/types.ts";
import { LocalError, RemoteFault } from "../protocol/errors.ts";
import { type Agreement, Handshake } from "../protocol/handshake.ts";
import { type Message, type MessageOf, RESPONSE_STATUS } from "../protocol/messages.ts";
import type { Env } from "../util/env.ts";
import { ByteReader } from "../util/bytes.ts";
import type { WireCodec } from "../wire/codec.ts";

export interface SessionOptions {
  readonly connection: Connection;
  readonly codec: WireCodec;
  readonly env: Env;
  readonly ourVersion: MessageOf<"version">;
  /** Every message, those of the handshake included, pongs to our own pings excluded. */
  onMessage(message: Message): void;
}

const NONCE_SIZE_BYTES = 8;

/** A conversation with one peer: it shakes hands, answers pings, and otherwise shows what comes and sends what it is told. */
export class Session {
  /** Resolves once with the reason when the connection is over. */
  readonly closed: Promise<Error>;
  readonly #options: SessionOptions;
  readonly #handshake: Handshake;
  readonly #ready = Promise.withResolvers<Agreement>();
  readonly #over = Promise.withResolvers<Error>();
  readonly #pings = new Map<bigint, (sentAt: number) => void>();
  #fault: Error | undefined;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.closed = this.#over.promise;
    this.#handshake = new Handshake({
      role: "dialler",
      ourVersion: () => options.ourVersion,
      isOurNonce: (nonce) => nonce === options.ourVersion.nonce,
    });
    // Whoever waits for the handshake hears of a failure; if nobody does, it must not end the process.
    this.#ready.promise.catch(() => {});
  }

  /** Attaches to the connection and says hello. Call it once. Rejects with RemoteFault or LocalError timeout. */
  async shakeHands(timeoutMs: number): Promise<Agreement> {
    const { connection, codec, env } = this.#options;
    const decoder = codec.createDecoder();
    connection.start({
      data: (chunk) => {
        if (this.#fault) return;
        try {
          decoder.feed(chunk);
          for (let message = decoder.next(); message; message = decoder.next()) this.#onMessage(message);
        } catch (error) {
          if (!(error instanceof RemoteFault)) throw error;
          this.#fail(error);
        }
      },
      drained: () => {},
      closed: (error) => this.#onClosed(error),
    });
    const timer = env.after(timeoutMs, () => {
      this.#fail(new RemoteFault("handshake-timeout", `${this.#handshake.state} for ${timeoutMs} ms`));
    });
    for (const message of this.#handshake.open()) this.send(message);
    try {
      return await this.#ready.promise;
    } finally {
      timer.cancel();
    }
  }

  /** The round trip in milliseconds; undefined if no pong comes in time or the connection ends. */
  ping(timeoutMs: number): Promise<number | undefined> {
    const { env } = this.#options;
    const nonce = randomNonce(env);
    const sentAt = env.clock();
    return new Promise((resolve) => {
      const finish = (milliseconds: number | undefined) => {
        timer.cancel();
        this.#pings.delete(nonce);
        resolve(milliseconds);
      };
      const timer = env.after(timeoutMs, () => finish(undefined));
      this.#pings.set(nonce, (now) => finish(now - sentAt));
      this.closed.then(() => finish(undefined));
      this.send({ type: "ping", nonce });
    });
  }

  send(message: Message): void {
    this.sendRaw(this.#options.codec.encode(message));
  }

  sendRaw(bytes: Uint8Array): void {
    this.#options.connection.write(bytes);
  }

  close(): void {
    this.#options.connection.close();
  }

  #onMessage(message: Message): void {
    const isReady = this.#handshake.state === "ready";
    if (!isReady) { for (const answer of this.#handshake.step(message)) this.send(answer); }
    if (message.type === "pong" && this.#pings.has(message.nonce)) {
      return this.#pings.get(message.nonce)!(this.#options.env.clock());
    }
    if (isReady && message.type === "ping") this.send({ type: "pong", nonce: message.nonce });
    if (isReady && message.type === "request") this.#refuse(message);
    this.#options.onMessage(message);
    const agreement = isReady ? undefined : this.#handshake.agreement();
    if (agreement) this.#ready.resolve(agreement);
  }

  /** Nobody answers requests here: who asks need not wait. */
  #refuse({ id }: MessageOf<"request">): void {
    this.send({ type: "response", id, status: RESPONSE_STATUS["no-method"], payload: new Uint8Array(0) });
  }

  #fail(error: Error): void {
    this.#fault = error;
    this.#options.connection.abort();
  }

  #onClosed(error: Error | undefined): void {
    const reason = this.#fault ?? this.#explainEnd(error);
    this.#ready.reject(reason);
    this.#over.resolve(reason);
  }

  #explainEnd(error: Error | undefined): Error {
    const { state } = this.#handshake;
    if (state === "awaiting-version") {
      const why = "it may be on another network (--network), or full, or have banned this address";
      return new LocalError("stopped", `the peer ended the connection before its first word: ${why}`, { cause: error });
    }
    const how = error?.message ?? "the peer closed the connection";
    const when = state === "ready" ? "" : ` while ${state}: it may be full, or refuse this address or program`;
    return new LocalError("stopped", `${how}${when}`, { cause: error });
  }
}

/** A number that nobody else uses, for pings and version messages. */
export function randomNonce(env: Env): bigint {
  return new ByteReader(env.randomBytes(NONCE_SIZE_BYTES)).uint64();
}
