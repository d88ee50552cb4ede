/** Calls that must be refused: a table's row and its assertion. */
import { expect } from "vitest";

/** A call that must raise `type` with the whole message, or with a message that matches. */
export type Refused = [
  name: string,
  call: () => unknown,
  type: new (...args: never[]) => Error,
  message: string | RegExp,
];

export function expectRefused([, call, type, message]: Refused): void {
  let thrown: unknown;
  try {
    call();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(type);
  if (typeof message === "string") expect((thrown as Error).message).toBe(message);
  else expect((thrown as Error).message).toMatch(message);
}

/** The wording of a wrong argument: its name in quotes, what was expected, what came. */
export function about(argument: string): RegExp {
  return new RegExp(`^"${argument}" expected .+, got .+`);
}

export const notNumbers: readonly unknown[] = ["0.1", null, {}, [0.1], true, 1n];
export const notBooleans: readonly unknown[] = [0, 1, "true", null, {}];
export const notTensors: readonly unknown[] = [
  undefined,
  null,
  1,
  "x",
  {},
  [1, 2],
  new Float32Array(4),
  { shape: [2, 1], layout: "NC", data: new Float32Array(2) },
];

/** A value as part of a test's name. */
export function told(value: unknown): string {
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof WebAssembly.Memory) return "a WebAssembly.Memory";
  return ArrayBuffer.isView(value) ? value.constructor.name : (JSON.stringify(value) ?? "undefined");
}
