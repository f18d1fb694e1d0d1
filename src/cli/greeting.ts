import type { Connection, TcpEndpoint, Transport } from "../platform/types.ts";
import { addressFromIpv6, IPV6_FORM_BYTES, parseAddress } from "../protocol/addresses.ts";
import { LocalError } from "../protocol/errors.ts";
import type { Agreement } from "../protocol/handshake.ts";
import type { Message, MessageOf, VersionAddress } from "../protocol/messages.ts";
import { PROTOCOL_VERSION } from "../protocol/params.ts";
import { SERVICE_P2P_APPS } from "../protocol/service_flags.ts";
import { formatHostPort } from "../util/endpoint.ts";
import type { Env } from "../util/env.ts";
import { USER_AGENT } from "../util/version.ts";
import type { WireCodec } from "../wire/codec.ts";
import { randomNonce, Session } from "./connect_session.ts";
import { CommandError, EXIT } from "./exit.ts";
import { MS_PER_SECOND } from "../util/units.ts";

export interface GreetingOptions {
  readonly env: Env;
  readonly transport: Transport;
  readonly codec: WireCodec;
  readonly remote: TcpEndpoint;
  /** Each step may take so long: resolving, dialling, the handshake, the ping. */
  readonly timeoutMs: number;
  onMessage(message: Message): void;
}

/** A peer that answered, and how long each step took, in milliseconds. */
export interface Greeting {
  readonly session: Session;
  readonly agreement: Agreement;
  /** The address that was dialled in the end. */
  readonly address: TcpEndpoint;
  /** The peer's clock less ours. */
  readonly timeOffsetSeconds: number;
  readonly timesMs: {
    readonly resolve: number;
    readonly connect: number;
    readonly handshake: number;
    /** Null if the peer did not answer. */
    readonly ping: number | null;
  };
}

/**
 * Dials a peer, shakes hands and pings it once. Rejects with LocalError where nothing answers, with CommandError
 * (refused) where the handshake fails.
 */
export async function greet(options: GreetingOptions): Promise<Greeting> {
  const { env, transport, remote, timeoutMs } = options;
  const clock = stopwatch(env);
  const hosts = await transport.resolve(remote.host);
  if (hosts.length === 0) throw new LocalError("unreachable", `Cannot dial ${formatHostPort(remote)}: no such host`);
  const resolve = clock();
  const { connection, address } = await dialAny(transport, hosts, remote.port, timeoutMs);
  const connect = clock();
  const session = openSession(connection, options);
  const agreement = await shakeHands(session, address, timeoutMs);
  // Whole seconds, as the peer counted them: rounding would make every other clock seem a second late.
  const timeOffsetSeconds = Number(agreement.version.time) - Math.floor(env.wallClock() / MS_PER_SECOND);
  const handshake = clock();
  const ping = await session.ping(timeoutMs) ?? null;
  return { session, agreement, address, timeOffsetSeconds, timesMs: { resolve, connect, handshake, ping } };
}

/** Milliseconds since the last call. */
function stopwatch(env: Env): () => number {
  let last = env.clock();
  return () => {
    const elapsed = env.clock() - last;
    last += elapsed;
    return elapsed;
  };
}

/** The first of the host's addresses that answers. */
async function dialAny(
  transport: Transport,
  hosts: readonly string[],
  port: number,
  timeoutMs: number,
): Promise<{ connection: Connection; address: TcpEndpoint }> {
  let failure: unknown;
  for (const host of hosts) {
    try {
      return { connection: await transport.dial({ host, port }, { timeoutMs }), address: { host, port } };
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function openSession(connection: Connection, { env, codec, onMessage }: GreetingOptions): Session {
  return new Session({ connection, codec, env, onMessage, ourVersion: ourVersion(connection, env) });
}

/** We serve nothing, want nothing but answers, and know what messages of applications are. */
function ourVersion(connection: Connection, env: Env): MessageOf<"version"> {
  return {
    type: "version",
    protocolVersion: PROTOCOL_VERSION,
    services: SERVICE_P2P_APPS,
    time: BigInt(Math.floor(env.wallClock() / MS_PER_SECOND)),
    receiver: versionAddress("host" in connection.remote ? connection.remote : undefined),
    sender: versionAddress(undefined),
    nonce: randomNonce(env),
    userAgent: USER_AGENT,
    startHeight: 0,
    relay: false,
  };
}

function versionAddress(endpoint: TcpEndpoint | undefined): VersionAddress {
  const address = (endpoint && parseAddress(endpoint.host)) ?? addressFromIpv6(new Uint8Array(IPV6_FORM_BYTES));
  return { services: 0n, address, port: endpoint?.port ?? 0 };
}

async function shakeHands(session: Session, address: TcpEndpoint, timeoutMs: number): Promise<Agreement> {
  try {
    return await session.shakeHands(timeoutMs);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const why = `Cannot shake hands with ${formatHostPort(address)}: ${error.message}`;
    throw new CommandError(EXIT.refused, why, { cause: error });
  }
}
