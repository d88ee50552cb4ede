import { unfit, wrongType } from "./errors.js";
import { ofAnotherCopy } from "./realms.js";
import type { Runtime } from "./runtime.js";
import { FloatTensor } from "./tensor.js";

/** Checks of tensors. */

/** `[8, 64, 28, 28], NCHW`, as messages show a tensor. */
function described({ shape, layout }: FloatTensor): string {
  return `shape [${shape.join(", ")}], ${layout}`;
}

/** A live tensor, of these kernels where they are given. */
export function checkTensor(name: string, value: unknown, kernels?: Runtime): FloatTensor {
  const expected = "a Tensor";
  if (!(value instanceof FloatTensor)) throw ofAnotherCopy(name, expected, value) ?? wrongType(name, expected, value);
  // Before the kernels are compared: a Proxy is told as such by it, and may give its kernels as a Proxy, too.
  if (value.disposed) throw new Error("tensor was disposed");
  if (kernels !== undefined && value.kernels !== kernels) {
    throw new RangeError(`"${name}" expected a tensor of the same kernels, got one of others`);
  }
  return value;
}

/** A tensor with a channel axis and at least one axis beside it. */
export function checkInput(value: unknown, kernels?: Runtime, channels?: number): FloatTensor {
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
