import type { TensorInfo } from "@tensorflow/tfjs-core";
import { type AllReduce, Reduction } from "../distributed/reduction.js";
import { ALL_PARTS } from "../exports.js";
import type { Statistics } from "../statistics.js";
import { type Extents, isEmpty } from "./extents.js";
import { ABSENT, type Host, IDENTITY } from "./host.js";
import {
  type BatchStatistics,
  begin,
  type MovingStatistics,
  mover,
  type TrainingForward,
  VECTORS,
} from "./training.js";

/** The training of a layer by the batch of all ranks: three computations by the kernels, with messages between them. */

/** The statistics of all ranks, and the reduction that adds over the ranks. */
export interface Synchronised {
  readonly reduction: Reduction;
  /** The statistics of all ranks. */
  readonly global: ReturnType<Reduction["moments"]>;
}

/** One reduction for each callback and layer, because each layer compares its settings once. */
const reductions = new WeakMap<AllReduce, WeakMap<object, Reduction>>();

export function reductionOf(allReduce: AllReduce, layer: object): Reduction {
  const known = reductions.get(allReduce) ?? new WeakMap<object, Reduction>();
  reductions.set(allReduce, known);
  const reduction = known.get(layer) ?? new Reduction(allReduce);
  known.set(layer, reduction);
  return reduction;
}

/** Computes mean and variance of x, this rank's part. */
export function localStatistics(host: Host, x: TensorInfo, extents: Extents): Statistics {
  const { channels, count } = extents;
  const { mean, variance, call } = begin(host, extents);
  const from = host.input(x);
  if (isEmpty(extents)) host.doubles(mean, VECTORS * channels).fill(0);
  else host.kernels.statistics(mean, variance, from, ...call);
  return { count, mean: host.doubles(mean, channels).slice(), variance: host.doubles(variance, channels).slice() };
}

/** Computes y by the statistics of all ranks. The moving statistics change even if this rank's part is empty. */
export function synchronisedForward(
  host: Host,
  [x, gamma, beta]: readonly [TensorInfo, TensorInfo | null, TensorInfo | null],
  extents: Extents,
  eps: number,
  moving: MovingStatistics,
  { global }: Synchronised,
): TrainingForward {
  const { channels } = extents;
  const { mean, invstd, variance, others, call } = begin(host, extents);
  const from = host.input(x);
  const parameters = [gamma ? host.input(gamma) : ABSENT, beta ? host.input(beta) : ABSENT] as const;
  const y = host.output(x.shape);
  const take = global.count > 0 && channels > 0 ? mover(host, moving, others, channels) : null;
  const statistics = host.doubles(mean, VECTORS * channels);
  statistics.set(global.mean);
  statistics.set(global.variance, 2 * channels);
  if (channels > 0) host.kernels.invstd(invstd, variance, channels, eps);
  if (take) host.kernels.updateRunning(...others, mean, variance, channels, 1 - moving.momentum, 1);
  if (!isEmpty(extents)) {
    host.kernels.normalize(y.address, from, ABSENT, mean, invstd, ...parameters, ...call, IDENTITY, 0, ALL_PARTS);
  }
  return { y: y.take(), statistics: host.doubles(mean, VECTORS * channels).slice(), moved: take?.() ?? null };
}

/**
 * Computes dx by the sums of all ranks. dgamma and dbeta belong to this rank's part: add them up over the ranks, like
 * all other gradients.
 */
export function synchronisedBackward(
  host: Host,
  dy: TensorInfo,
  [x, gamma, beta]: readonly [TensorInfo, TensorInfo | null, TensorInfo | null],
  statistics: BatchStatistics,
  extents: Extents,
  { reduction, global }: Synchronised,
): [dx: TensorInfo, dgamma: TensorInfo | null, dbeta: TensorInfo | null] {
  const { channels } = extents;
  /** Begins a computation, because the messages may have begun others. */
  const start = () => {
    const room = begin(host, extents);
    const inputs = [host.input(dy), host.input(x), gamma ? host.input(gamma) : ABSENT] as const;
    return { ...room, inputs };
  };
  const sums = [0, 1].map(() => new Float64Array(channels));
  if (!isEmpty(extents)) {
    const { mean, invstd, others, call, inputs } = start();
    const [above, from, scale] = inputs;
    host.doubles(mean, VECTORS * channels).set(statistics);
    host.kernels.gradientSums(...others, above, from, mean, invstd, scale, ABSENT, ...call, IDENTITY);
    for (const i of [0, 1]) sums[i].set(host.doubles(others[i], channels));
  }
  const [dgamma, dbeta] = sums.map((each) => each.slice());
  reduction.send(() => reduction.gradients(dgamma, dbeta));
  const { mean, invstd, others, call, inputs } = start();
  const [above, from, scale] = inputs;
  const dx = host.output(x.shape);
  const own = [gamma && host.output(gamma.shape), beta && host.output(beta.shape)];
  own.forEach((each, i) => void (each && host.floats(each.address, channels).set(sums[i])));
  host.doubles(mean, VECTORS * channels).set(statistics);
  host.doubles(others[0], channels).set(dgamma);
  host.doubles(others[1], channels).set(dbeta);
  if (!isEmpty(extents)) {
    const given = [mean, invstd, scale, ABSENT, ...others] as const;
    host.kernels.inputGradient(dx.address, above, from, ...given, ...call, global.count, IDENTITY, 0, ALL_PARTS);
  }
  return [dx.take(), own[0]?.take() ?? null, own[1]?.take() ?? null];
}
