import { assert } from "@std/assert";
import { act } from "../../../src/control/actions.ts";
import type { ControlAnswer } from "../../../src/control/http_types.ts";
import { toControlRequest } from "../../../src/control/request.ts";
import { answer } from "../../../src/control/routes.ts";
import { createMemoryNetwork } from "../../../src/platform/memory.ts";
import { REGTEST } from "../../../src/protocol/networks.ts";
import { controlSubject } from "../../support/control.ts";
import { Miner } from "../../support/mining.ts";
import { dialScripted } from "../../support/scripted_peer.ts";
import { feed, simulateNode } from "../../support/simulated_node.ts";
import { type FuzzTarget, textOf, texts } from "../target.ts";

const WRONG_METHOD = 405;
const SERVER_ERROR = 500;
/** Characters of an answer by which one is told from another. */
const TOLD = 40;
/** What these say is their own: the state of the node, or that somebody else cannot be reached. */
const USUAL = new Set([502, 503]);
/** Longer than any answer about a node with one peer. */
const MAX_ANSWER_BYTES = 400_000;

const PATHS = [
  ...["/", "/v1/node", "/v1/peers", "/v1/peers/1", "/v1/channels", "/v1/bans", "/v1/offenders", "/v1/chain"],
  ...["/v1/addresses?limit=5", "/v1/addresses?format=lines&limit=9", "/v1/blocks/2?raw=1", "/v1/blocks/1"],
  `/v1/blocks/${REGTEST.genesisHash}`,
  ...["/v1/topology?fanout=3", "/v1/vitals", "/v1/doctor", "/v1/balancing", "/metrics", "/livez", "/readyz"],
  ...["/v1/events", "/v1/events?channels=control,sync,data", "/v1/events?types=peer:connected,topic:a%20b,chain:tip"],
];

/** Requests: method, target, Host, Origin, Authorization and body, a line each. */
export const CONTROL: FuzzTarget = {
  name: "control",
  corpus() {
    const gets = PATHS.map((path) => `GET ${path}\n127.0.0.1:9464\n\n\n`);
    const changes = [
      'POST /v1/bans\nlocalhost\nhttp://localhost\nBearer token\n{"address":"192.0.2.0/24","seconds":60,"reason":"x"}',
      'POST /v1/bans\n[::1]:1\n\nBearer token\n{"address":"2001:db8::/32"}',
      "DELETE /v1/bans/192.0.2.0%2F24\n127.0.0.1\n\nBearer token\n",
      "DELETE /v1/peers/99\n127.0.0.1\n\nBearer token\n",
      'POST /v1/peers\n127.0.0.1\n\nBearer token\n{"address":"other:18444"}',
    ];
    return texts(...gets, ...changes);
  },
  async open() {
    const network = createMemoryNetwork({ seed: 1 });
    const { node } = simulateNode(network, "node");
    feed(node, [REGTEST.genesisBlock!, ...new Miner().mineMany(3).map(({ raw }) => raw)]);
    await node.start();
    await dialScripted(network, "peer", "node");
    const subject = { ...controlSubject(node), token: "token" };
    return async (input) => {
      const [head = "", host = "", origin = "", authorization = "", ...body] = textOf(input).split("\n");
      const [method = "", ...target] = head.split(" ");
      const request = toControlRequest({
        method,
        target: target.join(" "),
        host: host || undefined,
        origin: origin || undefined,
        authorization,
        body: body.join("\n"),
        isLocalSocket: false,
      });
      const acting = act(subject, request);
      // A connection that it was told to make takes virtual time.
      if (acting) await network.run(network.now() + 30_000);
      const answered: ControlAnswer = await (acting ?? answer(subject, request));
      assert(answered.status < SERVER_ERROR || USUAL.has(answered.status), `status ${answered.status}`);
      if ("open" in answered) {
        const source = answered.open({ write: () => true, cut() {} });
        source.drained();
        source.closed();
        assert(subject.feed.size === 0, "a reader that is gone is still fed");
        return `${answered.status} stream`;
      }
      assert(answered.body.length <= MAX_ANSWER_BYTES, `an answer of ${answered.body.length} bytes`);
      if (answered.headers["content-type"]?.startsWith("application/json")) JSON.parse(answered.body);
      const told = answered.status === WRONG_METHOD ? "" : answered.body.slice(0, TOLD).replaceAll(/[^a-zA-Z ]+/g, "");
      return `${answered.status} ${told}`;
    };
  },
  repair(input) {
    const [head = "", , , , ...body] = textOf(input).split("\n");
    return new TextEncoder().encode([head, "127.0.0.1", "", "Bearer token", ...body].join("\n"));
  },
};
