import type { Connection } from "../platform/types.ts";
import { RemoteFault } from "../protocol/errors.ts";
import { INV_BLOCK, INV_WITNESS_BLOCK, INV_WTX, type Message, type MessageOf } from "../protocol/messages.ts";
import { PROTOCOL_VERSION } from "../protocol/params.ts";
import { SERVICE_NETWORK, SERVICE_P2P_APPS, SERVICE_WITNESS } from "../protocol/service_flags.ts";
import { bytesToHex } from "../util/hex.ts";
import { HASH_SIZE_BYTES } from "../util/hash.ts";
import { nativeCodec } from "../wire/native.ts";
import { SeededRandom } from "../platform/seeded_random.ts";
import type { World } from "./world.ts";

const SECOND = 1000;
const NOBODY = { services: 0n, address: { networkId: 2, bytes: new Uint8Array(16) }, port: 0 };
const DIAL = { timeoutMs: 10 * SECOND };
/** How often a rogue that acts by itself does. */
const BEAT_MS = 500;
const CLAIMED_HEIGHT = 1_000_000;
const FLOOD_PINGS = 50;
const FLOOD_ITEMS = 200;
const GARBAGE_BYTES = 5000;
/** A reader that is slow takes a read and pauses. */
const PAUSE_MS = 4 * SECOND;
/** Dials of one eclipse attacker to each member. */
const ECLIPSE_DIALS = 24;

/** One connection of a rogue. */
interface Session {
  readonly connection: Connection;
  readonly random: SeededRandom;
  send(message: Message): void;
  sendRaw(bytes: Uint8Array): void;
  /** Calls at each beat while the connection lasts. */
  everyBeat(act: () => void): void;
  after(delayMs: number, act: () => void): void;
}

interface Behaviour {
  /** Whether it answers a handshake at all. */
  readonly greets: boolean;
  readonly startHeight?: number;
  /** How often it dials each member. */
  readonly dials?: number;
  /** The handshake is under way. */
  begin?(session: Session, world: World): void;
  hear?(session: Session, message: Message, world: World): void;
}

/** Peers that do not do what they should, by what they do instead. */
export const ROGUES = {
  /** Accepts, and never says a word. */
  silent: { greets: false },
  /** Shakes hands, and answers nothing from then on. */
  mute: { greets: true },
  /** Asks for everything and reads it a little at a time. */
  slow: {
    greets: true,
    begin: (session, world) => {
      session.everyBeat(() => session.send({ type: "getdata", items: itemsOf(world) }));
      const pause = (): void => {
        session.connection.pause();
        session.after(PAUSE_MS, () => {
          session.connection.resume();
          session.after(BEAT_MS, pause);
        });
      };
      pause();
    },
  },
  /** Claims a chain that it has not. */
  liar: {
    greets: true,
    startHeight: CLAIMED_HEIGHT,
    hear: (session, message) => {
      if (message.type === "getheaders") session.send({ type: "headers", headers: [] });
      answerPing(session, message);
    },
  },
  /** Announces every block, and gives none. */
  withholder: {
    greets: true,
    begin: (session, world) =>
      session.everyBeat(() => session.send({ type: "inv", items: [{ kind: INV_BLOCK, hash: world.maker.tip.hash }] })),
    hear: (session, message, world) => {
      if (message.type === "getheaders") session.send({ type: "headers", headers: headersAfter(world, message) });
      answerPing(session, message);
    },
  },
  /** Says more than anybody can want to hear. */
  flooder: {
    greets: true,
    begin: (session) => session.everyBeat(() => flood(session)),
    hear: (session, message) => answerPing(session, message),
  },
  /** Shakes hands, and goes on in no language. */
  garbage: {
    greets: true,
    begin: (session) => session.after(BEAT_MS, () => session.sendRaw(session.random.bytes(GARBAGE_BYTES))),
  },
  /** Takes all places that it can get. */
  eclipse: {
    greets: true,
    dials: ECLIPSE_DIALS,
    hear: (session, message) => answerPing(session, message),
  },
} as const satisfies Readonly<Record<string, Behaviour>>;

