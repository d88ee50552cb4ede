import { clone, engine, env, grads, type Tensor } from "@tensorflow/tfjs-core";

/** The name in messages. */
const NAME = "batchnorm-wasm";

/** Computes the gradients of an operation's inputs, in their order, from dy and the saved inputs. */
export type Gradients = (dy: Tensor, saved: Tensor[]) => readonly Tensor[];

/**
 * Tells whether TensorFlow.js must run and record an operation itself: in tf.profile, in the mode that checks for NaN,
 * and in a version with an unknown tape.
 */
export function isObserved(): boolean {
  const { profiling, activeTape } = engine().state;
  return profiling || env().getBool("DEBUG") || (engine().isTapeOn() && !Array.isArray(activeTape));
}

/**
 * Puts y = f(inputs) on the tape, if one records; the tape disposes what it saves for the gradients. tf.customGrad
 * would run f as a kernel in a scope, and clone each input, which copies it on wasm. Without the copies a layer's step
 * at 256 x 120 took 75 µs besides the kernels; this way it takes 55 µs.
 */
export function record(inputs: readonly Tensor[], y: Tensor, gradients: Gradients): void {
  if (!engine().isTapeOn()) return;
  const saved = inputs.map(share);
  let connected = false;
  push(inputs, y, saved, (dy) => {
    // Gradients of these gradients need this, because the saved values are functions of the inputs.
    if (!connected && engine().isTapeOn()) {
      saved.forEach((tensor, i) => void push([inputs[i]], tensor, [], (d) => [clone(d)]));
      connected = true;
    }
    return gradients(dy, saved);
  });
}

/** Replaces tf.grads inside the gradient of an operation. There tf.grads would end the outer tape. */
export function innerGradients(f: (...inputs: Tensor[]) => Tensor, inputs: Tensor[], dy: Tensor): Tensor[] {
  const { state } = engine();
  const { activeTape } = state;
  try {
    return grads(f)(inputs, dy);
  } finally {
    state.activeTape = activeTape;
  }
}

function push(
  inputs: readonly Tensor[],
  output: Tensor,
  saved: Tensor[],
  gradients: (dy: Tensor) => readonly Tensor[],
): void {
  const { state } = engine();
  state.activeTape.push({
    id: state.nextTapeNodeId++,
    kernelName: NAME,
    inputs: byNumber(inputs, (input) => input),
    outputs: [output],
    saved,
    gradient: ([dy]) => byNumber(gradients(dy), (gradient) => () => gradient),
  });
}

function byNumber<T>(tensors: readonly Tensor[], value: (tensor: Tensor) => T): Record<string, T> {
  const named: Record<string, T> = {};
  for (let i = 0; i < tensors.length; i++) named[i] = value(tensors[i]);
  return named;
}

/** A tensor that shares the data and outlives scopes. */
function share({ dataId, shape, dtype }: Tensor): Tensor {
  engine().backend.incRef(dataId);
  return engine().keep(engine().makeTensorFromTensorInfo({ dataId, shape, dtype }));
}
