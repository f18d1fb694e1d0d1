import { test } from "node:test";
import { assertEquals, assertStringIncludes } from "@std/assert";
import { CAPTURE_FLAGS } from "../../src/cli/capture.ts";
import {
  balancingRule,
  duration,
  type HandlerFile,
  handlerFile,
  logFilters,
  mebibytes,
  range,
  readValue,
  seconds,
  size,
  type ValueSchema,
  weight,
} from "../../src/cli/values.ts";
import { runWith } from "./run_program.ts";

test("values: a rule of balancing, with how long sessions are kept and how often is tried again", () => {
  const rules = {
    "*=adaptive": { class: "*", strategy: "adaptive" },
    "a=b=round-robin": { class: "a=b", strategy: "round-robin" },
    "a+b=round-robin+sticky=90s": { class: "a+b", strategy: "round-robin", stickyMs: 90_000 },
    "get=weighted+retries=0+sticky=2m": { class: "get", strategy: "weighted", retries: 0, stickyMs: 120_000 },
  };
  for (const [text, rule] of Object.entries(rules)) {
    assertEquals<unknown>(readValue(balancingRule, text), { value: rule }, text);
  }
  const wrong = {
    "adaptive": "must read CLASS=STRATEGY",
    "*=fastest": "must be",
    "*=adaptive+sticky=": "must be a time",
    "*=adaptive+sticky=2h": "at most 3600 s",
    "*=adaptive+retries=11": "must be a whole number from 0 to 10",
    "*=adaptive+hops=1": "must be",
  };
  for (const [text, why] of Object.entries(wrong)) assertWrong(readValue(balancingRule, text), why);
});

test("values: a handler names events that there are, and a file", () => {
  const value: HandlerFile = { types: ["chain:tip", "peer:connected"], file: "./a=b.ts" };
  assertEquals(readValue(handlerFile, "chain:tip+peer:connected=./a=b.ts"), { value });
  for (const text of ["chain:tip", "chain:tip="]) assertWrong(readValue(handlerFile, text), "must read EVENT");
  for (const name of ["", "chain:top", "toString"]) {
    assertWrong(readValue(handlerFile, `${name}=./a.ts`), `there is no event ${name}`);
  }
});

test("values: a filter of the log names a category that there is", () => {
  assertEquals(readValue(logFilters, "peer=debug, sync=off"), { value: [["peer", "debug"], ["sync", "off"]] });
  assertWrong(
    readValue(logFilters, "nope=debug"),
    "there is no category nope (did you mean node?); there is: addresses, bench,",
  );
  assertWrong(readValue(logFilters, "peers=debug"), "(did you mean peer?)");
  assertWrong(readValue(logFilters, "peer=loud"), "must be one of debug, info,");
});

test("values: a range is two whole numbers, the lower first", () => {
  assertEquals(readValue(range, "3-3"), { value: [3, 3] });
  assertWrong(readValue(range, "500-1"), "must be a range with its lower end first (1-500)");
  for (const text of ["5", "1-", "-1-2", "1-2-3", "1.5-2", `1-${2 ** 53}`, `${2 ** 53}-1`]) {
    assertWrong(readValue(range, text), "must be a range such as 1-500");
  }
});

test("values: a size or a time that is out of bounds is told both of them, and an example that is taken", () => {
  const capture = CAPTURE_FLAGS["capture-size"].schema;
  const cases: readonly (readonly [schema: ValueSchema<unknown>, wrong: readonly string[], why: string])[] = [
    [mebibytes, ["0", "99999999999999", "1025TiB", "0.1B"], "above 0 and up to 1024TiB, such as 550 (MiB) or 2GiB"],
    [duration, ["0", "99999999999d", "36526d"], "must be a time above 0 and up to 36525d, such as 10s,"],
    [seconds, ["0", "99999999999d"], "must be a time above 0 and up to 36525d, such as 10,"],
    [capture, ["1k", "64KiB", "2TiB"], "must be a size from 1MiB to 1TiB, such as 64MiB"],
    [size(0, 4_000_000, "64KiB"), ["5MB"], "must be a size from 0 bytes to 4000000 bytes, such as 64KiB"],
  ];
  for (const [schema, wrong, why] of cases) for (const text of wrong) assertWrong(readValue(schema, text), why);
  for (const text of ["1MiB", "64MiB", "1TiB"]) assertEquals("value" in readValue(capture, text), true, text);
  assertEquals(readValue(mebibytes, "1024TiB"), { value: 2 ** 50 });
  assertEquals(readValue(duration, "36525d"), { value: 36_525 * 86_400_000 });
});

test("inspect: a flag of another view is refused with all that it goes with", async () => {
  const cases: readonly (readonly [words: readonly string[], why: string])[] = [
    [["peers", "--count", "2"], "--count goes with inspect events, file, remote and --live only"],
    [["chain", "--interval", "1s"], "--interval goes with --live only"],
    [["peers", "--live", "--tips"], "--tips goes with inspect chain only"],
    [["chain", "--live"], "--live goes with inspect node, peers only"],
  ];
  for (const [words, why] of cases) {
    const { code, stderr } = await runWith(["inspect", ...words, "--control", "127.0.0.1:1"]);
    assertEquals([code, stderr], [2, `p2p: ${why}\n`]);
  }
});

test("values: a weight names a peer or a region", () => {
  assertEquals(readValue(weight, "192.0.2.1:8333=2.5"), { value: ["192.0.2.1:8333", 2.5] });
  assertEquals(readValue(weight, "eu=3"), { value: ["eu", 3] });
  for (const text of ["eu", "=3", "eu=", "eu=0", "eu=-1", "eu=NaN", "eu=1e9"]) {
    assertWrong(readValue(weight, text), "N above 0");
  }
});

test("inspect: who or what an action is about is checked before any node is asked", async () => {
  const slips: readonly (readonly [words: readonly string[], why: string])[] = [
    [["disconnect", "abc"], "ID must be a whole number"],
    [["disconnect", "0"], "ID must be a whole number"],
    [["peer", "1x"], "ID must be a whole number"],
    [["ban", "foo"], "ADDRESS|CIDR must be an address or ADDRESS/BITS"],
    [["ban", "10.0.0.0/33"], "ADDRESS|CIDR must have a number from 0 to 32 after the slash"],
    [["ban", "fc00::/7"], "ADDRESS|CIDR must be either fc00::/8"],
    [["unban", "10.0.0.0/8/8"], "ADDRESS|CIDR must be an address"],
    [["connect", "a:b"], "HOST:PORT "],
  ];
  for (const [words, why] of slips) {
    const { code, stdout, stderr } = await runWith(["inspect", ...words, "--control", "127.0.0.1:1"]);
    assertEquals([code, stdout], [2, ""], words.join(" "));
    assertStringIncludes(stderr, why);
  }
});

function assertWrong(read: ReturnType<typeof readValue>, why: string): void {
  assertStringIncludes("why" in read ? read.why : JSON.stringify(read), why);
}
