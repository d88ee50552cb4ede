import { engine, type GradConfig, type serialization } from "@tensorflow/tfjs-core";
import { checkOneOf } from "../arguments.js";
import { type AllReduce, checkAllReduce } from "../distributed/reduction.js";
import { wrongType } from "../errors.js";
import { checkOptions } from "../options.js";
import { FUSED_BATCH_NORM, fusedBatchNormGradient, fusedBatchNormKernel } from "./fused-batchnorm.js";
import { type GraphOperations, registerGraphOperations } from "./graph-operations.js";
import { BACKENDS, openHosts, releaseHosts } from "./hosts.js";
import { FROZEN, type Frozen, installation, type Replacement } from "./installation.js";
import type { Tf } from "./kernels/geometry.js";
import { installKernels } from "./kernels/register.js";
import { fusedCall, type LayerCall } from "./layer.js";
import { SINGLE_VALUE, type SingleValue } from "./ops.js";
import { replaceKernel } from "./registry.js";

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
  readonly registerOp?: GraphOperations["registerOp"];
}

export interface InstallOptions {
  /** The namespace `layers`, if `tf` does not contain it. Default: that of tf, or the class that tf knows by name. */
  layers?: TfjsLayers | undefined;
  /** The namespace of @tensorflow/tfjs-converter, for graph models, if `tf` has no `registerOp`. */
  converter?: GraphOperations | undefined;
  /**
   * The result of one value per channel in training. "pass", the default, gives y = beta as in TensorFlow.js, and each
   * such layer warns once; "refuse" throws.
   */
  singleValue?: SingleValue | undefined;
  /**
   * The behaviour of layers with `trainable: false` in training. "training", the default, is that of TensorFlow.js:
   * they normalize by the batch and update the moving statistics. "inference" is that of Keras: they use the moving
   * statistics and do not change them.
   */
  frozen?: Frozen | undefined;
  /**
   * Adds over all ranks. In training every layer then normalizes by the batch of all ranks together, on the backends
   * cpu and wasm. The moving statistics are the same on each rank. Gradients of gamma and beta belong to the rank's own
   * part, like those of all other weights: add all of them up over the ranks.
   */
  allReduce?: AllReduce | undefined;
}

const OPTIONS: readonly (keyof InstallOptions)[] = ["layers", "converter", "singleValue", "frozen", "allReduce"];

/**
 * Makes the kernels of this package compute batch normalization on the backends cpu and wasm, and operations of
 * TensorFlow.js on other backends. This covers tf.batchNorm and its gradient, and new and existing layers of
 * tf.layers.batchNormalization. Graph models that are loaded later are right in NCHW and with `is_training`. On wasm
 * convolutions, pooling and dense layers also train ({@link installKernels}). Waits until a backend is ready, and
 * compiles off the calling thread. If the engine has no WebAssembly SIMD, or a policy refuses it, kernels in JavaScript
 * compute on cpu. They are imported then, and a warning says so. A further call replaces what was imported since, and
 * its options `singleValue`, `frozen` and `allReduce` apply.
 * @returns a function that undoes this call; after the last one everything is put back
 * @throws TypeError, RangeError for a wrong argument; Error if no backend could be started
 */
export async function install(tf: Tfjs, options: InstallOptions = {}): Promise<() => void> {
  for (const name of ["ready", "getKernel", "registerKernel"] as const) {
    if (typeof tf?.[name] !== "function") throw wrongType("tf", "the namespace of TensorFlow.js", tf);
  }
  checkOptions(options, OPTIONS);
  const { layers, converter, singleValue, frozen, allReduce } = options;
  if (singleValue !== undefined) checkOneOf("singleValue", singleValue, SINGLE_VALUE);
  if (frozen !== undefined) checkOneOf("frozen", frozen, FROZEN);
  if (allReduce !== undefined) checkAllReduce(allReduce);
  if (converter !== undefined && typeof converter?.registerOp !== "function") {
    throw wrongType("converter", "the namespace of @tensorflow/tfjs-converter", converter);
  }
  if (layers !== undefined && typeof layers?.batchNormalization !== "function") {
    throw wrongType("layers", "the namespace tf.layers", layers);
  }
  const state = installation();
  const { generation } = state;
  await tf.ready();
  await openHosts();
  // `uninstall` was called while this call waited.
  if (state.generation !== generation) return () => {};
  for (const backend of new Set([...BACKENDS, ...Object.keys(engine().registryFactory)])) replaceFused(tf, backend);
  replaceGradient(tf);
  replaceKernels(tf);
  const prototype = layerPrototype(tf, layers ?? tf.layers);
  if (prototype !== null) replaceCall(prototype);
  const registry = converter ?? tf;
  if (registry.registerOp) registerGraphOperations(registry as GraphOperations);
  const user = { singleValue, frozen, allReduce };
  state.users.add(user);
  return () => {
    if (state.users.delete(user) && state.users.size === 0) uninstall();
  };
}

