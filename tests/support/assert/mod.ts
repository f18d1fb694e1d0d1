// The part of @std/assert that our tests use, over node:assert/strict, so that the tests run where JSR cannot be
// reached. `deno task test:jsr` runs the same tests against the real package and keeps this file honest. Two known
// differences, both on the strict side: here 0 is not -0, and an object without a prototype is not a plain object.
import strict, { AssertionError } from "node:assert/strict";
import { inspect } from "node:util";

// deno-lint-ignore no-explicit-any -- any constructor is welcome, whatever it takes
type ErrorClass<E extends Error> = abstract new (...args: any[]) => E;

/** Objects that assertObjectMatch compares as a whole. */
const OPAQUE = [Date, RegExp, Map, Set, Error, ArrayBuffer];

function refuse(reason: string, note?: string): never {
  throw new AssertionError({ message: note === undefined ? reason : `${reason}: ${note}`, stackStartFn: refuse });
}

/** Runs one of node's comparisons and puts the caller's note behind node's own report of the difference. */
function compared(comparison: () => void, note?: string): void {
  try {
    comparison();
  } catch (error) {
    if (note !== undefined && error instanceof AssertionError) error.message += `: ${note}`;
    throw error;
  }
}

export function assert(condition: unknown, message = ""): asserts condition {
  if (!condition) refuse(message);
}

export function assertFalse(condition: unknown, message = ""): asserts condition is false {
  if (condition) refuse(message);
}

export function fail(message?: string): never {
  refuse("Failed assertion", message);
}

export function unreachable(message?: string): never {
  refuse("Unreachable", message);
}

export function assertEquals<T>(actual: T, expected: T, message?: string): void {
  compared(() => strict.deepEqual(actual, expected), message);
}

export function assertNotEquals<T>(actual: T, expected: T, message?: string): void {
  compared(() => strict.notDeepEqual(actual, expected), message);
}

export function assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T {
  compared(() => strict.equal(actual, expected), message);
}

export function assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T> {
  if (actual === undefined || actual === null) refuse(`Expected a value, got ${actual}`, message);
}

export function assertInstanceOf<T extends abstract new (...args: never[]) => unknown>(
  actual: unknown,
  expectedType: T,
  message = "",
): asserts actual is InstanceType<T> {
  if (actual instanceof expectedType) return;
  refuse(`Expected an instance of ${expectedType.name}, got ${inspect(actual)}`, message || undefined);
}

export function assertMatch(actual: string, expected: RegExp, message?: string): void {
  if (!expected.test(actual)) refuse(`Expected ${inspect(actual)} to match ${expected}`, message);
}

export function assertStringIncludes(actual: string, expected: string, message?: string): void {
  if (!actual.includes(expected)) refuse(`Expected ${inspect(actual)} to contain ${inspect(expected)}`, message);
}

export function assertArrayIncludes<T>(
  actual: ArrayLike<T> & object,
  expected: ArrayLike<T> & object,
  message?: string,
): void {
  const missing = Array.from(expected).filter((wanted) => !Array.from(actual).some((item) => isEqual(item, wanted)));
  if (missing.length > 0) refuse(`Expected ${inspect(actual)} to include ${inspect(missing)}`, message);
}

export function assertGreater<T>(actual: T, expected: T, message?: string): void {
  if (!(actual > expected)) refuse(`Expected ${inspect(actual)} > ${inspect(expected)}`, message);
}

export function assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (!(actual >= expected)) refuse(`Expected ${inspect(actual)} >= ${inspect(expected)}`, message);
}

export function assertLess<T>(actual: T, expected: T, message?: string): void {
  if (!(actual < expected)) refuse(`Expected ${inspect(actual)} < ${inspect(expected)}`, message);
}

export function assertLessOrEqual<T>(actual: T, expected: T, message?: string): void {
  if (!(actual <= expected)) refuse(`Expected ${inspect(actual)} <= ${inspect(expected)}`, message);
}

