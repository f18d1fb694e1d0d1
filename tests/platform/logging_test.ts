import { assert, assertEquals } from "@std/assert";
import { test } from "node:test";
import { configureLogging, createLogger, type LoggingOptions } from "../../src/platform/logging.ts";

/** What `log` writes under a configuration, line by line and without the times. */
function written(options: Omit<LoggingOptions, "write">, log: () => void): string[] {
  const lines: string[] = [];
  configureLogging({ ...options, write: (line) => lines.push(line) });
  log();
  configureLogging({ level: "off" });
  return lines.map((line) => line.replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, "TIME"));
}

test("a record is one line: time, level, category, message, fields", () => {
  const lines = written({ level: "info" }, () => {
    createLogger("peer").warn("It went away", { id: 7, reason: "too slow", hash: "00ff" });
  });
  assertEquals(lines, [`TIME warn  peer It went away id=7 reason="too slow" hash=00ff\n`]);
});

test("levels below the threshold are not written, and enabled says so", () => {
  const lines = written({ level: "warn" }, () => {
    const logger = createLogger("peer");
    assertEquals([logger.enabled("debug"), logger.enabled("info"), logger.enabled("warn"), logger.enabled("error")], [
      false,
      false,
      true,
      true,
    ]);
    logger.debug("one");
    logger.info("two");
    logger.warn("three");
    logger.error("four");
  });
  assertEquals(lines, ["TIME warn  peer three\n", "TIME error peer four\n"]);
});

test("off writes nothing", () => {
  const lines = written({ level: "off" }, () => {
    assertEquals(createLogger("peer").enabled("error"), false);
    createLogger("peer").error("nobody hears it");
  });
  assertEquals(lines, []);
});

test("a category has its own threshold, which holds below it, in both directions", () => {
  const lines = written({ level: "info", categories: { sync: "debug", "net.dialer": "off" } }, () => {
    createLogger("sync.headers").debug("more");
    createLogger("peer").debug("hidden");
    createLogger("net.dialer").error("silenced");
    createLogger("net").info("shown");
  });
  assertEquals(lines, ["TIME debug sync.headers more\n", "TIME info  net shown\n"]);
});

test("text of strangers cannot act on a terminal or forge a line", () => {
  const [line = "", ...others] = written({ level: "info" }, () => {
    createLogger("peer").info("\x1b[2J", {
      agent: "/x\x1b]0;owned\x07\r\nTIME info  peer forged\u202e\u2028/",
      "a\nb": 1,
    });
  });
  assertEquals(others, []);
  assertEquals(line.match(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu), ["\n"]);
  assert(line.endsWith("\n"));
  assert(line.includes("\\x1b]0;owned"));
});

test("a value cannot pass for another field", () => {
  const [line] = written({ level: "info" }, () => createLogger("peer").info("m", { agent: `a" id=7 "` }));
  assertEquals(line, `TIME info  peer m agent="a\\" id=7 \\""\n`);
});

test("braces in a message are no template", () => {
  const [line] = written({ level: "info" }, () => createLogger("peer").info("odd {id} text", { id: 1 }));
  assertEquals(line, "TIME info  peer odd {id} text id=1\n");
});

test("JSON records carry the fields as they are, and what JSON cannot say as strings", () => {
  const [line = ""] = written({ level: "info", format: "json" }, () => {
    createLogger("sync.blocks").info("Hello\x1b", {
      count: 3,
      work: 2n ** 70n,
      raw: Uint8Array.of(1, 255),
      none: null,
    });
  });
  assertEquals(line.includes("\x1b"), false);
  assertEquals(JSON.parse(line), {
    time: "TIME",
    level: "info",
    category: "sync.blocks",
    message: "Hello\x1b",
    count: 3,
    work: "1180591620717411303424",
    raw: "01ff",
    none: null,
  });
});

test("an error is written with its message and its stack", () => {
  const error = new Error("broken \x1b[31m");
  const [text = ""] = written({ level: "info" }, () => createLogger("peer").error("A bug", { error }));
  assert(text.startsWith(`TIME error peer A bug error="broken \\x1b[31m"\n    at `));
  assert(!text.includes("\x1b"));
  const [json = ""] = written({ level: "info", format: "json" }, () => createLogger("peer").error("A bug", { error }));
  assertEquals(JSON.parse(json).error.message, "broken \x1b[31m");
  assert(JSON.parse(json).error.stack.includes("logging_test"));
});

test("long values are cut, and values that cannot be shown do not stop the log", () => {
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  const [line = ""] = written({ level: "info" }, () => {
    createLogger("peer").info("m", {
      long: "x".repeat(1_000_000),
      bytes: new Uint8Array(1_000_000),
      cycle,
      list: [1, 2n],
    });
  });
  assert(line.length < 3000);
  assert(line.includes("(1000000 bytes)"));
  assert(line.includes("(not shown: "));
  assert(line.includes(`list=[1,"2"]`));
});
