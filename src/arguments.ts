import { unfit, wrongType, wrongValue } from "./errors.js";
import { isLayout, type Layout } from "./layout.js";
import { isA } from "./realms.js";

/** Checks of arguments that are plain values or arrays of them. */

export function checkBoolean(name: string, value: unknown): boolean {
  if (typeof value !== "boolean") throw wrongType(name, "a boolean", value);
  return value;
}

export function checkOneOf<T extends string>(name: string, value: unknown, choices: readonly T[]): T {
  const expected = choices.map((choice) => `"${choice}"`).join(" or ");
  if (typeof value !== "string") throw wrongType(name, expected, value);
  if (!(choices as readonly string[]).includes(value)) throw wrongValue(name, expected, value);
  return value as T;
}

export function checkEps(value: unknown): number {
  const expected = "a number >= 0";
  if (typeof value !== "number") throw wrongType("eps", expected, value);
  if (!(value >= 0 && value < Infinity)) throw wrongValue("eps", expected, value);
  return value;
}

export function checkMomentum(value: unknown): number | null {
  const expected = "null or a number in [0, 1]";
  if (value === null) return null;
  if (typeof value !== "number") throw wrongType("momentum", expected, value);
  if (!(value >= 0 && value <= 1)) throw wrongValue("momentum", expected, value);
  return value;
}

export function checkInteger(name: string, value: unknown, least: number): number {
  const expected = `an integer >= ${least}`;
  if (typeof value !== "number") throw wrongType(name, expected, value);
  if (!Number.isSafeInteger(value) || value < least) throw wrongValue(name, expected, value);
  return value;
}

export function checkLayout(value: unknown): Layout {
  const expected = "NC, NCL, NLC, NCHW, NHWC, NCDHW or NDHWC";
  if (typeof value !== "string") throw wrongType("layout", expected, value);
  if (!isLayout(value)) throw wrongValue("layout", expected, value);
  return value;
}

/** A copy of the shape. */
export function checkShape(value: unknown, layout: Layout): readonly number[] {
  if (!Array.isArray(value)) throw wrongType("shape", "an array of integers", value);
  const shape = Array.from(value as readonly unknown[]);
  const wrong = shape.find((extent) => typeof extent !== "number");
  if (shape.some((extent) => typeof extent !== "number")) throw wrongType("shape", "an array of integers", wrong);
  if (!shape.every((extent) => Number.isSafeInteger(extent) && (extent as number) >= 0)) {
    throw unfit("shape", "integers >= 0", `[${shape.join(", ")}]`);
  }
  if (shape.length !== layout.length) {
    throw unfit("shape", `${layout.length} extents for ${layout}`, `[${shape.join(", ")}]`);
  }
  return Object.freeze(shape as number[]);
}

/**
 * Numbers in an array or a typed array. Anything but a typed array is copied. Each element is read once, so the checked
 * value is the used one.
 */
export function checkNumbers(name: string, value: unknown): ArrayLike<number> {
  const expected = "an array of numbers";
  if (typeof value !== "object" || value === null) throw wrongType(name, expected, value);
  if (ArrayBuffer.isView(value)) {
    if (isA("BigInt64Array", value) || isA("BigUint64Array", value) || isA("DataView", value)) {
      throw wrongType(name, expected, value);
    }
    return value as ArrayBufferView & ArrayLike<number>;
  }
  const array = value as ArrayLike<unknown>;
  const { length } = array;
  if (typeof length !== "number") throw wrongType(name, expected, value);
  const numbers: number[] = [];
  for (let i = 0; i < length; i++) {
    const element = array[i];
    if (typeof element !== "number") throw wrongType(name, expected, element);
    numbers.push(element);
  }
  return numbers;
}

/** A copy of numbers, one per channel. Refuses 16-bit integers, because they are usually the bits of half precision. */
export function checkPerChannel(name: string, value: unknown, channels: number): Float64Array<ArrayBuffer> {
  if (isA("Uint16Array", value)) {
    const got = "Uint16Array, the bits of float16 or bfloat16: convert them (where they are integers, by Array.from)";
    throw new TypeError(`"${name}" expected an array of numbers, got ${got}`);
  }
  const numbers = checkNumbers(name, value);
  if (numbers.length !== channels) {
    throw unfit(name, `${channels} values, one per channel`, `${numbers.length}`);
  }
  return new Float64Array(numbers);
}

/** NaN passes: it may come from a run that diverged. */
export function checkNotNegative(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i] < 0) throw unfit(name, "numbers >= 0", `${values[i]} at index ${i}`);
  }
}
