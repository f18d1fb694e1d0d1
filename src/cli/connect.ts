import { openPrompt, type Prompt } from "../platform/terminal.ts";
import type { TcpEndpoint } from "../platform/types.ts";
import { LocalError } from "../protocol/errors.ts";
import type { Message } from "../protocol/messages.ts";
import type { NetworkParams } from "../protocol/network_params.ts";
import type { Env } from "../util/env.ts";
import { escapeText } from "../util/escape.ts";
import { bitcoinCodec } from "../wire/bitcoin.ts";
import { nativeCodec } from "../wire/native.ts";
import { defineCommand } from "./command.ts";
import { createView } from "./connect_view.ts";
import { randomNonce, type Session } from "./connect_session.ts";
import type { Output } from "./context.ts";
import { CommandError, EXIT, UsageError } from "./exit.ts";
import { Expectations } from "./expectations.ts";
import { defaultFlag, listFlag, switchFlag, valueFlag } from "./flag.ts";
import { COMMON_FLAGS, JSON_FLAGS, NETWORK_FLAGS } from "./flags.ts";
import { greet } from "./greeting.ts";
import { MESSAGE_FORMS, type MessageDefaults, readSending, type Sending } from "./message_text.ts";
import { loadNetwork } from "./network.ts";
import { createParts } from "./parts.ts";
import { count, duration, readValue, remoteHost, text } from "./values.ts";

/** 10 s: longer than a slow path and a busy peer need, short enough to wait for. */
const DEFAULT_TIMEOUT_MS = 10_000;
const MAX_COUNT = 1_000_000;

const FLAGS = {
  ...NETWORK_FLAGS,
  send: listFlag(text, "MESSAGE", "send this, such as ping, getaddr, getheaders, 'getdata block HASH', 'raw HEX'"),
  expect: listFlag(text, "TYPE", "wait for a message of this type"),
  count: valueFlag(count(1, MAX_COUNT), "N", "end after so many messages"),
  timeout: defaultFlag(duration, "TIME", DEFAULT_TIMEOUT_MS, "how long each step may take", { fallbackText: "10s" }),
  ...JSON_FLAGS,
  ndjson: switchFlag("print each message as one line of JSON as it comes", { conflicts: ["json"] }),
  ...COMMON_FLAGS,
};

export const connectCommand = defineCommand({
  name: "connect",
  summary: "dial one peer, shake hands, talk to it",
  usage: ["HOST:PORT [FLAG …]"],
  positionals: [{ name: "HOST:PORT", isRequired: true }],
  flags: FLAGS,
  unavailable: [],
  examples: [
    ["p2p connect 127.0.0.1:8333 --network main", "who is there?"],
    [
      "p2p connect 127.0.0.1:18444 --network regtest --send getheaders --expect headers",
      "ask, and wait for the answer",
    ],
  ],
  exitCodes: [EXIT.done, EXIT.no, EXIT.usage, EXIT.unreachable, EXIT.refused, EXIT.internal],

  async run(context, settings, words) {
    const { env, transport, hasher } = createParts(context);
    const network = await loadNetwork(settings.network, hasher);
    const codec = network.wire === "native" ? nativeCodec(network.magic) : bitcoinCodec(network.magic, hasher);
    const remote = readRemote(words[0]!, network);
    const defaults: MessageDefaults = { genesisHash: network.genesisHash, newNonce: () => randomNonce(env) };
    const sendings = settings.send.map((line) => readOrRefuse(line, defaults));
    const expectations = new Expectations(settings.expect, settings.count);
    const format = settings.json ? "json" : settings.ndjson ? "ndjson" : "text";
    const isScripted = format !== "text" || settings.expect.length > 0 || settings.count !== undefined;
    let prompt: Prompt | undefined;
    const view = createView(
      format,
      context.out,
      (text) => prompt ? prompt.print(text) : context.out.stream.write(text),
    );

    function onMessage(message: Message): void {
      view.message(message);
      expectations.see(message.type);
    }

    const greeting = await greet({ env, transport, codec, remote, timeoutMs: settings.timeout, onMessage });
    view.peer(greeting);
    for (const sending of sendings) sendTo(greeting.session, sending);
    if (context.host.stdin.isTerminal && !isScripted) {
      const over = converse(greeting.session, defaults, context.err, (opened) => prompt = opened);
      context.err.line(`the conversation is over: ${escapeText(await over)}`);
    } else {
      await waitFor(expectations, greeting.session, env, settings.timeout);
    }
    greeting.session.close();
    view.end(expectations);
    if (expectations.missing.length === 0) return EXIT.done;
    throw new CommandError(EXIT.no, `expected but did not get: ${expectations.missing.join(", ")}`);
  },
});

function readRemote(word: string, network: NetworkParams): TcpEndpoint {
  const read = readValue(remoteHost, word);
  if ("why" in read) throw new UsageError(`HOST:PORT: ${read.why}: received ${JSON.stringify(word)}`);
  return { host: read.value.host, port: read.value.port ?? network.defaultPort };
}

function readOrRefuse(line: string, defaults: MessageDefaults): Sending {
  try {
    return readSending(line, defaults);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`--send: ${error.message}`);
  }
}

function sendTo(session: Session, sending: Sending): void {
  if (sending.kind === "raw") session.sendRaw(sending.bytes);
  else session.send(sending.message);
}

/** Waits for what is expected, for the end of the connection, or for the time to be over. */
function waitFor(expectations: Expectations, session: Session, env: Env, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = env.after(timeoutMs, resolve);
    Promise.race([expectations.done, session.closed]).then(() => {
      timer.cancel();
      resolve();
    });
  });
}

/** Takes lines from the terminal until either side ends it; resolves with who did. */
function converse(
  session: Session,
  defaults: MessageDefaults,
  err: Output,
  onOpen: (prompt: Prompt) => void,
): Promise<string> {
  return new Promise((resolve) => {
    const prompt = openPrompt({
      prompt: "> ",
      complete: (line) => [...MESSAGE_FORMS.keys()].filter((name) => name.startsWith(line)),
      onLine: (line) => runLine(line),
      onEnd: () => resolve("closed by you"),
    });
    onOpen(prompt);
    session.closed.then((reason) => {
      resolve(reason.message);
      prompt.close();
    });
  });

  function runLine(line: string): void {
    if (line.trim() === "") return;
    if (line.trim() === "help") return showForms(err);
    try {
      sendTo(session, readSending(line, defaults));
    } catch (error) {
      if (!(error instanceof SyntaxError) && !(error instanceof LocalError)) throw error;
      err.line(escapeText(error.message));
    }
  }
}

function showForms(err: Output): void {
  for (const [name, usage] of MESSAGE_FORMS) err.line(`  ${name} ${usage}`);
}
