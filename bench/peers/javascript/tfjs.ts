import { fileURLToPath } from "node:url";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Problem } from "../../baseline/index.js";
import type { Case } from "../../cases.js";
import type { Results } from "../../contender.js";
import { problem } from "../../inputs.js";
import { CHECK_ORDER, parseCase } from "../protocol.js";
import { type JavaScriptPeer, peerPackage, type Work } from "./serve.js";

export type Core = typeof import("@tensorflow/tfjs-core");
export type Backend = "cpu" | "wasm";

/** Starts TensorFlow.js with one backend, on one thread. */
export async function tensorflow(backend: Backend): Promise<Core> {
  const tf = (await peerPackage("@tensorflow/tfjs-core")) as Core;
  const packageName = `@tensorflow/tfjs-backend-${backend}`;
  const module = await peerPackage(packageName);
  if (backend === "wasm") {
    const { setWasmPaths, setThreadsCount } = module as typeof import("@tensorflow/tfjs-backend-wasm");
    const binary = import.meta.resolve(`${packageName}/wasm-out/tfjs-backend-wasm-simd.wasm`);
    setWasmPaths(fileURLToPath(new URL(".", binary)));
    setThreadsCount(1);
  }
  if (!(await tf.setBackend(backend))) throw new Error(`the ${backend} backend did not start`);
  await tf.ready();
  return tf;
}

/** The data of a case as tensors. Vectors per channel have the shape that broadcasts to `shape`. */
export function tensors(tf: Core, { x, dy, gamma, beta }: Problem, shape: readonly number[], per: readonly number[]) {
  const on = (data: Float32Array, extents: readonly number[]): Tensor => tf.tensor(data, extents as number[]);
  return { x: on(x, shape), dy: on(dy, shape), gamma: on(gamma, per), beta: on(beta, per) };
}

type Named = Partial<Record<keyof Results, Tensor>>;

/**
 * Keeps the results of a verb until its next call, so that no memory leaks and every result can be read. Both backends
 * compute within the call. The results are complete without being read, and stay where the next layer would use them.
 */
export class Kept {
  #kept: Named = {};

  constructor(private readonly tf: Core) {}

  /** Makes a verb from a function that returns tensors. Its intermediate tensors are disposed of. */
  work(compute: () => Named): Work {
    return {
      run: () => {
        const next = this.tf.tidy(compute);
        const replaced = Object.keys(next).map((name) => this.#kept[name as keyof Named]);
        for (const tensor of replaced) tensor?.dispose();
        Object.assign(this.#kept, next);
      },
    };
  }

  read(others: Named = {}): Partial<Results> {
    const entries = Object.entries({ ...this.#kept, ...others });
    return Object.fromEntries(entries.map(([name, tensor]) => [name, tensor.dataSync()]));
  }

  dispose(): void {
    this.tf.dispose(Object.values(this.#kept));
    this.#kept = {};
  }
}

/** The axes of the sums, the shape of a vector per channel, and whether the sums keep their axes. */
export function axes({ layout, channels }: Pick<Case, "layout" | "channels">) {
  if (layout === "NCHW") return { reduced: [0, 2, 3], per: [1, channels, 1, 1] };
  return { reduced: layout === "NC" ? [0] : [0, 1, 2], per: [channels] };
}

/**
 * Makes V8 compile the plain JavaScript of the cpu backend on small problems. At full size calls are so slow that only
 * the first one is timed.
 */
export async function warmUp(prepare: JavaScriptPeer["prepare"]): Promise<void> {
  for (const words of ["NHWC 8 16 14 14", "NCHW 8 16 14 14", "NC 512 64 1 1"]) {
    const { extents } = parseCase(["", ...words.split(" ")]);
    const { verbs, dispose } = await prepare(extents, problem(extents, 1));
    for (let k = 0; k < 5; k++) {
      for (const verb of CHECK_ORDER) {
        const found = verbs[verb];
        try {
          if ("run" in found) await found.run();
        } catch {
          // the check of the first case reports it
        }
      }
    }
    dispose();
  }
}
