import { test } from "node:test";
import { assertEquals } from "@std/assert";
import { type AnswerForm, checkForm } from "../../../src/cli/inspect/answer_form.ts";
import { CommandError } from "../../../src/cli/exit.ts";
import type { Json } from "../../../src/cli/render_message.ts";

function fits(answer: Json, form: AnswerForm): boolean {
  try {
    checkForm(answer, form, { host: "127.0.0.1", port: 1 }, "/v1/x");
    return true;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    return false;
  }
}

test("answer form: a list has records in it, a record has what a view needs of it", () => {
  const lists: readonly Json[] = [[], [{}], {}, null, [null], [1], 5, "x"];
  assertEquals(lists.map((answer) => fits(answer, "list")), [true, true, false, false, false, false, false, false]);
  const records: readonly Json[] = [{ a: [], b: {} }, { a: [{}], b: {}, c: 1 }, { a: [] }, { a: 1, b: {} }, {
    a: [null],
    b: {},
  }];
  assertEquals(records.map((answer) => fits(answer, ["a", "b"])), [true, true, false, false, false]);
  assertEquals([{}, [], null, 5].map((answer) => fits(answer, [])), [true, false, false, false]);
});
