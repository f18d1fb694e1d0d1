import type { Peer } from "../../peer/peer.ts";
import type { Connection } from "../../platform/types.ts";
import { appMessage, appOverheadBytes, benchCodec, createBenchPeers } from "./bench_peers.ts";
import { LOOPBACK } from "./flow.ts";
import { type Asker, createAsker, type Echo, type Line, type RoundTripSpec } from "./round_trips.ts";
import type { SideContext } from "./side.ts";
import { takeSample } from "./usage.ts";

const DIAL = { timeoutMs: 10_000 };

/** Gives back every byte. */
export function createBareEcho({ transport, context, clock }: SideContext, spec: RoundTripSpec): Echo {
  let bytes = 0;
  function accept(connection: Connection): void {
    connection.start({
      data(chunk) {
        bytes += chunk.length;
        connection.write(chunk.slice());
      },
      drained() {},
      closed() {},
    });
  }
  return {
    async listen() {
      const { local } = await transport.listen({ host: LOOPBACK, port: 0 }, accept);
      return "port" in local ? local.port : 0;
    },
    sample: () => takeSample(context.host, clock, Math.floor(bytes / spec.sizeBytes)),
  };
}

/** Asks over the bare adapter. */
export function createBareAsker(side: SideContext, spec: RoundTripSpec): Asker {
  const question = new Uint8Array(spec.sizeBytes);
  return createAsker(side, spec, async (port) => {
    const connection = await side.transport.dial({ host: LOOPBACK, port }, DIAL);
    let missing = 0;
    const line: Line = {
      ask() {
        missing = spec.sizeBytes;
        connection.write(question);
      },
      answered() {},
    };
    connection.start({
      data(chunk) {
        missing -= chunk.length;
        if (missing === 0) line.answered();
      },
      drained() {},
      closed() {},
    });
    return line;
  });
}

/** Answers each message of a peer with the same one. */
export function createPeersEcho(side: SideContext, spec: RoundTripSpec): Echo {
  let done = 0;
  const peers = createBenchPeers(side, benchCodec(spec.wire, side.hasher), {
    message(peer, message) {
      done++;
      peer.send(message);
    },
  });
  return {
    async listen() {
      const { local } = await peers.listen({ host: LOOPBACK, port: 0 });
      return "port" in local ? local.port : 0;
    },
    sample: () => takeSample(side.context.host, side.clock, done),
  };
}

/** Asks peers whose handshake is done. */
export function createPeersAsker(side: SideContext, spec: RoundTripSpec): Asker {
  const codec = benchCodec(spec.wire, side.hasher);
  const question = appMessage(new Uint8Array(spec.sizeBytes - appOverheadBytes(codec)));
  return createAsker(side, spec, async (port) => {
    const peers = createBenchPeers(side, codec, { message: () => line.answered() });
    const peer: Peer = await peers.dial({ host: LOOPBACK, port });
    const line: Line = { ask: () => void peer.send(question), answered() {} };
    return line;
  });
}
