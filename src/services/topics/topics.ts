import type { Bus } from "../../bus/bus.ts";
import type { PeerSet } from "../../net/peers.ts";
import type { Peer } from "../../peer/peer.ts";
import { takesApps } from "../../peer/takes_apps.ts";
import { checkBytes, checkTimeout } from "../../protocol/caller_checks.ts";
import { LocalError, RemoteFault } from "../../protocol/errors.ts";
import type { MessageOf } from "../../protocol/messages.ts";
import {
  MAX_SEEN_MESSAGES,
  MAX_SEEN_MESSAGES_SHARED,
  SEEN_MESSAGES,
  SEEN_MESSAGES_MS,
} from "../../protocol/app_params.ts";
import type { TopicSnapshot } from "../../protocol/app_snapshots.ts";
import type { NodeEvents } from "../../protocol/node_events.ts";
import { MAX_APP_PAYLOAD_BYTES, MAX_TOPIC_BYTES, MAX_TOPICS } from "../../protocol/wire_limits.ts";
import type { Env } from "../../util/env.ts";
import { ID_SECRET_BYTES } from "../../util/id_table.ts";
import { RecentIds, SharedRoom } from "../../util/recent_ids.ts";
import { nameSize } from "../../wire/app_bodies.ts";
import type { Service } from "../service.ts";
import { FairShares } from "./fair_shares.ts";
import { MessageIds } from "./message_ids.ts";
import { OpenTopic, type Published, type Topic, type TopicOptions, type TopicVerdict } from "./topic.ts";
import { type Pending, Validations } from "./validations.ts";

export interface TopicsDeps {
  readonly env: Env;
  readonly bus: Bus<NodeEvents>;
  readonly peers: PeerSet;
}

/**
 * Takes part in topics: tells peers which ones, publishes to those who subscribed, and passes on what comes to the
 * others of them, each message once.
 */
export class Topics implements Service {
  readonly name = "topics";
  readonly handles = {
    subscribe: (peer: Peer, message: MessageOf<"subscribe">) => this.#onSubscribe(peer, message),
    unsubscribe: (peer: Peer, message: MessageOf<"unsubscribe">) => this.#onUnsubscribe(peer, message),
    publish: (peer: Peer, message: MessageOf<"publish">) => this.#onPublish(peer, message),
  };
  readonly #bus: Bus<NodeEvents>;
  readonly #peers: PeerSet;
  readonly #ids: MessageIds;
  readonly #validations: Validations;
  readonly #open = new Map<string, OpenTopic>();
  /** Topics by the peers that subscribed to any, and the other way round. */
  readonly #topicsOf = new Map<Peer, Set<string>>();
  readonly #subscribersOf = new Map<string, Set<Peer>>();
  readonly #shares = new FairShares();
  readonly #seenRoom = new SharedRoom(MAX_SEEN_MESSAGES_SHARED);
  readonly #env: Env;
  #isClosed = false;

  constructor({ env, bus, peers }: TopicsDeps) {
    this.#env = env;
    this.#bus = bus;
    this.#peers = peers;
    this.#ids = new MessageIds(env);
    this.#validations = new Validations({ env, onVerdict: (pending, verdict) => this.#onVerdict(pending, verdict) });
  }

  /** The topic of this name, which is joined if it was not. Throws LocalError. */
  open(name: string, options?: TopicOptions): Topic {
    if (this.#isClosed) throw new LocalError("stopped", "Cannot open a topic: the node is stopped");
    const known = this.#open.get(name);
    if (known && options === undefined) return known;
    if (known) {
      throw new LocalError("bad-argument", `Cannot open topic ${name}: it is open already, and has options of its own`);
    }
    if (this.#open.size >= MAX_TOPICS) {
      throw new LocalError(
        "limit",
        `Cannot open topic ${name}: ${MAX_TOPICS} topics are open, as many as peers accept`,
      );
    }
    nameSize(name, MAX_TOPIC_BYTES);
    const { validateTimeoutMs } = options ?? {};
    if (validateTimeoutMs !== undefined) checkTimeout(`open topic ${name}`, validateTimeoutMs);
    const topic = new OpenTopic(name, this.#ids.next(), this.#rememberIds(), options ?? {}, {
      bus: this.#bus,
      publish: (topic, payload) => this.#publish(topic, payload),
      leave: (topic) => this.#leave(topic),
    });
    this.#open.set(name, topic);
    this.#peers.broadcast({ type: "subscribe", topics: [name] }, takesApps);
    return topic;
  }