export type RogueName = keyof typeof ROGUES;

/** Puts a rogue on a host: it listens there, and dials everybody. */
export function plantRogue(world: World, host: string, name: RogueName): void {
  const behaviour: Behaviour = ROGUES[name];
  const transport = world.network.transport(host);
  const endpoint = world.endpointOf(host);
  const attend = (connection: Connection) => attendConnection(world, host, connection, behaviour);
  transport.listen(endpoint, attend).catch((error: Error) => world.watch.report("no-internal-error", error.message));
  for (const member of world.members) {
    for (let i = 0; i < (behaviour.dials ?? 1); i++) {
      transport.dial(world.endpointOf(member.host), DIAL).then(attend, () => {
        // A member that is down or refuses: a rogue does not insist.
      });
    }
  }
}

function attendConnection(world: World, host: string, connection: Connection, behaviour: Behaviour): void {
  const env = world.network.env(host);
  const codec = nativeCodec(world.params.magic);
  const decoder = codec.createDecoder();
  let isOver = false;
  const session: Session = {
    connection,
    random: new SeededRandom(world.seed, `rogue ${host}`),
    send: (message) => void connection.write(codec.encode(message)),
    sendRaw: (bytes) => void connection.write(bytes),
    everyBeat: (act) =>
      session.after(BEAT_MS, () => {
        act();
        session.everyBeat(act);
      }),
    after: (delayMs, act) => void env.after(delayMs, () => isOver || act()),
  };
  connection.start({
    data: (chunk) => {
      if (!behaviour.greets) return;
      try {
        decoder.feed(chunk);
        for (let message = decoder.next(); message; message = decoder.next()) behaviour.hear?.(session, message, world);
      } catch (error) {
        if (!(error instanceof RemoteFault)) throw error;
        connection.abort();
      }
    },
    drained() {},
    closed: () => isOver = true,
  });
  if (!behaviour.greets) return;
  session.send(versionOf(behaviour, env.randomBytes(BigUint64Array.BYTES_PER_ELEMENT)));
  session.send({ type: "verack" });
  behaviour.begin?.(session, world);
}

function versionOf({ startHeight = 0 }: Behaviour, nonce: Uint8Array): MessageOf<"version"> {
  return {
    type: "version",
    protocolVersion: PROTOCOL_VERSION,
    services: SERVICE_NETWORK | SERVICE_WITNESS | SERVICE_P2P_APPS,
    time: 0n,
    receiver: NOBODY,
    sender: NOBODY,
    nonce: BigInt(`0x${bytesToHex(nonce)}`),
    userAgent: "/rogue/",
    startHeight,
    relay: true,
  };
}

function answerPing(session: Session, message: Message): void {
  if (message.type === "ping") session.send({ type: "pong", nonce: message.nonce });
}

function flood({ send, random }: Session): void {
  for (let i = 0; i < FLOOD_PINGS; i++) send({ type: "ping", nonce: BigInt(i) });
  const items = Array.from({ length: FLOOD_ITEMS }, () => ({
    kind: INV_WTX,
    hash: bytesToHex(random.bytes(HASH_SIZE_BYTES)),
  }));
  send({ type: "inv", items });
}

function itemsOf({ maker }: World): MessageOf<"getdata">["items"] {
  return maker.headersTo(maker.tip.hash).map(({ hash }) => ({ kind: INV_WITNESS_BLOCK, hash }));
}

function headersAfter({ maker }: World, { locator }: MessageOf<"getheaders">): MessageOf<"headers">["headers"] {
  const known = new Set(locator);
  const all = maker.headersTo(maker.tip.hash);
  const from = all.findLastIndex(({ hash }) => known.has(hash)) + 1;
  return all.slice(from).map(({ header }) => header);
}
