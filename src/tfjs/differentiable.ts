import {
  broadcastTo,
  customGrad,
  div,
  engine,
  type GradSaveFunc,
  reshape,
  type Tensor,
  type TensorInfo,
} from "@tensorflow/tfjs-core";
import { composedMoments, composedNormalize, composedTraining } from "./composed.js";
import type { Extents } from "./extents.js";
import type { Host } from "./host.js";
import { currentHost } from "./hosts.js";
import { InferenceGradients, type InferenceInputs, inferenceForward, inferenceOf } from "./inference.js";
import { type Synchronised, synchronisedBackward, synchronisedForward } from "./synchronised.js";
import { innerGradients, isObserved, record } from "./tape.js";
import {
  type BatchStatistics,
  type MovingStatistics,
  type TrainingForward,
  trainingBackward,
  trainingForward,
  varianceBackward,
} from "./training.js";

/**
 * The computations of the kernels as operations with gradients. All tensors are float32, and an axis counts from the
 * front.
 */

type Inputs = readonly (Tensor | null)[];

/** The parts of one operation. null stands for an absent input. */
interface Operation {
  readonly inputs: Inputs;
  forward(): Tensor;
  /** The gradients of the inputs, in their order. */
  backward(host: Host, dy: Tensor, saved: Inputs): readonly (Tensor | null)[];
  /** The same function in operations of TensorFlow.js. */
  composed(...inputs: Inputs): Tensor;
}

function differentiable({ inputs, forward, backward, composed }: Operation): Tensor {
  const present = inputs.filter(isPresent);
  const restore = (tensors: readonly Tensor[]) => {
    let next = 0;
    return inputs.map((input) => (input === null ? null : tensors[next++]));
  };
  const gradients = (dy: Tensor, saved: Tensor[]) => {
    const host = currentHost();
    // While a tape records, these gradients need gradients themselves, and those of the kernels have none.
    if (host === null || engine().isTapeOn()) {
      return innerGradients((...tensors) => composed(...restore(tensors)), saved, dy);
    }
    return backward(host, dy, restore(saved)).filter(isPresent);
  };
  if (isObserved()) {
    return customGrad((...given) => {
      const value = forward();
      (given[given.length - 1] as GradSaveFunc)(present);
      return { value, gradFunc: gradients };
    })(...present);
  }
  const value = forward();
  record(present, value, gradients);
  return value;
}

function isPresent(tensor: Tensor | null): tensor is Tensor {
  return tensor !== null;
}

/**
 * Computes y by the statistics of x, and the other results of {@link trainingForward}. The next moving statistics are
 * tensors.
 */
export function differentiableTraining(
  host: Host,
  x: Tensor,
  gamma: Tensor | null,
  beta: Tensor | null,
  axis: number,
  extents: Extents,
  eps: number,
  moving: MovingStatistics | null = null,
): { y: Tensor; statistics: BatchStatistics; moved: { mean: Tensor; variance: Tensor } | null } {
  let result!: TrainingForward;
  const y = differentiable({
    inputs: [x, gamma, beta],
    forward() {
      result = trainingForward(host, x, gamma, beta, extents, eps, moving);
      return tensorOf(result.y);
    },
    backward(host, dy, [x, gamma, beta]) {
      const gradients = trainingBackward(host, dy, [x as Tensor, gamma, beta], result.statistics, extents);
      return gradients.map((gradient) => gradient && tensorOf(gradient));
    },
    composed: (x, gamma, beta) => composedTraining(x as Tensor, gamma, beta, axis, eps).y,
  });
  return { y, statistics: result.statistics, moved: movedOf(result) };
}

/** The same as {@link differentiableTraining}, by the statistics of all ranks. */
export function differentiableSynchronised(
  host: Host,
  inputs: readonly [x: Tensor, gamma: Tensor | null, beta: Tensor | null],
  extents: Extents,
  eps: number,
  moving: MovingStatistics,
  synchronised: Synchronised,
): { y: Tensor; moved: { mean: Tensor; variance: Tensor } | null } {
  let result!: TrainingForward;
  const y = differentiable({
    inputs,
    forward() {
      result = synchronisedForward(host, inputs, extents, eps, moving, synchronised);
      return tensorOf(result.y);
    },
    backward(host, dy, [x, gamma, beta]) {
      const saved = [x as Tensor, gamma, beta] as const;
      const gradients = synchronisedBackward(host, dy, saved, result.statistics, extents, synchronised);
      return gradients.map((gradient) => gradient && tensorOf(gradient));
    },
    composed() {
      throw new Error("gradients of gradients are those of one rank: leave allReduce out of install for them");
    },
  });
  return { y, moved: movedOf(result) };
}

function movedOf({ moved }: TrainingForward): { mean: Tensor; variance: Tensor } | null {
  return moved && { mean: tensorOf(moved.mean), variance: tensorOf(moved.variance) };
}

/** Returns the mean and variance of a training step, as differentiable functions of x. */
export function differentiableMoments(
  x: Tensor,
  statistics: BatchStatistics,
  axis: number,
  extents: Extents,
): { mean: Tensor; variance: Tensor } {
  const { channels, count } = extents;
  const vector = (index: number) => {
    const values = statistics.subarray(index * channels, (index + 1) * channels);
    return engine().makeTensor(Float32Array.from(values), [channels], "float32");
  };
  const mean = differentiable({
    inputs: [x],
    forward: () => vector(0),
    backward(_, dmean) {
      const perChannel = x.shape.map((_, i) => (i === axis ? channels : 1));
      return [broadcastTo(reshape(div(dmean, count), perChannel), x.shape)];
    },
    composed: (x) => reshape(composedMoments(x as Tensor, axis).mean, [channels]),
  });
  const variance = differentiable({
    inputs: [x],
    forward: () => vector(2),
    backward: (host, dvariance, [x]) => [
      tensorOf(varianceBackward(host, dvariance.dataSync(), x as Tensor, statistics, extents)),
    ],
    composed: (x) => reshape(composedMoments(x as Tensor, axis).variance, [channels]),
  });
  return { mean, variance };
}

/** Computes y by given statistics. Parameters of rank 1 lie at `axis`, others broadcast. */
export function differentiableInference(
  host: Host,
  inputs: InferenceInputs<Tensor>,
  axis: number,
  eps: number,
): Tensor {
  const named = ([x, mean, variance, gamma, beta]: Inputs) => ({ x, mean, variance, gamma, beta }) as typeof inputs;
  const { x, mean, variance, gamma, beta } = inputs;
  return differentiable({
    inputs: [x, mean, variance, gamma, beta],
    forward: () => tensorOf(inferenceForward(host, inferenceOf(inputs, axis, eps))),
    backward(host, dy, saved) {
      const gradients = new InferenceGradients(host, dy, inferenceOf(named(saved), axis, eps));
      return [
        tensorOf(gradients.x()),
        gradients.mean(),
        gradients.variance(),
        gamma && gradients.gamma(),
        beta && gradients.beta(),
      ];
    },
    composed: (...tensors) => composedNormalize(named(tensors), axis, eps),
  });
}

/** Makes a tensor of the current scope from a result of a backend. */
export function tensorOf(info: TensorInfo): Tensor {
  return engine().makeTensorFromTensorInfo(info);
}