/**
 * Puts back everything that {@link install} replaced, however often it was called. Does nothing before the first call.
 */
export function uninstall(): void {
  const state = installation();
  state.generation++;
  for (const { holds, restore } of state.replacements.values()) if (holds()) restore();
  state.replacements.clear();
  state.users.clear();
}

function replaced(key: string | object): boolean {
  return installation().replacements.get(key)?.holds() ?? false;
}

function remember(key: string | object, replacement: Replacement): void {
  installation().replacements.set(key, replacement);
}

function replaceFused(tf: Tfjs, backend: string): void {
  const original = tf.getKernel(FUSED_BATCH_NORM, backend);
  const key = `${FUSED_BATCH_NORM} ${backend}`;
  if (original === undefined || replaced(key)) return;
  const ours = fusedBatchNormKernel(original);
  replaceKernel(tf, ours);
  remember(key, {
    holds: () => tf.getKernel(FUSED_BATCH_NORM, backend) === ours,
    restore: () => replaceKernel(tf, original),
  });
  // The hosts belong to this copy of the module, because this copy computes.
  remember("scratch", { holds: () => true, restore: releaseHosts });
}

function replaceGradient(tf: Tfjs): void {
  const original = tf.getGradient(FUSED_BATCH_NORM);
  if (replaced(FUSED_BATCH_NORM)) return;
  const ours = fusedBatchNormGradient(original);
  const remove = () => {
    if (tf.getGradient(FUSED_BATCH_NORM) !== undefined) tf.unregisterGradient(FUSED_BATCH_NORM);
  };
  remove();
  tf.registerGradient(ours);
  remember(FUSED_BATCH_NORM, {
    holds: () => tf.getGradient(FUSED_BATCH_NORM) === ours,
    restore() {
      remove();
      if (original !== undefined) tf.registerGradient(original);
    },
  });
}

/** Replaces kernels of TensorFlow.js on the backends that were imported. */
function replaceKernels(tf: Tfjs): void {
  for (const backend of BACKENDS) {
    const key = `kernels ${backend}`;
    if (replaced(key) || tf.getKernel("MaxPool", backend) === undefined) continue;
    // The undo function removes only kernels that this call registered and nobody has replaced.
    remember(key, { holds: () => true, restore: installKernels(tf) });
  }
}

function replaceCall(prototype: { call: LayerCall }): void {
  if (replaced(prototype)) return;
  const original = prototype.call;
  const ours = fusedCall(original);
  prototype.call = ours;
  remember(prototype, {
    holds: () => prototype.call === ours,
    restore() {
      prototype.call = original;
    },
  });
}

/** Tells whether the imported layers compute by this package. It is true if no layers were imported. */
export function hasLayers(tf: Pick<Tfjs, "serialization" | "layers">): boolean {
  const prototype = layerPrototype(tf, tf.layers);
  return prototype === null || replaced(prototype);
}

/** The prototype of the class behind tf.layers.batchNormalization; null if layers were not imported. */
function layerPrototype(tf: Pick<Tfjs, "serialization">, layers: TfjsLayers | undefined): { call: LayerCall } | null {
  // The name keeps this layer from using a number of the automatic layer names.
  if (layers !== undefined) return Object.getPrototypeOf(layers.batchNormalization({ name: "batchnorm-wasm" }));
  let prototype = tf.serialization?.SerializationMap.getMap().classNameMap.BatchNormalization?.[0].prototype;
  // This finds the class that builds the weights, because a derived class may be registered under its name.
  while (prototype && !Object.hasOwn(prototype, "build")) prototype = Object.getPrototypeOf(prototype);
  return prototype ?? null;
}
