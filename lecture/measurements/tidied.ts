import * as tf from "@tensorflow/tfjs-core";

/** The same as tf.tidy, for results that are not tensors. */
export function tidied<T>(run: () => T): T {
  let result!: T;
  tf.tidy(() => {
    result = run();
  });
  return result;
}
