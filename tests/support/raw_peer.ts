import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { PATIENCE_MS, within } from "./wait.ts";

// A peer of the Bitcoin wire that knows nothing of the product's code: what both agree on is not one mistake made twice.
// It sends whatever it is told to, the wrong things included.

/** The first bytes of a frame on regtest, in wire order. */
export const REGTEST_MAGIC = 0xfabfb5da;
export const HEADER_SIZE = 24;
/** NODE_NETWORK and NODE_WITNESS. */
export const FULL_NODE = 0x09n;
/** Block with witnesses, as getdata asks for it (BIP144). */
export const WITNESS_BLOCK = 0x40000002;

/** One message as received. */
export interface RawMessage {
  readonly command: string;
  readonly payload: Buffer;
}

export function sha256d(data: Uint8Array): Buffer {
  return createHash("sha256").update(createHash("sha256").update(data).digest()).digest();
}

/** The hash of a serialised block (or header) in display order. */
export function blockHash(block: Uint8Array): string {
  return sha256d(block.subarray(0, 80)).reverse().toString("hex");
}

export function frame(command: string, payload: Uint8Array = Buffer.alloc(0), magic = REGTEST_MAGIC): Buffer {
  const header = Buffer.alloc(HEADER_SIZE);
  header.writeUInt32BE(magic, 0);
  header.write(command, 4, "ascii");
  header.writeUInt32LE(payload.length, 16);
  sha256d(payload).copy(header, 20, 0, 4);
  return Buffer.concat([header, payload]);
}

export function compactSize(value: number): Buffer {
  if (value < 0xfd) return Buffer.from([value]);
  const bytes = Buffer.alloc(value <= 0xffff ? 3 : 5);
  if (value <= 0xffff) {
    bytes[0] = 0xfd;
    bytes.writeUInt16LE(value, 1);
  } else {
    bytes[0] = 0xfe;
    bytes.writeUInt32LE(value, 1);
  }
  return bytes;
}

export interface VersionFields {
  readonly protocolVersion?: number;
  readonly services?: bigint;
  readonly height?: number;
  readonly userAgent?: string;
  readonly nonce?: Uint8Array;
}

export function versionPayload(fields: VersionFields = {}): Buffer {
  const { protocolVersion = 70016, services = FULL_NODE, height = 0, userAgent = "/raw:1/" } = fields;
  const head = Buffer.alloc(20);
  head.writeInt32LE(protocolVersion, 0);
  head.writeBigUInt64LE(services, 4);
  head.writeBigInt64LE(BigInt(Math.floor(Date.now() / 1000)), 12);
  const tail = Buffer.alloc(5);
  tail.writeInt32LE(height, 0);
  tail[4] = 1;
  const agent = Buffer.from(userAgent);
  const nonce = fields.nonce ?? randomBytes(8);
  return Buffer.concat([head, Buffer.alloc(52), nonce, compactSize(agent.length), agent, tail]);
}

/** The payload of getheaders and getblocks; hashes in display order. */
export function locatorPayload(hashes: readonly string[], stop = "0".repeat(64)): Buffer {
  const version = Buffer.alloc(4);
  version.writeUInt32LE(70016);
  return Buffer.concat([version, compactSize(hashes.length), ...hashes.map(wireHash), wireHash(stop)]);
}

/** The payload of inv, getdata and notfound. */
export function invPayload(kind: number, hashes: readonly string[]): Buffer {
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(kind);
  return Buffer.concat([compactSize(hashes.length), ...hashes.flatMap((hash) => [prefix, wireHash(hash)])]);
}

/** The payload of headers, of the first 80 bytes of each block. */
export function headersPayload(blocks: readonly Uint8Array[]): Buffer {
  const parts = blocks.flatMap((block) => [block.subarray(0, 80), Buffer.alloc(1)]);
  return Buffer.concat([compactSize(blocks.length), ...parts]);
}

/** The items of an inv, getdata or notfound payload. */
export function parseInv(payload: Buffer): { kind: number; hash: string }[] {
  const { value: count, size } = parseCompactSize(payload);
  return Array.from({ length: count }, (_, i) => {
    const at = size + i * 36;
    return { kind: payload.readUInt32LE(at), hash: shownHash(payload.subarray(at + 4, at + 36)) };
  });
}

/** The 80-byte headers of a headers payload. */
export function parseHeaders(payload: Buffer): Buffer[] {
  const { value: count, size } = parseCompactSize(payload);
  return Array.from({ length: count }, (_, i) => payload.subarray(size + i * 81, size + i * 81 + 80));
}

export function parseLocator(payload: Buffer): { hashes: string[]; stop: string } {
  const { value: count, size } = parseCompactSize(payload.subarray(4));
  const at = 4 + size;
  const hashes = Array.from({ length: count }, (_, i) => shownHash(payload.subarray(at + i * 32, at + i * 32 + 32)));
  return { hashes, stop: shownHash(payload.subarray(at + count * 32, at + count * 32 + 32)) };
}

