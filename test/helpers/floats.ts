/** The float32 numbers in their order: 0 is number 0, the smallest subnormal number 1, and Infinity the last. */

const float = new Float32Array(1);
const bits = new Int32Array(float.buffer);

export function orderOf(value: number): number {
  float[0] = value;
  return bits[0] < 0 ? -(bits[0] & 0x7fffffff) : bits[0];
}

export function floatAt(order: number): number {
  bits[0] = Math.abs(order);
  return order < 0 ? -float[0] : float[0];
}

export const LAST = orderOf(Infinity);

/** The float32 number `steps` steps from the one nearest to `value`, between both infinities. */
export function stepped(value: number, steps: number): number {
  return floatAt(Math.max(-LAST, Math.min(LAST, orderOf(value) + steps)));
}
