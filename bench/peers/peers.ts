import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { buildNative } from "./native.js";

/** The command that starts a contender's process. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
}

export interface Peer {
  readonly name: string;
  readonly threads: number;
  readonly note: string;
  /** Prepares what the peer needs. If something is missing, returns the reason why the peer cannot take part. */
  program(): Program | { readonly absent: string };
}

function path(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

function javascript(file: string, ...args: string[]): () => Program {
  return () => ({
    command: process.execPath,
    args: ["--import", import.meta.resolve("tsx"), path(`javascript/${file}.ts`), ...args],
  });
}

const PYTHON = "/usr/bin/python3";

function pytorch(threads: number): Peer["program"] {
  return () => {
    if (spawnSync(PYTHON, ["-c", "import torch, numpy"]).status !== 0) {
      return { absent: `${PYTHON} has no torch and numpy: apt-get install python3-torch python3-numpy` };
    }
    if (threads > availableParallelism()) return { absent: "only one processor is available to this run" };
    const environment = { OMP_NUM_THREADS: String(threads) };
    return { command: PYTHON, args: [path("python/pytorch.py"), String(threads)], environment };
  };
}

function onednn(): ReturnType<Peer["program"]> {
  const built = buildNative("onednn", ["-ldnnl"], "g++ libdnnl-dev");
  return "absent" in built ? built : { command: built.file, args: [], environment: { OMP_NUM_THREADS: "1" } };
}

const RUNTIME_NOTE =
  "forward only; run() copies or allocates Y on each call; the fastest form per case: BatchNormalization, the same between two transpositions (rows), or a folded Mul and Add (inference)";

/** The peers in the order of the tables' columns; the first is ours. */
export const PEERS: readonly Peer[] = [
  {
    name: "ours",
    threads: 1,
    note: "class BatchNorm with `out` given, tensors in the library's memory",
    program: javascript("ours"),
  },
  {
    name: "tfjs wasm, layer",
    threads: 1,
    note: "tf.layers.batchNormalization; backward is tf.grads minus a forward in the same sample",
    program: javascript("tfjs-layer", "wasm"),
  },
  {
    name: "tfjs wasm, ops",
    threads: 1,
    note: "tf.moments and arithmetic, backward by formula; the faster of two forms per case",
    program: javascript("tfjs-ops", "wasm"),
  },
  {
    name: "tfjs cpu, layer",
    threads: 1,
    note: "as tfjs wasm, layer",
    program: javascript("tfjs-layer", "cpu"),
  },
  {
    name: "tfjs cpu, ops",
    threads: 1,
    note: "as tfjs wasm, ops",
    program: javascript("tfjs-ops", "cpu"),
  },
  {
    name: "onnxruntime-web",
    threads: 1,
    note: `wasm; ${RUNTIME_NOTE}`,
    program: javascript("onnxruntime-web"),
  },
  {
    name: "onnxruntime-node",
    threads: 1,
    note: `native; ${RUNTIME_NOTE}`,
    program: javascript("onnxruntime-node"),
  },
  {
    name: "jax-js",
    threads: 1,
    note: "device wasm; formulas under jit, backward from the saved mean and invstd",
    program: javascript("jax"),
  },
  {
    name: "PyTorch, 1 thread",
    threads: 1,
    note: "functional.batch_norm, backward by autograd.grad; NHWC as channels_last",
    program: pytorch(1),
  },
  {
    name: "PyTorch, 2 threads",
    threads: 2,
    note: "as with one thread; our time is still that of one thread",
    program: pytorch(2),
  },
  {
    name: "oneDNN",
    threads: 1,
    note: "native limit: C++ primitives on plain nchw and nhwc memory; running statistics in plain C++",
    program: onednn,
  },
];
