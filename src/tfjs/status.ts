import { engine } from "@tensorflow/tfjs-core";
import { wrongType } from "../errors.js";
import { FUSED_BATCH_NORM } from "./fused-batchnorm.js";
import { BACKENDS, openedOn } from "./hosts.js";
import { hasLayers, type Tfjs } from "./install.js";
import { installation } from "./installation.js";
import type { How } from "./open-host.js";

export interface BackendStatus {
  /**
   * "zero copy": the kernels of this package, in the backend's own memory. "copies": the kernels, in their own memory.
   * "operations": the right formulas in operations of TensorFlow.js. "tfjs": the code of TensorFlow.js. "not started":
   * one of the first three, after the start of the backend.
   */
  readonly how: How | "tfjs" | "not started";
  /** The reason, in a sentence for people. */
  readonly reason: string;
}

/**
 * Tells how each registered backend computes batch normalization at present, by the backend's name.
 * @throws TypeError for a wrong argument
 */
export function status(tf: Pick<Tfjs, "getKernel" | "serialization" | "layers">): Record<string, BackendStatus> {
  if (typeof tf?.getKernel !== "function") throw wrongType("tf", "the namespace of TensorFlow.js", tf);
  return Object.fromEntries(Object.keys(engine().registryFactory).map((name) => [name, statusOf(tf, name)]));
}

function statusOf(tf: Pick<Tfjs, "getKernel" | "serialization" | "layers">, name: string): BackendStatus {
  const { users, replacements } = installation();
  const replacement = replacements.get(`${FUSED_BATCH_NORM} ${name}`);
  const own = (reason: string): BackendStatus => ({ how: "tfjs", reason });
  if (users.size === 0) return own("install(tf) has not been called");
  if (tf.getKernel(FUSED_BATCH_NORM, name) === undefined)
    return own("the backend has no kernel of batch normalization");
  if (replacement === undefined) return own("the backend was imported after install(tf), which can be called again");
  if (!replacement.holds()) return own("another kernel was registered in place of this package's");
  if (!BACKENDS.includes(name)) {
    return { how: "operations", reason: `the kernels reach the backends ${BACKENDS.join(" and ")} only` };
  }
  const backend = engine().registry[name];
  if (backend === undefined) return { how: "not started", reason: "the backend has not been started" };
  const { how, reason } = openedOn(backend);
  return { how, reason: hasLayers(tf) ? reason : `${reason}; layers are not covered, install(tf) can be called again` };
}
