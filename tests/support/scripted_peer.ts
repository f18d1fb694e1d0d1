import type { MemoryNetwork } from "../../src/platform/memory.ts";
import type { Connection } from "../../src/platform/types.ts";
import type { Message, MessageOf, MessageType } from "../../src/protocol/messages.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { bitcoinCodec } from "../../src/wire/bitcoin.ts";
import type { WireCodec } from "../../src/wire/codec.ts";
import { PORT } from "./simulated_node.ts";
import { testHasher } from "./test_hasher.ts";

const regtest = bitcoinCodec(REGTEST.magic, testHasher);
const NOBODY = { services: 0n, address: { networkId: 2, bytes: new Uint8Array(16) }, port: 0 };

/** A version message of a node that has the whole chain and claims a height. */
export function versionOf(changes: Partial<MessageOf<"version">> = {}): MessageOf<"version"> {
  return {
    type: "version",
    protocolVersion: 70016,
    services: 9n,
    time: 0n,
    receiver: NOBODY,
    sender: NOBODY,
    nonce: 1n,
    userAgent: "/scripted/",
    startHeight: 0,
    relay: true,
    ...changes,
  };
}

/** A remote on a simulated host that says what the test wants, right or wrong. */
export class ScriptedPeer {
  readonly received: Message[] = [];
  /** Called for each message, after it was recorded. */
  onMessage: (message: Message) => void = () => {};
  closed = false;
  readonly connection: Connection;
  readonly #codec: WireCodec;

  constructor(connection: Connection, codec: WireCodec = regtest) {
    this.connection = connection;
    this.#codec = codec;
    const decoder = codec.createDecoder();
    connection.start({
      data: (chunk) => {
        decoder.feed(chunk);
        for (let message = decoder.next(); message; message = decoder.next()) {
          this.received.push(message);
          this.onMessage(message);
        }
      },
      drained: () => {},
      closed: () => this.closed = true,
    });
  }

  send(...messages: Message[]): void {
    for (const message of messages) this.connection.write(this.#codec.encode(message));
  }

  /** Bytes as they are. */
  sendRaw(bytes: Uint8Array): void {
    this.connection.write(bytes);
  }

  /** The messages of one type so far. */
  of<T extends MessageType>(type: T): MessageOf<T>[] {
    return this.received.filter((message): message is MessageOf<T> => message.type === type);
  }
}

/** Dials the node on `to` from the host `from`, without a word yet. */
export async function dialRaw(
  network: MemoryNetwork,
  from: string,
  to: string,
  codec: WireCodec = regtest,
): Promise<ScriptedPeer> {
  const dialling = network.transport(from).dial({ host: to, port: PORT }, { timeoutMs: 10_000 });
  let connection: Connection | undefined;
  dialling.then((value) => connection = value);
  await network.run(() => connection !== undefined);
  return new ScriptedPeer(await dialling, codec);
}

/** Dials and shakes hands, with feature messages between version and verack. */
export async function dialScripted(
  network: MemoryNetwork,
  from: string,
  to: string,
  version: Partial<MessageOf<"version">> = {},
  features: readonly ("sendaddrv2" | "wtxidrelay")[] = [],
  codec: WireCodec = regtest,
): Promise<ScriptedPeer> {
  const peer = await dialRaw(network, from, to, codec);
  peer.send(versionOf(version), ...features.map((type) => ({ type })), { type: "verack" });
  await network.run(() => peer.of("verack").length > 0);
  return peer;
}

/** Listens on a host for a node that dials it, and shakes hands with it. */
export async function listenScripted(
  network: MemoryNetwork,
  host: string,
  version: Partial<MessageOf<"version">> = {},
  onPeer: (peer: ScriptedPeer) => void = () => {},
): Promise<void> {
  await network.transport(host).listen({ host, port: PORT }, (connection) => {
    const peer = new ScriptedPeer(connection);
    peer.send(versionOf(version), { type: "verack" });
    onPeer(peer);
  });
}