/** Without a tolerance: one ten-millionth of the expected value, as the real package has it. */
export function assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void {
  if (Object.is(actual, expected)) return;
  const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
  if (Math.abs(expected - actual) <= allowed) return;
  refuse(`Expected ${actual} to be within ${allowed} of ${expected}`, message);
}

/** Every property that `expected` names, at any depth, has the value it names; others in `actual` do not matter. */
export function assertObjectMatch(
  // deno-lint-ignore no-explicit-any -- an interface without an index signature must be accepted too
  actual: Record<PropertyKey, any>,
  expected: Record<PropertyKey, unknown>,
  message?: string,
): void {
  compared(() => strict.deepEqual(pick(actual, expected), pick(expected, expected)), message);
}

export function assertThrows(fn: () => unknown, message?: string): unknown;
export function assertThrows<E extends Error = Error>(
  fn: () => unknown,
  errorClass: ErrorClass<E>,
  includes?: string,
  message?: string,
): E;
export function assertThrows(
  fn: () => unknown,
  classOrMessage?: ErrorClass<Error> | string,
  includes?: string,
  message?: string,
): unknown {
  const wanted = expectation(classOrMessage, includes, message);
  try {
    fn();
  } catch (error) {
    return wanted.check(error);
  }
  refuse("Expected function to throw", wanted.message);
}

export function assertRejects(fn: () => PromiseLike<unknown>, message?: string): Promise<unknown>;
export function assertRejects<E extends Error = Error>(
  fn: () => PromiseLike<unknown>,
  errorClass: ErrorClass<E>,
  includes?: string,
  message?: string,
): Promise<E>;
export async function assertRejects(
  fn: () => PromiseLike<unknown>,
  classOrMessage?: ErrorClass<Error> | string,
  includes?: string,
  message?: string,
): Promise<unknown> {
  const wanted = expectation(classOrMessage, includes, message);
  let promise: PromiseLike<unknown>;
  try {
    promise = fn();
  } catch (error) {
    refuse(`Function throws when expected to reject, with ${inspect(error)}`, wanted.message);
  }
  try {
    await promise;
  } catch (error) {
    return wanted.check(error);
  }
  refuse("Expected function to reject", wanted.message);
}

interface Expectation {
  readonly message: string | undefined;
  check(error: unknown): unknown;
}

function expectation(
  classOrMessage: ErrorClass<Error> | string | undefined,
  includes: string | undefined,
  message: string | undefined,
): Expectation {
  if (typeof classOrMessage !== "function") return { message: classOrMessage, check: (error) => error };
  const errorClass = classOrMessage;

  function check(error: unknown): Error {
    if (!(error instanceof Error)) refuse(`A non-Error object was thrown: ${inspect(error)}`, message);
    if (!(error instanceof errorClass)) {
      refuse(`Expected error to be instance of "${errorClass.name}", but was ${inspect(error)}`, message);
    }
    if (includes !== undefined && !error.message.includes(includes)) {
      refuse(`Expected error message to include "${includes}", but got "${error.message}"`, message);
    }
    return error;
  }

  return { message, check };
}

function isEqual(left: unknown, right: unknown): boolean {
  try {
    strict.deepEqual(left, right);
    return true;
  } catch {
    return false;
  }
}

/** The part of `actual` that `expected` talks about. Classes do not matter: an instance may match a plain object. */
function pick(actual: unknown, expected: unknown): unknown {
  if (Array.isArray(actual) && Array.isArray(expected)) {
    return actual.slice(0, expected.length).map((item, index) => pick(item, expected[index]));
  }
  if (!hasFields(actual) || !hasFields(expected)) return actual;
  const picked: Record<PropertyKey, unknown> = {};
  for (const key of Reflect.ownKeys(expected)) {
    if (Object.hasOwn(actual, key)) picked[key] = pick(actual[key], expected[key]);
  }
  return picked;
}

/** Whether the value is what its fields are; of a date, a map or bytes, the fields tell nothing. */
function hasFields(value: unknown): value is Record<PropertyKey, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return !OPAQUE.some((type) => value instanceof type) && !ArrayBuffer.isView(value);
}
