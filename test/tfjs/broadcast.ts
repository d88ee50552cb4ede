/** Normalization by parameters of any shape that broadcasts, in float64 by index arithmetic. It imports nothing. */

export interface Parameter {
  readonly shape: readonly number[];
  readonly values: ArrayLike<number>;
}

export interface Normalization {
  readonly shape: readonly number[];
  readonly x: ArrayLike<number>;
  readonly dy: ArrayLike<number>;
  readonly mean: Parameter;
  readonly variance: Parameter;
  readonly gamma: Parameter | null;
  readonly beta: Parameter | null;
  readonly eps: number;
}

/** The place in a parameter of what belongs to x[i]; its axes are the last ones of x. */
function placeOf(shape: readonly number[], parameter: readonly number[], i: number): number {
  let place = 0;
  let stride = 1;
  let rest = i;
  for (let back = 1; back <= shape.length; back++) {
    const extent = shape[shape.length - back];
    const own = parameter[parameter.length - back] ?? 1;
    if (own !== 1) place += (rest % extent) * stride;
    stride *= own;
    rest = Math.floor(rest / extent);
  }
  return place;
}

/** A value, and the sum of the absolute values of its terms, to which its roundings are relative. */
export interface Sum {
  readonly values: Float64Array;
  readonly absolute: Float64Array;
}

/** y and all gradients. */
export function normalization({ shape, x, dy, mean, variance, gamma, beta, eps }: Normalization) {
  const at = ({ shape: own, values }: Parameter, i: number) => values[placeOf(shape, own, i)];
  const invstd = (i: number) => 1 / Math.sqrt(at(variance, i) + eps);
  const scale = (i: number) => (gamma ? at(gamma, i) : 1);
  const centred = (i: number) => x[i] - at(mean, i);
  const each = (terms: (i: number) => number[]): Sum => ({
    values: Float64Array.from(x, (_, i) => terms(i).reduce((a, b) => a + b)),
    absolute: Float64Array.from(x, (_, i) => terms(i).reduce((a, b) => a + Math.abs(b), 0)),
  });
  const sum = (parameter: Parameter, term: (i: number) => number): Sum => {
    const [values, absolute] = [0, 1].map(() => new Float64Array(parameter.values.length));
    for (let i = 0; i < x.length; i++) {
      const place = placeOf(shape, parameter.shape, i);
      values[place] += term(i);
      absolute[place] += Math.abs(term(i));
    }
    return { values, absolute };
  };
  return {
    y: each((i) => [x[i] * invstd(i) * scale(i), -at(mean, i) * invstd(i) * scale(i), beta ? at(beta, i) : 0]),
    x: each((i) => [dy[i] * invstd(i) * scale(i)]),
    mean: sum(mean, (i) => -dy[i] * invstd(i) * scale(i)),
    variance: sum(variance, (i) => -0.5 * dy[i] * centred(i) * invstd(i) ** 3 * scale(i)),
    gamma: gamma && sum(gamma, (i) => dy[i] * centred(i) * invstd(i)),
    beta: beta && sum(beta, (i) => dy[i]),
  };
}
