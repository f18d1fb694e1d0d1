import type { P2PNode } from "../node/types.ts";
import { localAddresses } from "../platform/interfaces.ts";
import type { Endpoint } from "../platform/types.ts";
import { formatEndpoint, formatHostPort } from "../util/endpoint.ts";
import { VERSION } from "../util/version.ts";
import type { Context } from "./context.ts";

export interface BannerFacts {
  readonly node: P2PNode;
  /** As the user chose it: a name or a file. */
  readonly network: string;
  readonly dataDir: string;
  readonly control: Endpoint;
}

const LABEL_WIDTH = 9;
const ANY_ADDRESS = ["0.0.0.0", "::"];

/** Says on stderr what was started, and last how others join. */
export function printBanner({ node, network, dataDir, control }: BannerFacts, { err, host }: Context): void {
  const { height, bestHash } = node.chain();
  const join = joinCommand(node.listening, network);
  const rows: readonly (readonly [string, string])[] = [
    ["network", `${node.network.name}, ${node.network.wire} wire`],
    ["tip", `${height} ${bestHash}`],
    ["data", dataDir],
    ["control", formatEndpoint(control)],
    ...dashboardRow(control),
    ["listen", node.listening.map(formatEndpoint).join(", ") || "nowhere"],
    ["join by", join ?? "nobody can: this node does not listen"],
  ];
  err.line(`${err.colors.bold(`p2p ${VERSION}`)} on ${host.runtime}`);
  for (const [label, value] of rows) err.line(`${err.colors.dim(label.padEnd(LABEL_WIDTH))}${value}`);
}

/** What to open in a browser: there is no page to a unix socket. */
function dashboardRow(control: Endpoint): readonly (readonly [string, string])[] {
  if (!("host" in control)) return [];
  const host = ANY_ADDRESS.includes(control.host) ? "127.0.0.1" : control.host;
  return [["look at", `http://${formatHostPort({ host, port: control.port })}/`]];
}

/** What somebody else types to join; undefined where nobody can. */
function joinCommand(listening: readonly Endpoint[], network: string): string | undefined {
  const endpoint = listening.find((candidate) => "host" in candidate);
  if (!endpoint || !("host" in endpoint)) return undefined;
  const host = ANY_ADDRESS.includes(endpoint.host) ? localAddresses()[0] ?? "127.0.0.1" : endpoint.host;
  const choice = network === "p2p" ? "" : `--network ${network} `;
  return `p2p node ${choice}--join ${formatHostPort({ host, port: endpoint.port })}`;
}