/** One end of a connection. Messages wait in order of arrival until `receive` asks for them. */
export class RawPeer {
  readonly socket: Socket;
  /** Commands received so far, in order. */
  readonly heard: string[] = [];
  /** Resolves when the connection is over, whoever ended it. */
  readonly closed: Promise<void>;
  readonly #magic: number;
  readonly #waiting: RawMessage[] = [];
  #buffer: Buffer = Buffer.alloc(0);
  #wake = Promise.withResolvers<void>();
  #ended = false;
  #listener: ((message: RawMessage) => void) | undefined;

  constructor(socket: Socket, magic = REGTEST_MAGIC) {
    this.socket = socket;
    this.#magic = magic;
    socket.setNoDelay(true);
    // The far end may reset the connection at any time; `closed` tells.
    socket.on("error", () => socket.destroy());
    socket.on("data", (chunk: Buffer) => this.#take(chunk));
    this.closed = new Promise((resolve) =>
      socket.once("close", () => {
        this.#ended = true;
        this.#wake.resolve();
        resolve();
      })
    );
  }

  static async dial(port: number, host = "127.0.0.1", magic = REGTEST_MAGIC): Promise<RawPeer> {
    return await RawPeer.#dial({ port, host }, magic);
  }

  /** Comes from another address of this machine: on Linux all of 127.0.0.0/8 is its own. */
  static async dialFrom(localAddress: string, port: number): Promise<RawPeer> {
    return await RawPeer.#dial({ port, host: "127.0.0.1", localAddress }, REGTEST_MAGIC);
  }

  static async #dial(place: { port: number; host: string; localAddress?: string }, magic: number): Promise<RawPeer> {
    const socket = connect(place);
    await within(`connection to ${place.host}:${place.port}`, once(socket, "connect"));
    return new RawPeer(socket, magic);
  }

  send(command: string, payload?: Uint8Array): void {
    this.socket.write(frame(command, payload, this.#magic));
  }

  sendBytes(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next message of the given command; earlier ones of other commands are dropped. Answers no pings. */
  async receive(command: string, timeoutMs = PATIENCE_MS): Promise<Buffer> {
    return await within(`message ${command} (heard ${this.heard.join(" ")})`, this.#next(command), timeoutMs);
  }

  /** Calls `listener` for each message from now on, instead of keeping them for `receive`. */
  listen(listener: (message: RawMessage) => void): void {
    this.#listener = listener;
    for (const message of this.#waiting.splice(0)) listener(message);
  }

  /** The handshake of one that dialled, in the order of a current node. */
  async shakeHands(fields: VersionFields = {}): Promise<Buffer> {
    this.send("version", versionPayload(fields));
    const version = await this.receive("version");
    this.send("verack");
    await this.receive("verack");
    return version;
  }

  /** A round trip: resolves when the far end has handled everything sent before. */
  async ping(): Promise<void> {
    const nonce = randomBytes(8);
    this.send("ping", nonce);
    while (!(await this.receive("pong")).equals(nonce));
  }

  close(): void {
    this.socket.destroy();
  }

  /** Announces a long block, sends a little of it, and is gone. */
  dieMidFrame(): void {
    const head = frame("block", Buffer.alloc(1000), this.#magic).subarray(0, HEADER_SIZE + 100);
    this.socket.end(head);
  }

  async #next(command: string): Promise<Buffer> {
    for (;;) {
      for (let message = this.#waiting.shift(); message; message = this.#waiting.shift()) {
        if (message.command === command) return message.payload;
      }
      if (this.#ended) throw new Error(`closed before ${command}; heard ${this.heard.join(" ")}`);
      this.#wake = Promise.withResolvers();
      await this.#wake.promise;
    }
  }

  #take(chunk: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? chunk : Buffer.concat([this.#buffer, chunk]);
    while (this.#buffer.length >= HEADER_SIZE) {
      const size = HEADER_SIZE + this.#buffer.readUInt32LE(16);
      if (this.#buffer.length < size) break;
      const command = this.#buffer.toString("ascii", 4, 16).replace(/\0+$/, "");
      const message = { command, payload: Buffer.from(this.#buffer.subarray(HEADER_SIZE, size)) };
      this.#buffer = this.#buffer.subarray(size);
      this.heard.push(command);
      if (this.#listener) this.#listener(message);
      else this.#waiting.push(message);
    }
    this.#wake.resolve();
  }
}

/** A listening socket on a free loopback port. `accept` gets each connection as a peer. */
export async function listenRaw(accept: (peer: RawPeer) => void): Promise<{ port: number; close(): void }> {
  const server: Server = createServer((socket) => accept(new RawPeer(socket)));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("a TCP server without a port");
  return { port: address.port, close: () => server.close() };
}

function parseCompactSize(bytes: Buffer): { value: number; size: number } {
  const first = bytes[0]!;
  if (first < 0xfd) return { value: first, size: 1 };
  return first === 0xfd ? { value: bytes.readUInt16LE(1), size: 3 } : { value: bytes.readUInt32LE(1), size: 5 };
}

function wireHash(shown: string): Buffer {
  return Buffer.from(shown, "hex").reverse();
}

function shownHash(wire: Uint8Array): string {
  return Buffer.from(wire).reverse().toString("hex");
}
