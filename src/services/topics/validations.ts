import type { Peer } from "../../peer/peer.ts";
import type { MessageOf } from "../../protocol/messages.ts";
import {
  MAX_VALIDATION_BYTES,
  MAX_VALIDATION_BYTES_PER_PEER,
  MAX_VALIDATIONS,
  MAX_VALIDATIONS_PER_PEER,
  VALIDATION_TIMEOUT_MS,
} from "../../protocol/app_params.ts";
import { RARE_LOG_INTERVAL_MS } from "../../protocol/params.ts";
import type { TopicMessage } from "../../protocol/node_events.ts";
import { equalBytes } from "../../util/bytes.ts";
import { Deadlines } from "../../util/deadlines.ts";
import type { Env } from "../../util/env.ts";
import { RareLog } from "../../util/rare_log.ts";
import { Quota } from "../../util/quota.ts";
import type { OpenTopic, TopicVerdict } from "./topic.ts";

/** A message whose judgement is under way. */
export interface Pending {
  readonly topic: OpenTopic;
  readonly message: MessageOf<"publish">;
  /** Who sent it first: its place in the quota. */
  readonly sender: Peer;
  /** All who sent the same bytes so far. */
  readonly senders: Set<Peer>;
}

export interface ValidationsDeps {
  readonly env: Env;
  /** A judgement that took its time came, late ones excluded. */
  readonly onVerdict: (pending: Pending, verdict: TopicVerdict) => void;
}

/** Runs the validators of topics, which are the application's: they may throw, hang, or be slower than messages come. */
export class Validations {
  readonly #onVerdict: ValidationsDeps["onVerdict"];
  readonly #log: RareLog;
  readonly #quota = new Quota({
    items: MAX_VALIDATIONS,
    bytes: MAX_VALIDATION_BYTES,
    itemsPerPeer: MAX_VALIDATIONS_PER_PEER,
    bytesPerPeer: MAX_VALIDATION_BYTES_PER_PEER,
  });
  readonly #deadlines: Deadlines<Pending>;
  /** By the message's key. Several under one: whoever reuses an id must not hide the message that it belongs to. */
  readonly #pending = new Map<bigint, readonly Pending[]>();

  constructor({ env, onVerdict }: ValidationsDeps) {
    this.#onVerdict = onVerdict;
    this.#log = new RareLog(env.logger("topics"), () => env.now(), RARE_LOG_INTERVAL_MS);
    this.#deadlines = new Deadlines(env, (pending) => this.#onTimeout(pending));
  }

  /** Whether the same message is being judged already; the verdict counts for this sender too. */
  join(key: bigint, message: MessageOf<"publish">, sender: Peer): boolean {
    const same = this.#pending.get(key)?.find((pending) => equalBytes(pending.message.payload, message.payload));
    same?.senders.add(sender);
    return same !== undefined;
  }

  /** The verdict, or undefined if it is to come or the message was dropped because too many are being judged. */
  judge(topic: OpenTopic, key: bigint, message: MessageOf<"publish">, sender: Peer): TopicVerdict | undefined {
    const sizeBytes = message.payload.length;
    if (!this.#quota.hasRoom(sender.id, sizeBytes)) {
      topic.counts.dropped++;
      return undefined;
    }
    const answer = this.#ask(topic, { topic: topic.name, id: message.id, payload: message.payload, from: sender.id });
    if (typeof answer === "string") return answer;
    const pending: Pending = { topic, message, sender, senders: new Set([sender]) };
    this.#quota.take(sender.id, sizeBytes);
    this.#pending.set(key, [...(this.#pending.get(key) ?? []), pending]);
    this.#deadlines.set(pending, topic.options.validateTimeoutMs ?? VALIDATION_TIMEOUT_MS);
    Promise.resolve(answer).then(
      (verdict) => this.#settle(pending, verdict),
      (error: unknown) => {
        if (this.#isPending(pending)) this.#settle(pending, this.#onFailure(topic, error));
      },
    );
    return undefined;
  }

  /** Forgets all judgements under way. */
  close(): void {
    this.#deadlines.close();
    this.#pending.clear();
  }

  #ask(topic: OpenTopic, message: TopicMessage): TopicVerdict | Promise<TopicVerdict> {
    try {
      return topic.options.validate!(message);
    } catch (error) {
      return this.#onFailure(topic, error);
    }
  }

  #onFailure(topic: OpenTopic, error: unknown): TopicVerdict {
    topic.counts.failed++;
    this.#log.write("error", `failed ${topic.name}`, "a validator threw", () => {
      return { topic: topic.name, stack: error instanceof Error ? error.stack : error };
    });
    return "ignore";
  }

  #onTimeout(pending: Pending): void {
    const { name, counts } = pending.topic;
    counts.failed++;
    this.#log.write("error", `late ${name}`, "a validator took too long", () => ({ topic: name }));
    this.#settle(pending, "ignore");
  }

  /** Does nothing for a verdict that comes too late. */
  #settle(pending: Pending, verdict: TopicVerdict): void {
    if (!this.#isPending(pending)) return;
    const key = keyOf(pending);
    const rest = this.#pending.get(key)!.filter((other) => other !== pending);
    if (rest.length === 0) this.#pending.delete(key);
    else this.#pending.set(key, rest);
    this.#deadlines.clear(pending);
    this.#quota.give(pending.sender.id, pending.message.payload.length);
    this.#onVerdict(pending, verdict);
  }

  #isPending(pending: Pending): boolean {
    return this.#pending.get(keyOf(pending))?.includes(pending) ?? false;
  }
}

function keyOf({ topic, message }: Pending): bigint {
  return message.id ^ topic.salt;
}
