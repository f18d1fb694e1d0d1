import { MESSAGE_TYPES } from "../wire/frame_trace.ts";
import { openPrompt, type Prompt } from "../platform/terminal.ts";
import { LocalError, RemoteFault } from "../protocol/errors.ts";
import { type Message, type MessageType, RESPONSE_STATUS } from "../protocol/messages.ts";
import { hasServices, SERVICE_P2P_APPS } from "../protocol/service_flags.ts";
import type { Env } from "../util/env.ts";
import { escapeText } from "../util/escape.ts";
import { bitcoinCodec } from "../wire/bitcoin.ts";
import { nativeCodec } from "../wire/native.ts";
import { beginCapture, CAPTURE_FLAGS } from "./capture.ts";
import { defineCommand } from "./command.ts";
import { createView } from "./connect_view.ts";
import { randomNonce, type Session } from "./connect_session.ts";
import type { Output } from "./context.ts";
import { CommandError, EXIT, UsageError } from "./exit.ts";
import { Expectations } from "./expectations.ts";
import { defaultFlag, listFlag, switchFlag, valueFlag } from "./flag.ts";
import { COMMON_FLAGS, JSON_FLAGS, NETWORK_FLAGS } from "./flags.ts";
import { greet, type Greeting } from "./greeting.ts";
import { MESSAGE_FORMS, type MessageDefaults, readSending, type Sending } from "./message_text.ts";
import { loadNetwork } from "./network.ts";
import { createParts } from "./parts.ts";
import { DEFAULT_GREETING_MS, readRemote } from "./remote_word.ts";
import { statusName } from "./render_message.ts";
import { count, duration, oneOf, text } from "./values.ts";

const MAX_COUNT = 1_000_000;

/** Messages that only peers with the service P2P_APPS understand. */
const APP_TYPES: ReadonlySet<MessageType> = new Set<MessageType>([
  "app",
  "publish",
  "subscribe",
  "unsubscribe",
  "request",
  "response",
  "cancel",
]);

const SEND_HELP = "send this, such as ping, getaddr, 'getdata block HASH', 'raw HEX', topic:NAME=TEXT, " +
  "request:METHOD=TEXT (and wait for the answer), app:TEXT";

const FLAGS = {
  ...NETWORK_FLAGS,
  send: listFlag(text, "MESSAGE", SEND_HELP),
  expect: listFlag(oneOf(MESSAGE_TYPES), "TYPE", "wait for a message of this type"),
  count: valueFlag(count(1, MAX_COUNT), "N", "end after so many messages"),
  timeout: defaultFlag(duration, "TIME", DEFAULT_GREETING_MS, "how long each step may take", { fallbackText: "10s" }),
  ...CAPTURE_FLAGS,
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
  examples: [
    ["p2p connect 127.0.0.1:8333 --network main", "who is there?"],
    [
      "p2p connect 127.0.0.1:18444 --network regtest --send getheaders --expect headers",
      "ask, and wait for the answer",
    ],
    ["p2p connect 127.0.0.1:7032 --send 'topic:chat=hello everybody'", "say something on a topic"],
    ["p2p connect 127.0.0.1:7032 --send 'subscribe chat' --expect publish", "hear what the next one says"],
    ["p2p connect 127.0.0.1:7032 --send request:echo=hi", "ask an application, and wait for the answer"],
  ],
  exitCodes: [EXIT.done, EXIT.no, EXIT.usage, EXIT.unreachable, EXIT.refused, EXIT.internal],

  async run(context, settings, words) {
    const { env, transport, hasher } = createParts(context);
    const network = await loadNetwork(settings.network, hasher);
    const codec = network.wire === "native" ? nativeCodec(network.magic) : bitcoinCodec(network.magic, hasher);
    const remote = readRemote(words[0]!, network);
    let requests = 0;
    const defaults: MessageDefaults = {
      genesisHash: network.genesisHash,
      newNonce: () => randomNonce(env),
      newRequestId: () => ++requests,
    };
    const sendings = settings.send.map((line) => readOrRefuse(line, defaults));
    const format = settings.json ? "json" : settings.ndjson ? "ndjson" : "text";
    const isScripted = format !== "text" || settings.expect.length > 0 || settings.count !== undefined;
    const stays = context.host.stdin.isTerminal && !isScripted;
    const expected = stays ? settings.expect : withResponses(settings.expect, sendings);
    const expectations = new Expectations(expected, settings.count);
    let prompt: Prompt | undefined;
    const view = createView(format, context.out, (text) => {
      const print = () => context.out.stream.write(text);
      if (prompt) prompt.printAbove(print);
      else print();
    });

    const heard = new Heard();
    const { topics } = heard;
    const onMessage = (message: Message) => {
      view.message(message);
      heard.see(message);
      expectations.see(message.type);
    };

    const capture = await beginCapture(settings, { network, env, err: context.err, who: "the conversation" });
    let greeting: Greeting | undefined;
    let ended: Error | undefined;
    try {
      const overheard = capture.tap(transport);
      greeting = await greet({ env, transport: overheard, codec, remote, timeoutMs: settings.timeout, onMessage });
      view.peer(greeting);
      for (const sending of sendings) sendTo(greeting, sending, topics);
      if (stays) {
        ended = await converse(greeting, topics, defaults, context.err, (opened) => prompt = opened);
        if (!ended) context.err.line("the conversation is over: closed by you");
      } else {
        await waitFor(expectations, greeting.session, env, settings.timeout);
      }
    } finally {
      greeting?.session.close();
      await capture.end();
    }
    view.end(expectations);
    if (ended) throw cutShort(ended);
    checkOutcome(expectations, stays ? [] : heard.refusals);
    return EXIT.done;
  },
});