  snapshot(): readonly TopicSnapshot[] {
    return [...this.#open.values()].map((topic) => topic.snapshot(this.#subscribersOf.get(topic.name)?.size ?? 0));
  }

  peerReady(peer: Peer): void {
    if (this.#open.size > 0 && takesApps(peer)) peer.send({ type: "subscribe", topics: [...this.#open.keys()] });
  }

  peerClosed(peer: Peer): void {
    for (const topic of this.#topicsOf.get(peer) ?? []) this.#removeSubscriber(topic, peer);
    this.#topicsOf.delete(peer);
    this.#shares.peerClosed(peer);
  }

  /** The node stops: nothing is published or passed on any more. */
  close(): void {
    this.#isClosed = true;
    this.#validations.close();
    for (const topic of this.#open.values()) topic.close();
  }

  #rememberIds(): RecentIds {
    return new RecentIds({
      ownIds: SEEN_MESSAGES,
      maxIds: MAX_SEEN_MESSAGES,
      room: this.#seenRoom,
      retainMs: SEEN_MESSAGES_MS,
      secret: this.#env.randomBytes(ID_SECRET_BYTES),
    });
  }

  #leave(topic: OpenTopic): void {
    this.#open.delete(topic.name);
    topic.seen.close();
    if (this.#isClosed) return;
    this.#peers.broadcast({ type: "unsubscribe", topics: [topic.name] }, takesApps);
  }

  #publish(topic: OpenTopic, payload: Uint8Array): Published {
    if (this.#isClosed || !topic.isOpen) {
      const what = this.#isClosed ? "the node is stopped" : "the topic is closed";
      throw new LocalError("stopped", `Cannot publish to ${topic.name}: ${what}`);
    }
    checkBytes(`publish to ${topic.name}`, payload);
    if (payload.length > MAX_APP_PAYLOAD_BYTES) {
      const why = `at most ${MAX_APP_PAYLOAD_BYTES} bytes: received ${payload.length}`;
      throw new LocalError("bad-argument", `Cannot publish to ${topic.name}: ${why}`);
    }
    const id = this.#ids.next();
    topic.seen.add(id, this.#env.now());
    topic.counts.published++;
    const subscribers = this.#subscribersOf.get(topic.name);
    if (!subscribers) return { id, peers: 0 };
    const message = { type: "publish", topic: topic.name, id, payload } as const;
    return {
      id,
      peers: this.#peers.broadcast(message, (peer) => subscribers.has(peer) && this.#admit(topic, peer, payload)),
    };
  }

  #onSubscribe(peer: Peer, message: MessageOf<"subscribe">): void {
    if (!takesApps(peer)) return;
    let topics = this.#topicsOf.get(peer);
    if (!topics) this.#topicsOf.set(peer, topics = new Set());
    for (const topic of message.topics) topics.add(topic);
    if (topics.size > MAX_TOPICS) throw new RemoteFault("oversized", `more than ${MAX_TOPICS} topics`);
    for (const topic of message.topics) {
      let subscribers = this.#subscribersOf.get(topic);
      if (!subscribers) this.#subscribersOf.set(topic, subscribers = new Set());
      subscribers.add(peer);
    }
  }

  #onUnsubscribe(peer: Peer, message: MessageOf<"unsubscribe">): void {
    const topics = this.#topicsOf.get(peer);
    for (const topic of message.topics) if (topics?.delete(topic)) this.#removeSubscriber(topic, peer);
  }

  #removeSubscriber(topic: string, peer: Peer): void {
    const subscribers = this.#subscribersOf.get(topic);
    subscribers?.delete(peer);
    if (subscribers?.size === 0) this.#subscribersOf.delete(topic);
  }

  #onPublish(peer: Peer, message: MessageOf<"publish">): void {
    const topic = this.#open.get(message.topic);
    // Nobody asked for it, or it left before the unsubscribe arrived.
    if (!topic || !takesApps(peer)) return;
    if (!topic.options.validate) return this.#accept(topic, message, peer);
    const key = message.id ^ topic.salt;
    if (topic.seen.has(message.id) || this.#validations.join(key, message, peer)) {
      topic.counts.duplicates++;
      return;
    }
    const verdict = this.#validations.judge(topic, key, message, peer);
    if (verdict) this.#carryOut(verdict, topic, message, peer);
  }

  #onVerdict({ topic, message, sender, senders }: Pending, verdict: TopicVerdict): void {
    if (!this.#isClosed && topic.isOpen) this.#carryOut(verdict, topic, message, sender, senders);
  }

  /** `senders`: all who sent it, if there are more than the one. */
  #carryOut(
    verdict: TopicVerdict,
    topic: OpenTopic,
    message: MessageOf<"publish">,
    sender: Peer,
    senders?: ReadonlySet<Peer>,
  ): void {
    if (verdict === "accept") return this.#accept(topic, message, sender, senders);
    if (verdict !== "reject") {
      topic.counts.ignored++;
      return;
    }
    topic.counts.rejected++;
    for (const peer of senders ?? [sender]) {
      peer.blame(new RemoteFault("rejected-message", `a message of topic ${JSON.stringify(topic.name)}`));
    }
  }

  #accept(topic: OpenTopic, message: MessageOf<"publish">, sender: Peer, senders?: ReadonlySet<Peer>): void {
    // A copy; or another message under its id was accepted while this one was judged.
    if (!topic.seen.add(message.id, this.#env.now())) {
      topic.counts.duplicates++;
      return;
    }
    topic.counts.accepted++;
    if (this.#bus.hasSubscribers(topic.eventType)) {
      const { id, payload } = message;
      this.#bus.publish(topic.eventType, { topic: topic.name, id, payload, from: sender.id }, payload.length);
    }
    const subscribers = this.#subscribersOf.get(topic.name);
    // Usually a chain of two or a star's end: nobody but the sender.
    if (!subscribers || (subscribers.size === 1 && subscribers.has(sender))) return;
    this.#peers.broadcast(message, (peer) => {
      if (peer === sender || !subscribers.has(peer) || senders?.has(peer)) return false;
      return this.#admit(topic, peer, message.payload, sender);
    });
  }

  /** `from`: undefined for the program itself. */
  #admit(topic: OpenTopic, to: Peer, payload: Uint8Array, from?: Peer): boolean {
    if (this.#shares.admit(from, to, payload.length)) return true;
    topic.counts.withheld++;
    return false;
  }
}
