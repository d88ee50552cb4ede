import type { Problem } from "../../baseline/index.js";
import type { Case } from "../../cases.js";
import { type Graph, model, type Node } from "./onnx-model.js";
import { quickest } from "./quickest.js";
import type { JavaScriptPeer, Prepared } from "./serve.js";

/** The part of the common interface of onnxruntime-web and onnxruntime-node that is used here. */
interface OrtTensor {
  readonly data: Float32Array;
}
interface Session {
  run(feeds: Record<string, OrtTensor>): Promise<Record<string, OrtTensor>>;
  release(): Promise<void>;
}
export interface OnnxRuntime {
  readonly env: { wasm: { numThreads?: number } };
  readonly Tensor: new (type: "float32", data: Float32Array, shape: readonly number[]) => OrtTensor;
  readonly InferenceSession: { create(model: Uint8Array, options: object): Promise<Session> };
}

type Forms = Readonly<Record<string, Graph>>;

function batchNormalization(p: Problem, training: boolean, x: string, y: string): Node {
  return {
    op: "BatchNormalization",
    inputs: [x, "scale", "B", "input_mean", "input_var"],
    outputs: training ? [y, "running_mean", "running_var"] : [y],
    // ONNX's momentum is the weight of the OLD statistics
    floats: { epsilon: p.eps, momentum: 1 - p.momentum },
    integers: { training_mode: Number(training) },
  };
}

/**
 * The operator by itself. It takes channels on axis 1, so data with channels last also get a form between two
 * transpositions. Plain [rows, channels] need none, because a reshaped tensor is the same memory.
 */
function operatorForms({ loop }: Case, p: Problem, training: boolean): Forms {
  const { batch, channels, spatial } = p;
  const [per, count] = [[channels], batch * spatial];
  const parameters = { scale: p.gamma, B: p.beta };
  const running = { input_mean: Float32Array.from(p.runningMean), input_var: Float32Array.from(p.runningVar) };
  const constants: Graph["constants"] = training ? parameters : { ...parameters, ...running };
  const form = (shape: readonly number[], nodes: readonly Node[]): Graph => ({
    constants,
    nodes,
    inputs: training ? { X: shape, input_mean: per, input_var: per } : { X: shape },
    outputs: training ? { Y: shape, running_mean: per, running_var: per } : { Y: shape },
  });
  const direct = [batchNormalization(p, training, "X", "Y")];
  if (loop === "planes") return { operator: form([batch, channels, spatial], direct) };
  const lists = { perm: [0, 2, 1] };
  return {
    operator: form([count, channels], direct),
    transposed: form(
      [1, count, channels],
      [
        { op: "Transpose", inputs: ["X"], outputs: ["channelsFirst"], lists },
        batchNormalization(p, training, "channelsFirst", "normalized"),
        { op: "Transpose", inputs: ["normalized"], outputs: ["Y"], lists },
      ],
    ),
  };
}

/** Inference as one factor and one summand per channel, computed beforehand, as an exporter does. */
function foldedForm({ loop }: Case, p: Problem): Graph {
  const { batch, channels, spatial, gamma, beta, runningMean, runningVar, eps } = p;
  const factor = gamma.map((g, c) => g / Math.sqrt(runningVar[c] + eps));
  const summand = beta.map((b, c) => b - (runningMean[c] * gamma[c]) / Math.sqrt(runningVar[c] + eps));
  const planes = loop === "planes";
  const shape = planes ? [batch, channels, spatial] : [batch * spatial, channels];
  return {
    nodes: [
      { op: "Mul", inputs: ["X", "factor"], outputs: ["product"] },
      { op: "Add", inputs: ["product", "summand"], outputs: ["Y"] },
    ],
    constants: { factor, summand },
    constantShape: planes ? [channels, 1] : [channels],
    inputs: { X: shape },
    outputs: { Y: shape },
  };
}

async function prepare(ort: OnnxRuntime, options: object, extents: Case, p: Problem): Promise<Prepared> {
  const sessions: Session[] = [];
  let last: Record<string, OrtTensor> = {};
  const runner = async (graph: Graph) => {
    const session = await ort.InferenceSession.create(model(graph), options);
    sessions.push(session);
    const data: Record<string, ArrayLike<number>> = {
      X: p.x,
      input_mean: p.runningMean,
      input_var: p.runningVar,
    };
    const feeds = Object.fromEntries(
      Object.entries(graph.inputs).map(([name, shape]) => [
        name,
        new ort.Tensor("float32", name === "X" ? p.x : Float32Array.from(data[name]), shape),
      ]),
    );
    return async () => {
      last = await session.run(feeds);
    };
  };
  const chosen = async (forms: Forms) => {
    const runs: Record<string, () => Promise<void>> = {};
    for (const [name, graph] of Object.entries(forms)) runs[name] = await runner(graph);
    const name = await quickest(runs);
    return { name, work: { run: runs[name] } };
  };
  const inference = await chosen({ ...operatorForms(extents, p, false), folded: foldedForm(extents, p) });
  const training = await chosen(operatorForms(extents, p, true)).catch((error: Error) => ({
    name: "refused",
    work: { absent: error.message },
  }));
  return {
    verbs: {
      inference: inference.work,
      trainingForward: training.work,
      backward: { absent: "the runtime has no gradient of BatchNormalization" },
    },
    results: () => ({ y: last.Y.data, runningMean: last.running_mean?.data, runningVar: last.running_var?.data }),
    form: `inference ${inference.name}, training ${training.name}`,
    dispose() {
      for (const session of sessions) session.release();
    },
  };
}

/**
 * Sets up one of the runtimes on one thread. If it has a memory of its own, its `run` copies the input in. It always
 * copies or allocates Y.
 */
export function onnxRuntime(ort: OnnxRuntime, version: string, provider: "cpu" | "wasm"): JavaScriptPeer {
  const oneThread = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: "sequential" };
  const options = { executionProviders: [provider], ...(provider === "cpu" ? oneThread : {}) };
  return { version, runningVariance: "population", prepare: (extents, p) => prepare(ort, options, extents, p) };
}
