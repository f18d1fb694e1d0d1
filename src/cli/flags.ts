import { NETWORKS } from "../protocol/networks.ts";
import { countFlag, defaultFlag, switchFlag, valueFlag } from "./flag.ts";
import { LOG_LEVELS } from "./log_levels.ts";
import { hostPortOrPath, logFilters, oneOf, text } from "./values.ts";

/** Where configuration is read from. The environment may name the file; the file itself may not. */
export const CONFIG_FLAGS = {
  config: valueFlag(text, "FILE", "read settings from this TOML file"),
};

/** What every command takes. */
export const COMMON_FLAGS = {
  ...CONFIG_FLAGS,
  color: defaultFlag(oneOf(["auto", "always", "never"]), "WHEN", "auto", "colour the output: auto, always or never", {
    bareValue: "always",
    conflicts: ["no-color"],
  }),
  "no-color": switchFlag("the same as --color never", { conflicts: ["color"] }),
  "log-level": defaultFlag(oneOf(LOG_LEVELS), "LEVEL", "info", `least level that is logged: ${LOG_LEVELS.join(", ")}`, {
    isSetting: true,
  }),
  log: valueFlag(logFilters, "CATEGORY=LEVEL,…", "levels of single categories, such as peer=debug,sync=warn", {
    isSetting: true,
  }),
  "log-format": valueFlag(oneOf(["text", "json"]), "FORMAT", "text or json", {
    isSetting: true,
    fallbackText: "text on a terminal, json elsewhere",
  }),
  verbose: countFlag("more log; repeatable", { short: "v" }),
  quiet: countFlag("less log; repeatable", { short: "q" }),
  help: switchFlag("show what the command takes", { short: "h" }),
  version: switchFlag("show the version", { short: "V" }),
};

export const NETWORK_FLAGS = {
  network: defaultFlag(text, "NAME|FILE", "p2p", "p2p, main, testnet3, testnet4, signet, regtest, or a TOML file", {
    isSetting: true,
    words: [...NETWORKS.keys()],
  }),
};

/** How to find a running node. */
export const PLACE_FLAGS = {
  ...NETWORK_FLAGS,
  "data-dir": valueFlag(text, "DIR", "where the node keeps its chain; one process at a time", {
    isSetting: true,
    fallbackText: "$XDG_DATA_HOME/p2p/<network>",
  }),
  control: valueFlag(hostPortOrPath, "HOST:PORT|PATH", "the control API: a loopback port or a unix socket", {
    isSetting: true,
    fallbackText: "<data-dir>/p2p.sock",
  }),
};

/** What a control API asks for before it changes anything. */
export const TOKEN_FLAGS = {
  "control-token-file": valueFlag(
    text,
    "FILE",
    "what is in this file is asked for over a control port before changes",
    {
      isSetting: true,
      // Over the unix socket nobody is asked for it.
      needs: ["control"],
      fallbackText: "none",
    },
  ),
};

export const JSON_FLAGS = {
  json: switchFlag("print the result as JSON"),
};
