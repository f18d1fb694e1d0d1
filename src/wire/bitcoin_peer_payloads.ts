import { ADDRESS_SIZES, addressFromIpv6, addressToIpv6, IPV6_FORM_BYTES } from "../protocol/addresses.ts";
import type { AddressRecord, MessageOf, VersionAddress } from "../protocol/messages.ts";
import {
  MAX_ADDRESS_BYTES,
  MAX_ADDRESSES,
  MAX_COMMAND_BYTES,
  MAX_REJECT_BYTES,
  MAX_USER_AGENT_BYTES,
  MAX_VERSION_BYTES,
} from "../protocol/wire_limits.ts";
import { type ByteReader, type ByteWriter, MalformedBytes, varIntSize } from "../util/bytes.ts";
import { listSize, type PayloadCodec, readCount, readText, textSize, writeText } from "./bitcoin_payload.ts";

/** Services, IPv6 form, port. */
const VERSION_ADDRESS_BYTES = 8 + IPV6_FORM_BYTES + 2;
/** Version, services, time, both addresses, nonce, start height. */
const VERSION_FIXED_BYTES = 4 + 8 + 8 + 2 * VERSION_ADDRESS_BYTES + 8 + 4;

/**
 * What came after the sender's address was added over time: an old peer leaves it out, from any field on. What comes
 * after `relay` is of the future and passed over.
 */
export const version: PayloadCodec<MessageOf<"version">> = {
  maxBytes: MAX_VERSION_BYTES,
  sizeOf: (message) => VERSION_FIXED_BYTES + textSize(message.userAgent) + (message.relay === undefined ? 0 : 1),
  write(writer, message) {
    writer.int32(message.protocolVersion).uint64(message.services).int64(message.time);
    writeVersionAddress(writer, message.receiver);
    writeVersionAddress(writer, message.sender);
    writer.uint64(message.nonce);
    writeText(writer, message.userAgent);
    writer.int32(message.startHeight);
    if (message.relay !== undefined) writer.uint8(Number(message.relay));
  },
  read({ reader }) {
    const message: MessageOf<"version"> = {
      type: "version",
      protocolVersion: reader.int32("protocolVersion"),
      services: reader.uint64("services"),
      time: reader.int64("time"),
      receiver: readEnd(reader, "receiver"),
      sender: readEnd(reader, "sender"),
      nonce: reader.remaining > 0 ? reader.uint64("nonce") : 0n,
      userAgent: reader.remaining > 0 ? readText(reader, MAX_USER_AGENT_BYTES, "userAgent") : "",
      startHeight: reader.remaining > 0 ? reader.int32("startHeight") : 0,
      relay: reader.remaining > 0 ? reader.uint8("relay") !== 0 : undefined,
    };
    reader.skip(reader.remaining, "later");
    return message;
  },
};

function writeVersionAddress(writer: ByteWriter, { services, address, port }: VersionAddress): void {
  writer.uint64(services).raw(addressToIpv6(address)).uint16BigEndian(port);
}

function readEnd(reader: ByteReader, name: "receiver" | "sender"): VersionAddress {
  reader.enter(name);
  const end = readVersionAddress(reader);
  reader.leave();
  return end;
}

function readVersionAddress(reader: ByteReader): VersionAddress {
  return {
    services: reader.uint64("services"),
    address: addressFromIpv6(reader.view(IPV6_FORM_BYTES, "address")),
    port: reader.uint16BigEndian("port"),
  };
}

/** Time before what a version message has. */
const ADDRESS_RECORD_BYTES = 4 + VERSION_ADDRESS_BYTES;

export const addr: PayloadCodec<MessageOf<"addr">> = {
  maxBytes: listSize(MAX_ADDRESSES, ADDRESS_RECORD_BYTES),
  sizeOf: (message) => listSize(message.addresses.length, ADDRESS_RECORD_BYTES),
  write(writer, { addresses }) {
    writer.varInt(addresses.length);
    for (const record of addresses) {
      writer.uint32(record.time);
      writeVersionAddress(writer, record);
    }
  },
  read({ reader }) {
    const addresses: AddressRecord[] = [];
    const count = readCount(reader, MAX_ADDRESSES, ADDRESS_RECORD_BYTES, "addresses");
    for (let i = 0; i < count; i++) {
      reader.enter("addresses", i);
      addresses.push({ time: reader.uint32("time"), ...readVersionAddress(reader) });
      reader.leave();
    }
    return { type: "addr", addresses };
  },
};

/** Time, network, port. */
const ADDRV2_FIXED_BYTES = 4 + 1 + 2;
/** With one byte of services, and one byte that says that the address has none. */
const MIN_ADDRV2_BYTES = ADDRV2_FIXED_BYTES + 2;
/** With nine bytes of services, and three that announce the longest address. */
const MAX_ADDRV2_BYTES = ADDRV2_FIXED_BYTES + 9 + 3 + MAX_ADDRESS_BYTES;

/** BIP155. */
export const addrv2: PayloadCodec<MessageOf<"addrv2">> = {
  maxBytes: listSize(MAX_ADDRESSES, MAX_ADDRV2_BYTES),
  sizeOf: ({ addresses }) => addresses.reduce((sum, record) => sum + addrv2Size(record), varIntSize(addresses.length)),
  write(writer, { addresses }) {
    writer.varInt(addresses.length);
    for (const { time, services, address, port } of addresses) {
      writer.uint32(time).varUint64(services).uint8(address.networkId);
      writer.varInt(address.bytes.length).raw(address.bytes).uint16BigEndian(port);
    }
  },
  read({ reader }) {
    const addresses: AddressRecord[] = [];
    const count = readCount(reader, MAX_ADDRESSES, MIN_ADDRV2_BYTES, "addresses");
    for (let i = 0; i < count; i++) {
      reader.enter("addresses", i);
      addresses.push(readAddrv2(reader));
      reader.leave();
    }
    return { type: "addrv2", addresses };
  },
};

function addrv2Size({ services, address: { bytes } }: AddressRecord): number {
  return ADDRV2_FIXED_BYTES + varIntSize(services) + varIntSize(bytes.length) + bytes.length;
}

function readAddrv2(reader: ByteReader): AddressRecord {
  const time = reader.uint32("time");
  const services = reader.varUint64("services");
  const networkId = reader.uint8("networkId");
  const sizeBytes = readCount(reader, MAX_ADDRESS_BYTES, 1, "bytes of address", "addressLength");
  const sizeOfNetwork = ADDRESS_SIZES.get(networkId) ?? sizeBytes;
  if (sizeBytes !== sizeOfNetwork) throw new MalformedBytes(`${sizeBytes} bytes of address on network ${networkId}`);
  const address = { networkId, bytes: reader.copy(sizeBytes, "address") };
  return { time, services, address, port: reader.uint16BigEndian("port") };
}

/** BIP61. Deployed nodes no longer send it; it is read for what it tells about a refusal. */
export const reject: PayloadCodec<MessageOf<"reject">> = {
  maxBytes: MAX_REJECT_BYTES,
  sizeOf: (message) => textSize(message.message) + 1 + textSize(message.reason) + message.data.length,
  write(writer, message) {
    writeText(writer, message.message);
    writer.uint8(message.code);
    writeText(writer, message.reason);
    writer.raw(message.data);
  },
  read({ reader }) {
    return {
      type: "reject",
      message: readText(reader, MAX_COMMAND_BYTES, "message"),
      code: reader.uint8("code"),
      reason: readText(reader, MAX_REJECT_BYTES, "reason"),
      data: reader.copy(reader.remaining, "data"),
    };
  },
};
