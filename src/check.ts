import type { KernelInstance } from "./kernels.js";
import { isLayout, type Layout } from "./layout.js";
import { isA, ofAnotherCopy } from "./realms.js";
import { FloatTensor } from "./tensor.js";

/**
 * Argument checks: a TypeError for a wrong type, a RangeError for a wrong value; the argument in quotes, what was
 * expected, what came. Each message is built only where it is thrown.
 */

export function wrongType(name: string, expected: string, got: unknown): TypeError {
  return new TypeError(`"${name}" expected ${expected}, got ${kindOf(got)}`);
}

export function wrongValue(name: string, expected: string, got: unknown): RangeError {
  return new RangeError(`"${name}" expected ${expected}, got ${typeof got === "string" ? `"${got}"` : got}`);
}

/** As wrongValue, for what is described rather than a value. */
export function unfit(name: string, expected: string, got: string): RangeError {
  return new RangeError(`"${name}" expected ${expected}, got ${got}`);
}

/**
 * The error of a Proxy of something of this package: the fields that lead to its memory are private, and a Proxy has none.
 */
export function proxied(what: string): TypeError {
  return new TypeError(
    `the ${what} is a Proxy, which cannot reach its memory: keep it out of reactive objects ` +
      "(Vue: markRaw when you store it, toRaw when you use it; MobX: observable.ref)",
  );
}

/** A value's type as a reader would call it. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value !== "object") return typeof value;
  return value.constructor?.name ?? "object";
}

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
 * Numbers in an array or a typed array. What is not a typed array is copied while it is checked: each element is read once, so
 * that what was checked is what is used.
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

/** A copy of numbers, one per channel. Nothing of that kind comes as 16-bit integers, but half precision as such bits. */
export function checkPerChannel(name: string, value: unknown, channels: number): Float64Array<ArrayBuffer> {
  if (isA("Uint16Array", value)) {
    const got = "Uint16Array, the bits of float16 or bfloat16: convert them (where they are integers, by Array.from)";
    throw new TypeError(`"${name}" expected an array of numbers, got ${got}`);
  }
  const numbers = checkNumbers(name, value);
  if (numbers.length !== channels) {
    throw new RangeError(`"${name}" expected ${channels} values, one per channel, got ${numbers.length}`);
  }
  return new Float64Array(numbers);
}

/** NaN passes: it may come from a run that diverged. */
export function checkNotNegative(name: string, values: ArrayLike<number>): void {
  for (let i = 0; i < values.length; i++) {
    if (values[i] < 0) throw new RangeError(`"${name}" expected numbers >= 0, got ${values[i]} at index ${i}`);
  }
}

/** `[8, 64, 28, 28], NCHW`, as messages show a tensor. */
function described({ shape, layout }: FloatTensor): string {
  return `shape [${shape.join(", ")}], ${layout}`;
}

/** A live tensor, of these kernels where they are given. */
export function checkTensor(name: string, value: unknown, kernels?: KernelInstance): FloatTensor {
  const expected = "a Tensor";
  if (!(value instanceof FloatTensor)) throw ofAnotherCopy(name, expected, value) ?? wrongType(name, expected, value);
  if (kernels !== undefined && value.kernels !== kernels) {
    throw new RangeError(`"${name}" expected a tensor of the same kernels, got one of others`);
  }
  if (value.disposed) throw new Error("tensor was disposed");
  return value;
}

/** A tensor with a channel axis and at least one axis beside it. */
export function checkInput(value: unknown, kernels?: KernelInstance, channels?: number): FloatTensor {
  const x = checkTensor("x", value, kernels);
  if (x.layout === "C") throw unfit("x", "a tensor with a batch axis", "one of layout C");
  if (channels !== undefined && x.extents.channels !== channels) {
    throw unfit("x", `${channels} channels`, `${x.extents.channels} (${described(x)})`);
  }
  if (x.extents.channels === 0) throw unfit("x", "at least 1 channel", `0 (${described(x)})`);
  return x;
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) {
    if (a[axis] !== b[axis]) return false;
  }
  return true;
}

/** A tensor of x's kernels, shape and layout. */
export function checkLikeInput(name: string, value: unknown, x: FloatTensor): FloatTensor {
  const tensor = checkTensor(name, value, x.kernels);
  if (!sameShape(tensor.extents.shape, x.extents.shape)) {
    const [expected, got] = [x, tensor].map(({ shape }) => `[${shape.join(", ")}]`);
    throw new RangeError(`"${name}" expected shape ${expected} like "x", got ${got}`);
  }
  if (tensor.layout !== x.layout) {
    throw new RangeError(`"${name}" expected layout ${x.layout} like "x", got ${tensor.layout}`);
  }
  return tensor;
}

/** gamma or beta, where there is one. */
export function checkVector(name: string, value: unknown, x: FloatTensor): FloatTensor | null {
  if (value === undefined || value === null) return null;
  const tensor = checkTensor(name, value, x.kernels);
  if (tensor.layout !== "C" || tensor.length !== x.extents.channels) {
    throw new RangeError(`"${name}" expected shape [${x.extents.channels}], C, got ${described(tensor)}`);
  }
  return tensor;
}

/** Statistics of batches hold at least two values a channel, or none. */
export function checkCount(x: FloatTensor, when: string): void {
  if (x.extents.count === 1) {
    throw new RangeError(`"x" expected at least 2 values per channel ${when}, got 1 (${described(x)})`);
  }
}