/** What the peer said that is of use later. */
class Heard {
  /** Statuses of responses that say no. */
  readonly refusals: string[] = [];
  /** Topics that the peer takes part in, as it says right after the handshake. */
  readonly topics = new Set<string>();

  see(message: Message): void {
    if (message.type === "response" && message.status !== RESPONSE_STATUS.ok) {
      this.refusals.push(statusName(message.status));
    } else if (message.type === "subscribe") {
      for (const topic of message.topics) this.topics.add(topic);
    } else if (message.type === "unsubscribe") {
      for (const topic of message.topics) this.topics.delete(topic);
    }
  }
}

/** The peer, or a fault of its, ended what the user had not finished. */
function cutShort(reason: Error): CommandError {
  const hint = reason instanceof RemoteFault ? "" : "; nodes do so when a message breaks their rules, or when they end";
  return new CommandError(EXIT.refused, `the conversation is over: ${reason.message}${hint}`, { cause: reason });
}

function checkOutcome({ missing }: Expectations, refusals: readonly string[]): void {
  if (missing.length > 0) throw new CommandError(EXIT.no, `expected but did not get: ${missing.join(", ")}`);
  if (refusals.length > 0) throw new CommandError(EXIT.no, `the answer was ${refusals.join(", ")}`);
}

function readOrRefuse(line: string, defaults: MessageDefaults): Sending {
  try {
    return readSending(line, defaults);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UsageError(`--send: ${error.message}`);
  }
}

/** Each request that is sent is a reason to wait for a response, unless so many are waited for anyway. */
function withResponses(expected: readonly string[], sendings: readonly Sending[]): readonly string[] {
  const requests = sendings.filter((each) => each.kind === "message" && each.message.type === "request").length;
  const missing = requests - expected.filter((type) => type === "response").length;
  return [...expected, ...Array.from({ length: Math.max(0, missing) }, () => "response")];
}

/** Throws CommandError for what the peer would not understand. */
function sendTo({ session, agreement }: Greeting, sending: Sending, topics: ReadonlySet<string>): void {
  if (sending.kind === "raw") return session.sendRaw(sending.bytes);
  const { type } = sending.message;
  if (APP_TYPES.has(type) && !hasServices(agreement.version.services, SERVICE_P2P_APPS)) {
    throw new CommandError(EXIT.no, `cannot send ${type}: the peer takes no messages of applications (P2P_APPS)`);
  }
  if (sending.message.type === "publish" && !topics.has(sending.message.topic)) {
    const topic = sending.message.topic;
    throw new CommandError(
      EXIT.no,
      `nobody would hear it: the peer takes no part in topic ${topic} (p2p node --topic ${topic})`,
    );
  }
  session.send(sending.message);
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

/** Takes lines from the terminal until either side ends it; resolves with the reason where the user did not. */
function converse(
  greeting: Greeting,
  topics: ReadonlySet<string>,
  defaults: MessageDefaults,
  err: Output,
  onOpen: (prompt: Prompt) => void,
): Promise<Error | undefined> {
  const { session } = greeting;
  return new Promise((resolve) => {
    const prompt = openPrompt({
      prompt: "> ",
      complete: (line) =>
        [...MESSAGE_FORMS.keys()].filter((start) => start.startsWith(line)).map((start) => start.trim()),
      onLine: (line) => runLine(line),
      onEnd: () => resolve(undefined),
    });
    onOpen(prompt);
    session.closed.then((reason) => {
      resolve(reason);
      prompt.close();
    });
  });

  function runLine(line: string): void {
    if (line.trim() === "") return;
    if (line.trim() === "help") return showForms(err);
    try {
      sendTo(greeting, readSending(line, defaults), topics);
    } catch (error) {
      const isKnown = error instanceof SyntaxError || error instanceof LocalError || error instanceof CommandError;
      if (!isKnown) throw error;
      err.line(escapeText(error.message));
    }
  }
}

function showForms(err: Output): void {
  for (const [name, usage] of MESSAGE_FORMS) err.line(`  ${name}${usage}`);
}
