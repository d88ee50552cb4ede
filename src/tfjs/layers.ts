import type { serialization } from "@tensorflow/tfjs-core";
import { layers } from "@tensorflow/tfjs-layers";
import { checkOptions } from "../options.js";
import { type BatchNormalizationLayer, fusedCall, type LayerCall } from "./layer.js";

/** The options of tf.layers.batchNormalization. */
export type BatchNormalizationArgs = NonNullable<Parameters<typeof layers.batchNormalization>[0]>;

const OPTIONS: readonly (keyof BatchNormalizationArgs)[] = [
  "axis",
  "momentum",
  "epsilon",
  "center",
  "scale",
  "betaInitializer",
  "gammaInitializer",
  "movingMeanInitializer",
  "movingVarianceInitializer",
  "betaConstraint",
  "gammaConstraint",
  "betaRegularizer",
  "gammaRegularizer",
  "inputShape",
  "batchInputShape",
  "batchSize",
  "dtype",
  "inputDType",
  "name",
  "trainable",
  "weights",
];

type Inputs = Parameters<LayerCall>[0];
type Kwargs = Parameters<layers.Layer["call"]>[1];

/**
 * The package does not export the class. The name keeps this layer from using a number of the automatic layer names.
 */
const Original = layers.batchNormalization({ name: "batchnorm-wasm" }).constructor as {
  new (args?: BatchNormalizationArgs): layers.Layer;
  fromConfig: typeof layers.Layer.fromConfig;
};

const fused = fusedCall(function (inputs, kwargs) {
  return Original.prototype.call.call(this, inputs, kwargs);
});

/**
 * The layer of tf.layers.batchNormalization, computed by the kernels. Options, class name, config and the order of the
 * weights are those of the original, so weights and models fit both. To load models from JSON with this class, register
 * it: `tf.serialization.registerClass(BatchNormalization)`.
 */
export class BatchNormalization extends Original {
  static className: string = "BatchNormalization";

  /** @throws RangeError for an unknown option, with the name that was meant */
  constructor(args?: BatchNormalizationArgs) {
    // A derived class may have its own options.
    if (args && new.target === BatchNormalization) checkOptions(args, OPTIONS);
    super(args);
  }

  /** Makes a layer from a saved config. Entries that only Keras knows, such as "synchronized", are ignored. */
  static override fromConfig<T extends serialization.Serializable>(
    cls: serialization.SerializableConstructor<T>,
    config: serialization.ConfigDict,
  ): T {
    const known = Object.entries(config).filter(([name]) => (OPTIONS as readonly string[]).includes(name));
    return Original.fromConfig(cls, (cls as unknown) === BatchNormalization ? Object.fromEntries(known) : config);
  }

  /**
   * @param kwargs with `training: true` x is normalized by its own statistics, which update the moving statistics
   * @throws RangeError for one value per channel in training
   */
  override call(inputs: Inputs, kwargs: Kwargs): Inputs {
    return fused.call(this as unknown as BatchNormalizationLayer, inputs, kwargs);
  }
}
