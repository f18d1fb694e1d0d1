/** A topic that is open here; messages since it was opened. */
export interface TopicSnapshot {
  readonly name: string;
  /** Peers that are subscribed. */
  readonly peers: number;
  /** By this node. */
  readonly published: number;
  /** Delivered and passed on. */
  readonly accepted: number;
  /** Copies of what had come already. */
  readonly duplicates: number;
  /** By the validator, `failed` ones included. */
  readonly ignored: number;
  /** By the validator; who sent them is held to blame. */
  readonly rejected: number;
  /** Judgements that threw or took too long. */
  readonly failed: number;
  /** Not even judged: too many were being judged. */
  readonly dropped: number;
  /** Not sent on to a slow peer, because who sent it had as much waiting there as is fair; each peer counts. */
  readonly withheld: number;
  /** Missed by slow listeners, as far as they were told. */
  readonly lag: number;
}

/** Requests of applications, both ways. */
export interface RequestsSnapshot {
  /** Methods that are answered here. */
  readonly methods: readonly string[];
  /** Requests of ours that wait. */
  readonly pending: number;
  /** Responses that matched no request of ours: too late, or never asked for. */
  readonly unmatched: number;
  /** Handlers at work. */
  readonly running: number;
  /** By handlers here, since the start; and those that threw. */
  readonly answered: number;
  readonly failed: number;
  /** Refused because too many handlers were at work, or the asker had too many answers to read. */
  readonly busy: number;
  /** Answers that were dropped because the peer took no more data. */
  readonly unanswered: number;
  /** Of requests that are not being answered: mostly done just before. */
  readonly unknownCancels: number;
}

/** Requests of ours that any of several peers may answer. */
export interface DispatchSnapshot {
  /** Not begun yet. */
  readonly waiting: number;
  readonly waitingBytes: number;
  /** Asked of a peer. */
  readonly underWay: number;
  /** Because the queue was full. */
  readonly refused: number;
  /** With a good answer, since the start; and those without one in the end. */
  readonly answered: number;
  readonly failed: number;
  /** Asked again elsewhere. */
  readonly retries: number;
  /** Retries that the budget allows now, and those that it refused. */
  readonly retriesLeft: number;
  readonly retriesRefused: number;
}

/** How one peer does one kind of work. */
export interface WorkerSnapshot {
  /** Id of the connection. */
  readonly peer: number;
  /** `host:port`, as it was dialled. */
  readonly name: string;
  readonly work: "blocks" | "requests";
  /** Under way. */
  readonly outstanding: number;
  readonly answered: number;
  readonly failures: number;
  /** Smoothed, of one answer; null before the first. */
  readonly latencyMs: number | null;
  /** Share of good ones among recent answers. */
  readonly health: number;
  /** `open`: it failed too often and gets no work for a while. `half-open`: one try will tell. */
  readonly breaker: "closed" | "open" | "half-open";
  /** Whether it gets no new requests, by its own wish or ours. */
  readonly draining: boolean;
  /** Where it says that it is; empty if it does not. */
  readonly region: string;
  /** Share of its resources in use, as it says, 0 to 1. */
  readonly load: number;
}

/** How work is spread over peers. */
export interface BalancingSnapshot {
  /** Requests of ours that any of several peers may answer. */
  readonly requests: DispatchSnapshot;
  /** How each peer does each kind of work. */
  readonly workers: readonly WorkerSnapshot[];
}

/** Raw messages of applications. */
export interface AppMessagesSnapshot {
  readonly received: number;
  /** Nobody listened. */
  readonly unheard: number;
}

/** What applications do with this node. */
export interface ApplicationsSnapshot {
  readonly topics: readonly TopicSnapshot[];
  readonly requests: RequestsSnapshot;
  readonly appMessages: AppMessagesSnapshot;
}
