import { test } from "node:test";
import { assert, assertEquals } from "@std/assert";
import { createMulticast, type InterfaceAddress, interfacesOf, networkBehind } from "../../src/platform/multicast.ts";
import type { MulticastSocket } from "../../src/platform/types.ts";
import { LOCAL_GROUP, LOCAL_PORT } from "../../src/protocol/local_discovery_params.ts";
import { REGTEST } from "../../src/protocol/networks.ts";
import { formatSubnet } from "../../src/protocol/subnets.ts";
import { bytesToHex } from "../../src/util/hex.ts";
import { nextEvent, portOf, RealNodes } from "../support/real_nodes.ts";
import { within } from "../support/wait.ts";

// Real datagrams, on the loopback interface only. Who else tests on this machine is in the same group: each test looks
// for what nobody else sends.

const GROUP = { host: LOCAL_GROUP, port: LOCAL_PORT };
const LOOPBACK = "127.0.0.1";

function secret(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(15));
}

interface Listener {
  readonly joined: Promise<void>;
  readonly failed: Promise<Error>;
  readonly socket: MulticastSocket;
  /** Resolves with the address that these bytes came from. */
  heard(bytes: Uint8Array): Promise<string>;
}

function listener(interfaceAddress = LOOPBACK, group = GROUP): Listener {
  const joined = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<Error>();
  const waiting = new Map<string, (from: string) => void>();
  const socket = createMulticast().join(group, interfaceAddress, {
    joined: joined.resolve,
    failed: failed.resolve,
    received: (bytes, from) => waiting.get(bytesToHex(bytes))?.(from),
  });
  return {
    joined: joined.promise,
    failed: failed.promise,
    socket,
    heard: (bytes) => new Promise((resolve) => waiting.set(bytesToHex(bytes), resolve)),
  };
}

test("multicast: what one sends to the group on loopback, all there hear, the sender too", async () => {
  const [one, other] = [listener(), listener()];
  await within("joining the group", Promise.all([one.joined, other.joined]));
  const bytes = secret();
  const heard = Promise.all([one.heard(bytes), other.heard(bytes)]);
  one.socket.send(bytes);
  assertEquals(await within("datagrams", heard), [LOOPBACK, LOOPBACK]);
  one.socket.close();
  one.socket.close();
  other.socket.close();
});

test("multicast: who has left hears nothing, and sends nothing", async () => {
  const [gone, stays] = [listener(), listener()];
  await within("joining the group", Promise.all([gone.joined, stays.joined]));
  const [late, bytes] = [secret(), secret()];
  let leaked = "";
  gone.heard(bytes).then(() => leaked = "to who left");
  stays.heard(late).then(() => leaked = "from who left");
  gone.socket.close();
  gone.socket.send(late);
  const heard = stays.heard(bytes);
  stays.socket.send(bytes);
  await within("a datagram", heard);
  stays.socket.close();
  assertEquals(leaked, "");
});

test("multicast: a group that is none fails with a reason, and nothing else happens", async () => {
  const { failed, socket } = listener(LOOPBACK, { host: "127.0.0.1", port: 0 });
  const error = await within("the failure", failed);
  assert(error.message !== "");
  socket.close();
});

test("multicast: two nodes that listen on loopback find each other, and no network but theirs", async () => {
  await using nodes = new RealNodes();
  const [magic] = crypto.getRandomValues(new Uint32Array(1));
  const own = { network: { ...REGTEST, magic: magic! }, discover: true, discoverLocal: true };
  const parts = { multicast: createMulticast() };
  const first = await nodes.start(own, parts);
  await nodes.start({ ...own, network: { ...REGTEST, magic: (magic! ^ 1) >>> 0 } }, parts);
  const second = nodes.create(own, parts);
  const met = nextEvent(second, "peer:connected", ({ peer }) => peer.direction === "outbound");
  await second.start();
  assertEquals((await met).peer.address, `${LOOPBACK}:${portOf(first)}`);
  assertEquals(second.addresses().local?.interfaces, [LOOPBACK]);
  assertEquals(second.addresses().addresses.map(({ address }) => address), [`${LOOPBACK}:${portOf(first)}`]);
});

/** As the system tells of them. */
function entry(address: string, internal = false): InterfaceAddress {
  return { address, family: address.includes(":") ? "IPv6" : "IPv4", internal, cidr: `${address}/24` };
}

test("multicast: it is used behind the addresses that are listened on, and loopback where there is nothing else", () => {
  const loopback = [entry(LOOPBACK, true), entry("::1", true)];
  const own = [...loopback, ...["192.168.1.5", "10.0.0.5", "169.254.3.3", "fd00::5"].map((address) => entry(address))];
  const outside = ["192.168.1.5", "10.0.0.5"];
  assertEquals(interfacesOf("0.0.0.0", own, false), outside);
  assertEquals(interfacesOf("::", own, true), outside);
  assertEquals(interfacesOf("::", own, false), []);
  assertEquals(interfacesOf("192.168.1.5", own, false), ["192.168.1.5"]);
  assertEquals(interfacesOf(LOOPBACK, own, false), [LOOPBACK]);
  assertEquals(interfacesOf("127.0.0.2", own, false), ["127.0.0.2"]);
  assertEquals([interfacesOf("::1", own, true), interfacesOf("localhost", own, true)], [[], []]);
  assertEquals(interfacesOf("0.0.0.0", loopback, false), [LOOPBACK]);
});

test("multicast: neighbours are the hosts of the interface's own network", () => {
  const own = [entry(LOOPBACK, true), entry("192.168.1.5")];
  const behind = (address: string) => formatSubnet(networkBehind(address, own));
  assertEquals(["192.168.1.5", "127.0.0.2"].map(behind), ["192.168.1.0/24", "127.0.0.0/8"]);
  assertEquals(behind("192.168.2.5"), "192.168.2.5", "an address that is gone has none");
});
