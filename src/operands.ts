import { unfit, wrongType } from "./errors.js";
import { ofAnotherCopy } from "./realms.js";
import type { Runtime } from "./runtime.js";
import { FloatTensor } from "./tensor.js";

/**
 * Checks of tensors. Throwing and checking are separate functions, because V8 inlines a step with its checks only if
 * all of it together is short.
 */

/** `[8, 64, 28, 28], NCHW`, as messages show a tensor. */
function described({ shape, layout }: FloatTensor): string {
  return `shape [${shape.join(", ")}], ${layout}`;
}

/** A live tensor, of these kernels where they are given. */
export function checkTensor(name: string, value: unknown, kernels?: Runtime): FloatTensor {
  // `disposed` throws for a Proxy, before the kernels are compared: a Proxy may return these as a Proxy, too.
  if (!(value instanceof FloatTensor) || value.disposed || (kernels !== undefined && value.kernels !== kernels)) {
    throw unfitTensor(name, value);
  }
  return value;
}

function unfitTensor(name: string, value: unknown): Error {
  const expected = "a Tensor";
  if (!(value instanceof FloatTensor)) return ofAnotherCopy(name, expected, value) ?? wrongType(name, expected, value);
  if (value.disposed) return new Error("tensor was disposed");
  return unfit(name, "a tensor of the same kernels", "one of others");
}

/** A tensor with a channel axis and at least one axis beside it. */
export function checkInput(value: unknown, kernels?: Runtime, channels?: number): FloatTensor {
  const x = checkTensor("x", value, kernels);
  const got = x.extents.channels;
  if (x.layout === "C" || got === 0 || (channels !== undefined && got !== channels)) throw unfitInput(x, channels);
  return x;
}

function unfitInput(x: FloatTensor, channels: number | undefined): RangeError {
  if (x.layout === "C") return unfit("x", "a tensor with a batch axis", "one of layout C");
  const expected = channels === undefined ? "at least 1 channel" : `${channels} channels`;
  return unfit("x", expected, `${x.extents.channels} (${described(x)})`);
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) {
    if (a[axis] !== b[axis]) return false;
  }
  return true;
}

/** A tensor of x's kernels, shape and layout; `model` is x's name. */
export function checkLikeInput(name: string, value: unknown, x: FloatTensor, model = "x"): FloatTensor {
  const tensor = checkTensor(name, value, x.kernels);
  if (tensor.extents !== x.extents) checkExtents(name, tensor, x, model);
  return tensor;
}

/** The address of the residual, 0 if there is none. */
export function checkResidual(value: unknown, x: FloatTensor): number {
  return value === undefined || value === null ? 0 : checkLikeInput("residual", value, x).address;
}

/**
 * Checks for the same shape and layout. Both tensors then share one extents object, so the next check is one
 * comparison.
 */
function checkExtents(name: string, tensor: FloatTensor, x: FloatTensor, model: string): void {
  if (!sameShape(tensor.extents.shape, x.extents.shape)) {
    const [expected, got] = [x, tensor].map(({ shape }) => `[${shape.join(", ")}]`);
    throw unfit(name, `shape ${expected} like "${model}"`, got);
  }
  if (tensor.layout !== x.layout) {
    throw unfit(name, `layout ${x.layout} like "${model}"`, tensor.layout);
  }
  tensor.extents = x.extents;
}

/** The address of gamma or beta, 0 if there is none. */
export function checkVector(name: string, value: unknown, x: FloatTensor): number {
  if (value === undefined || value === null) return 0;
  const tensor = checkTensor(name, value, x.kernels);
  if (tensor.layout !== "C" || tensor.length !== x.extents.channels) {
    throw unfit(name, `shape [${x.extents.channels}], C`, described(tensor));
  }
  return tensor.address;
}

/** A batch in training needs at least two values per channel, or none. */
export function checkCount(x: FloatTensor, training: boolean): void {
  if (x.extents.count === 1) throw unfitCount(x, training);
}

function unfitCount(x: FloatTensor, training: boolean): RangeError {
  const when = training ? "in training" : "without running statistics";
  return unfit("x", `at least 2 values per channel ${when}`, `1 (${described(x)})`);
}
