import type { GradConfig, KernelConfig, serialization } from "@tensorflow/tfjs-core";
import { checkOneOf, checkOptions, wrongType } from "../check.js";
import type { Tf } from "./convolution/geometry.js";
import { registerMissingGradients } from "./convolution/register.js";
import { FUSED_BATCH_NORM, fusedBatchNormGradient, fusedBatchNormKernel } from "./fused-batchnorm.js";
import { BACKENDS, currentHost, releaseHosts } from "./host.js";
import { fusedCall, type LayerCall, setSingleValue } from "./layer.js";
import { SINGLE_VALUE, type SingleValue } from "./ops.js";

/** The namespace `layers` of TensorFlow.js, as far as it is used here. */
export interface TfjsLayers {
  batchNormalization(args: { name: string }): object;
}

/** TensorFlow.js, as far as it is used here: the namespace of @tensorflow/tfjs or of @tensorflow/tfjs-core. */
export interface Tfjs extends Tf {
  ready(): Promise<void>;
  getGradient(kernelName: string): GradConfig | undefined;
  registerGradient(config: GradConfig): void;
  unregisterGradient(kernelName: string): void;
  readonly serialization: typeof serialization;
  readonly layers?: TfjsLayers;
}

export interface InstallOptions {
  /** The namespace `layers`, where `tf` has none. Default: that of tf, or the class that tf knows by name. */
  layers?: TfjsLayers;
  /** What layers do with one value per channel in training: "refuse", the default, throws; "pass" gives y = beta. */
  singleValue?: SingleValue;
}

/** What was replaced, each with the way back. */
interface Replacement {
  /** Whether it is still in place: others may have replaced it in turn. */
  holds(): boolean;
  restore(): void;
}

const replacements = new Map<string | object, Replacement>();
let installed = false;

/**
 * From here on batch normalization on the backends cpu and wasm is computed by the kernels of this package: tf.batchNorm
 * and its gradient, and the layers of tf.layers.batchNormalization in inference and training, those that exist included.
 * On wasm it also registers the gradients of convolutions that the backend lacks ({@link registerConv2DBackpropFilter}).
 * Waits until a backend is ready. A second call does nothing, but for a backend or layers that were imported in between
 * and a `singleValue` that it is given.
 * @returns {@link uninstall}
 * @throws TypeError, RangeError for a wrong argument; Error where no backend could be started, or where the engine has no
 * WebAssembly SIMD
 */
export async function install(tf: Tfjs, options: InstallOptions = {}): Promise<() => void> {
  for (const name of ["ready", "getKernel", "registerKernel"] as const) {
    if (typeof tf?.[name] !== "function") throw wrongType("tf", "the namespace of TensorFlow.js", tf);
  }
  checkOptions(options);
  const { layers, singleValue = "refuse" } = options;
  checkOneOf("singleValue", singleValue, SINGLE_VALUE);
  if (layers !== undefined && typeof layers?.batchNormalization !== "function") {
    throw wrongType("layers", "the namespace tf.layers", layers);
  }
  await tf.ready();
  currentHost(); // throws before anything is replaced
  for (const backend of BACKENDS) replaceKernel(tf, backend);
  replaceGradient(tf);
  addMissingGradients(tf);
  const prototype = layerPrototype(tf, layers ?? tf.layers);
  if (prototype !== null) replaceCall(prototype);
  if (!installed || options.singleValue !== undefined) setSingleValue(singleValue);
  installed = true;
  return uninstall;
}

/** Puts back what {@link install} replaced. Without it, does nothing. */
export function uninstall(): void {
  for (const { holds, restore } of replacements.values()) if (holds()) restore();
  replacements.clear();
  setSingleValue("refuse");
  if (installed) releaseHosts();
  installed = false;
}

function replaceKernel(tf: Tfjs, backend: string): void {
  const original = tf.getKernel(FUSED_BATCH_NORM, backend);
  const key = `${FUSED_BATCH_NORM} ${backend}`;
  if (original === undefined || replacements.get(key)?.holds()) return;
  const ours = fusedBatchNormKernel(original);
  // TensorFlow.js warns of a kernel that is registered twice.
  const register = (config: KernelConfig) => {
    tf.unregisterKernel(FUSED_BATCH_NORM, backend);
    tf.registerKernel(config);
  };
  register(ours);
  replacements.set(key, {
    holds: () => tf.getKernel(FUSED_BATCH_NORM, backend) === ours,
    restore: () => register(original),
  });
}

function replaceGradient(tf: Tfjs): void {
  const original = tf.getGradient(FUSED_BATCH_NORM);
  if (replacements.get(FUSED_BATCH_NORM)?.holds()) return;
  const ours = fusedBatchNormGradient(original);
  const remove = () => {
    if (tf.getGradient(FUSED_BATCH_NORM) !== undefined) tf.unregisterGradient(FUSED_BATCH_NORM);
  };
  remove();
  tf.registerGradient(ours);
  replacements.set(FUSED_BATCH_NORM, {
    holds: () => tf.getGradient(FUSED_BATCH_NORM) === ours,
    restore() {
      remove();
      if (original !== undefined) tf.registerGradient(original);
    },
  });
}

/** Of convolutions on wasm, where the backend was imported. */
function addMissingGradients(tf: Tfjs): void {
  const key = "gradients of convolutions";
  if (replacements.has(key) || tf.getKernel("Conv2D", "wasm") === undefined) return;
  // Takes back only what it registered, and that only where it still holds.
  replacements.set(key, { holds: () => true, restore: registerMissingGradients(tf) });
}

function replaceCall(prototype: { call: LayerCall }): void {
  if (replacements.get(prototype)?.holds()) return;
  const original = prototype.call;
  const ours = fusedCall(original);
  prototype.call = ours;
  replacements.set(prototype, {
    holds: () => prototype.call === ours,
    restore() {
      prototype.call = original;
    },
  });
}

/** Of the class behind tf.layers.batchNormalization; null where layers were not imported. */
function layerPrototype(tf: Tfjs, layers: TfjsLayers | undefined): { call: LayerCall } | null {
  // With a name of its own this layer takes none of the numbers that others are named by.
  if (layers !== undefined) return Object.getPrototypeOf(layers.batchNormalization({ name: "batchnorm-wasm" }));
  let prototype = tf.serialization?.SerializationMap.getMap().classNameMap.BatchNormalization?.[0].prototype;
  // The class that builds the weights: one derived from it may have taken its name.
  while (prototype && !Object.hasOwn(prototype, "build")) prototype = Object.getPrototypeOf(prototype);
  return prototype ?? null;
}
