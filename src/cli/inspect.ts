import { defineCommand } from "./command.ts";
import { EXIT } from "./exit.ts";
import { INSPECT_FLAGS } from "./inspect/flags.ts";
import { chooseView, refuseOthersFlags, VIEW_CHOICES } from "./inspect/views.ts";

export const inspectCommand = defineCommand({
  name: "inspect",
  summary: "look into a running node, a remote node, a capture, a frame",
  usage: [
    "[node|ready|peer ID|block HASH|HEIGHT|doctor|health] [FLAG …]",
    "peers|addrs|bans|offenders|channels|shards|balancing|topology [--sort COLUMN[:desc]] [--filter CONDITION …] [--columns NAME,…] [FLAG …]",
    "node|peers --live [--interval TIME] [--sort …] [--filter …] [FLAG …]",
    "chain [--tips] [FLAG …]",
    "topology --dot [FLAG …]",
    "events [--channels NAME,…] [--types NAME,…] [--count N] [FLAG …]",
    "ban ADDRESS|CIDR [--for TIME] [--reason TEXT] [FLAG …]",
    "unban ADDRESS|CIDR [FLAG …]",
    "connect HOST:PORT [FLAG …]",
    "disconnect ID [FLAG …]",
    "FILE.pcapng|FILE.jsonl|blk*.dat [--filter TYPE,… …] [--count N] [--fields] [--network NAME|FILE] [--json]",
    "remote HOST:PORT [--network NAME|FILE] [--count N] [--timeout TIME] [--json]",
    "frame HEX [--network NAME|FILE] [--payload TYPE] [--json]",
  ],
  positionals: [{ name: "WHAT", isRequired: false, choices: VIEW_CHOICES, isFile: true }, {
    name: "ID",
    isRequired: false,
    isMany: true,
  }],
  flags: INSPECT_FLAGS,
  examples: [
    ["p2p inspect peers", "who is connected to the node on this machine"],
    ["p2p inspect peers --sort ping:desc --filter 'ping>100'", "who is slow to answer"],
    ["p2p inspect doctor", "who is slow, who floods, whether the chain follows, and what to change"],
    ["p2p inspect health && echo well", "whether a threshold is crossed, for scripts"],
    ["p2p inspect events --channels control", "who comes and goes, as it happens"],
    ["p2p inspect block 0 --json", "the genesis block, as JSON"],
    ["p2p inspect topology --dot | dot -Tsvg > network.svg", "the network as this node knows it, drawn"],
    ["p2p inspect traffic.pcapng --filter headers,block", "the messages of two types in a capture"],
    ["p2p inspect traffic.pcapng --filter number=17 --fields", "everything about one of them"],
    ["p2p inspect remote 127.0.0.1:8333 --network main", "who is there, what it can do, how fast it answers"],
    ["p2p inspect frame fabfb5da76657261636b000000000000000000005df6e0e2", "every field of a frame, by name"],
    ["p2p inspect ban 192.0.2.0/24 --for 2d --reason spam", "talk to nobody there, for two days"],
  ],
  exitCodes: [
    EXIT.done,
    EXIT.no,
    EXIT.usage,
    EXIT.unreachable,
    EXIT.refused,
    EXIT.internal,
    EXIT.interrupted,
    EXIT.terminated,
  ],

  async run(context, settings, [what = "node", ...words]) {
    const { view, id } = chooseView(what, words);
    refuseOthersFlags(context, view);
    const question = { context, settings, id };
    if (!settings.live) return await view.run(question);
    // Nobody else pays for the screen.
    return await (await import("./live/live.ts")).followLive(question);
  },
});
