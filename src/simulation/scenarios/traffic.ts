import { SeededRandom } from "../../platform/seeded_random.ts";
import { wire } from "../graph.ts";
import { GRAPH_OUTBOUND } from "../params.ts";
import type { Findings, Scenario, Setting } from "../scenario.ts";
import { World } from "../world.ts";

const SECOND = 1000;
const MS_PER_SECOND = 1000;
const SETTLING_MS = 10 * SECOND;
/** Each node sends each peer so many messages of so many bytes at once, and again after the pause. */
const BURST = 64;
const MESSAGE_BYTES = 64;
const PAUSE_MS = 250;
const MEASURED_MS = 2 * SECOND;

/** As many messages of applications as the simulator can deliver. */
export const traffic: Scenario = {
  summary: "messages of applications between all neighbours: how many a second of real time can be delivered",
  nodes: 1000,
  build: ({ seed, nodes, hasher }: Setting) => {
    const random = new SeededRandom(seed, "graph");
    return new World({ seed, nodes, hasher, graph: wire(() => random.number(), nodes, GRAPH_OUTBOUND / 2) });
  },
  async play(world, { stopwatch, cpuMs }): Promise<Findings> {
    await world.startAll();
    await world.run(SETTLING_MS);
    const payload = new Uint8Array(MESSAGE_BYTES);
    for (const { host, up } of world.members) {
      const { after } = world.network.env(host);
      const peers = up.peers().map(({ id }) => id);
      const speak = (): void => {
        for (const peer of peers) for (let i = 0; i < BURST; i++) up.send(peer, payload);
        after(PAUSE_MS, speak);
      };
      after(0, speak);
    }
    await world.run(PAUSE_MS);
    const before = world.messages;
    const [startedAt, cpuBefore] = [stopwatch(), cpuMs()];
    await world.run(MEASURED_MS);
    const seconds = (stopwatch() - startedAt) / MS_PER_SECOND;
    const cpuSeconds = (cpuMs() - cpuBefore) / MS_PER_SECOND;
    const messages = world.messages - before;
    return { messagesPerSecond: messages / seconds, messagesPerCpuSecond: messages / cpuSeconds };
  },
};
