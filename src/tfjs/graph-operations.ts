import { batchNorm, type Tensor, type Tensor1D, tidy } from "@tensorflow/tfjs-core";
import { installation } from "./installation.js";
import { batchNormInference, batchNormTraining } from "./ops.js";

/** A node of a graph model: its inputs, and its attributes by the names of TensorFlow. */
export interface GraphNode {
  readonly inputs: Tensor[];
  readonly attrs: { [key: string]: unknown };
}

/** The namespace of @tensorflow/tfjs-converter, as far as it is used here. */
export interface GraphOperations {
  registerOp(name: string, execute: (node: GraphNode) => Tensor | Tensor[]): void;
}

const NAMES = ["FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"] as const;

/**
 * Makes graph models that are loaded later execute their batch normalization by {@link executeNode}. It stays
 * registered, because these models call it by name. Without an installation it does what TensorFlow.js does.
 */
export function registerGraphOperations(converter: GraphOperations): void {
  for (const name of NAMES) converter.registerOp(name, executeNode);
}

/** Returns y alone, as TensorFlow.js does. TensorFlow.js ignores `data_format` and `is_training`. */
function executeNode({ inputs, attrs }: GraphNode): Tensor {
  const [x, scale, offset, mean, variance] = inputs as [Tensor, ...Tensor1D[]];
  const eps = (attrs.epsilon as number | undefined) ?? 1e-3;
  const axis = /^nc/i.test(String(attrs.data_format)) ? 1 : -1; // NCHW, NCDHW
  // A model may leave out an attribute with its default value.
  const training = attrs.is_training ?? mean.size === 0;
  if (installation().users.size === 0 || (axis === -1 && !training)) {
    return batchNorm(x, mean, variance, offset, scale, eps);
  }
  if (!training) return batchNormInference(x, mean, variance, scale, offset, { axis, eps });
  return tidy(() => batchNormTraining(x, scale, offset, { axis, eps, singleValue: "pass" }).y);
}
