import { addressFromIpv6, IPV6_FORM_BYTES, sameAddress } from "./addresses.ts";
import { RemoteFault } from "./errors.ts";
import type { Message, MessageOf, MessageType, VersionAddress } from "./messages.ts";
import { FEATURES_PROTOCOL_VERSION, MIN_PROTOCOL_VERSION, PROTOCOL_VERSION } from "./params.ts";
import { hasServices, SERVICE_P2P_APPS } from "./service_flags.ts";

export type HandshakeState = "awaiting-version" | "awaiting-verack" | "ready";

/** What both sides agreed on. */
export interface Agreement {
  readonly version: MessageOf<"version">;
  /** The lower of both protocol versions. */
  readonly protocolVersion: number;
  /** The remote takes addresses as addrv2 (BIP155). */
  readonly addrv2: boolean;
  /** Both announce transactions by their witness id (BIP339). */
  readonly wtxidRelay: boolean;
  /** The remote says that it takes messages of applications. */
  readonly takesApps: boolean;
}

/** What follows from a version message and the features that were negotiated. */
export function agree(version: MessageOf<"version">, features: Pick<Agreement, "addrv2" | "wtxidRelay">): Agreement {
  return {
    version: { ...version, receiver: lean(version.receiver), sender: lean(version.sender) },
    protocolVersion: Math.min(version.protocolVersion, PROTOCOL_VERSION),
    addrv2: features.addrv2,
    wtxidRelay: features.wtxidRelay,
    takesApps: hasServices(version.services, SERVICE_P2P_APPS),
  };
}

export interface HandshakeOptions {
  /** The dialler speaks first. */
  readonly role: "dialler" | "listener";
  /** Our own version message, made when it is about to be sent. */
  readonly ourVersion: () => MessageOf<"version">;
  /** Whether a nonce is one of those that our own version messages carry now. */
  readonly isOurNonce: (nonce: bigint) => boolean;
}

const NO_ADDRESS = addressFromIpv6(new Uint8Array(IPV6_FORM_BYTES));
const NO_END: VersionAddress = { services: 0n, address: NO_ADDRESS, port: 0 };

/** The same address. Most peers say nothing where they could say who they are: one object stands for all of these. */
function lean(end: VersionAddress): VersionAddress {
  if (!sameAddress(end.address, NO_ADDRESS)) return end;
  return end.services === 0n && end.port === 0 ? NO_END : { ...end, address: NO_ADDRESS };
}

/** A message; of those that have no part in a handshake the type is enough. */
type Incoming = Message | { readonly type: MessageType };

/** What the remote said so far. */
interface Facts {
  version: MessageOf<"version"> | undefined;
  addrv2: boolean;
  wtxidRelay: boolean;
}

interface Transition {
  readonly next: HandshakeState;
  /** Notes what the message says and answers what to send. Throws RemoteFault. */
  readonly act: (facts: Facts, message: Incoming, options: HandshakeOptions) => readonly Message[];
}

/** A pair of state and message that is not here is a fault of the remote. */
const TRANSITIONS: { readonly [S in HandshakeState]: { readonly [T in MessageType]?: Transition } } = {
  "awaiting-version": {
    version: { next: "awaiting-verack", act: onVersion },
  },
  "awaiting-verack": {
    wtxidrelay: { next: "awaiting-verack", act: onWtxidRelay },
    sendaddrv2: { next: "awaiting-verack", act: onSendAddrv2 },
    // Features of the future are negotiated here too: a node that does not know them lets them pass.
    unknown: { next: "awaiting-verack", act: () => [] },
    verack: { next: "ready", act: () => [] },
  },
  ready: {},
};

/** Messages that belong to the handshake: after it they are faults, as the empty row of `ready` says. */
export const HANDSHAKE_MESSAGES: ReadonlySet<MessageType> = new Set<MessageType>([
  "version",
  "verack",
  "wtxidrelay",
  "sendaddrv2",
]);

/** Turns a stranger into a peer: VERSION and VERACK in both directions, with feature messages between them. */
export class Handshake {
  readonly #options: HandshakeOptions;
  readonly #facts: Facts = { version: undefined, addrv2: false, wtxidRelay: false };
  #state: HandshakeState = "awaiting-version";

  constructor(options: HandshakeOptions) {
    this.#options = options;
  }

  get state(): HandshakeState {
    return this.#state;
  }

  /** What to send when the connection opens. */
  open(): readonly Message[] {
    return this.#options.role === "dialler" ? [this.#options.ourVersion()] : [];
  }

  /** Takes the remote's next message; answers what to send. Throws RemoteFault. */
  step(message: Incoming): readonly Message[] {
    const transition = TRANSITIONS[this.#state][message.type];
    if (!transition) throw new RemoteFault("unexpected-message", `${message.type} while ${this.#state}`);
    const answers = transition.act(this.#facts, message, this.#options);
    this.#state = transition.next;
    return answers;
  }

  /** What was agreed on; undefined until the state is ready. */
  agreement(): Agreement | undefined {
    const { version } = this.#facts;
    return version && this.#state === "ready" ? agree(version, this.#facts) : undefined;
  }
}

function onVersion(facts: Facts, message: Incoming, options: HandshakeOptions): readonly Message[] {
  const version = message as MessageOf<"version">;
  if (options.isOurNonce(version.nonce)) throw new RemoteFault("self-connection", "our own nonce came back");
  if (version.protocolVersion < MIN_PROTOCOL_VERSION) {
    throw new RemoteFault("obsolete-version", `${version.protocolVersion}, least accepted ${MIN_PROTOCOL_VERSION}`);
  }
  facts.version = version;
  const greeting: Message[] = options.role === "listener" ? [options.ourVersion()] : [];
  const features: Message[] = version.protocolVersion >= FEATURES_PROTOCOL_VERSION
    ? [{ type: "wtxidrelay" }, { type: "sendaddrv2" }]
    : [];
  return [...greeting, ...features, { type: "verack" }];
}

function onWtxidRelay(facts: Facts): readonly Message[] {
  facts.wtxidRelay = true;
  return [];
}

function onSendAddrv2(facts: Facts): readonly Message[] {
  facts.addrv2 = true;
  return [];
}
