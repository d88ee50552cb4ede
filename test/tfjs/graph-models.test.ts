import * as converter from "@tensorflow/tfjs-converter";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { install, uninstall } from "../../src/tfjs/index.js";
import { expectClose } from "../helpers/compare.js";
import { expectation } from "../helpers/problem.js";
import { hosts, read, rounded, type TfjsProblem, tf, tfjsProblem, useHost } from "./backends.js";

/** Graph models of one node, as the converter of TensorFlow.js writes them. */

const base64 = (text: string) => Buffer.from(text).toString("base64");
const shapeOf = (shape: readonly number[]) => ({ dim: shape.map((extent) => ({ size: String(extent) })) });

interface Attributes {
  readonly format?: string;
  readonly training?: boolean;
}

/** x normalized by op; in training the node's mean and variance are empty. */
function modelOf(op: string, p: TfjsProblem, { format, training }: Attributes): Promise<converter.GraphModel> {
  const empty = new Float32Array(0);
  const weights = {
    scale: p.gamma ?? empty,
    offset: p.beta ?? empty,
    mean: Float32Array.from(p.frozen?.mean ?? empty),
    variance: Float32Array.from(p.frozen?.variance ?? empty),
  };
  const float = { type: "DT_FLOAT" };
  const constant = ([name, { length }]: [string, Float32Array]) => ({
    name,
    op: "Const",
    attr: { dtype: float, value: { tensor: { dtype: "DT_FLOAT", tensorShape: shapeOf([length]) } } },
  });
  const attr = {
    T: float,
    U: float,
    epsilon: { f: p.eps },
    ...(format && { data_format: { s: base64(format) } }),
    ...(training !== undefined && { is_training: { b: training } }),
  };
  const node = [
    { name: "x", op: "Placeholder", attr: { dtype: float, shape: { shape: shapeOf(p.own) } } },
    ...Object.entries(weights).map(constant),
    { name: "y", op, input: ["x", ...Object.keys(weights)], attr },
    { name: "out", op: "Identity", input: ["y"], attr: { T: float } },
  ];
  const weightData = Float32Array.from(Object.values(weights).flatMap((values) => [...values])).buffer;
  const weightSpecs = Object.entries(weights).map(([name, { length }]) => ({
    name,
    shape: [length],
    dtype: "float32" as const,
  }));
  const modelTopology = { node, library: {}, versions: { producer: 440 } };
  return converter.loadGraphModel(tf.io.fromMemory({ modelTopology, weightSpecs, weightData, format: "graph-model" }));
}

function expectModel(model: converter.GraphModel, p: TfjsProblem): void {
  const before = tf.memory().numTensors;
  const y = model.execute({ x: tf.tensor(p.x, [...p.own]) }, "out") as tf.Tensor;
  expect(tf.memory().numTensors).toBe(before + 2);
  expectClose(p.line, "y", read(y), expectation(rounded(p)).y);
}

/** Extents with W = C: what takes the last axis for the channels finds as many of them. */
const shapes = { NHWC: [2, 3, 5, 4], NCHW: [2, 4, 3, 4], NDHWC: [2, 2, 3, 2, 4], NCDHW: [2, 4, 3, 2, 4] };
const axisOf = (format: string) => (format.startsWith("NC") ? 1 : format.length - 1);
const problemOf = (format: keyof typeof shapes, mode: "train" | "eval") =>
  tfjsProblem(shapes[format], axisOf(format), { mode, eps: 0.002 });
const cases = Object.keys(shapes).flatMap((format) =>
  [false, true].map((training) => [format as keyof typeof shapes, training] as const),
);

describe.each(hosts)("graph models on %s", (host) => {
  beforeAll(() => useHost(host));
  beforeEach(() => tf.engine().startScope());
  afterEach(() => {
    tf.engine().endScope();
    uninstall();
  });
  const installed = () => install(tf, { converter });

  it.each(cases)("FusedBatchNormV3, data_format %s, is_training %s", async (format, training) => {
    await installed();
    const p = problemOf(format, training ? "train" : "eval");
    expectModel(await modelOf("FusedBatchNormV3", p, { format, training }), p);
  });

  it.each(["FusedBatchNorm", "FusedBatchNormV2"])("%s, NCHW", async (op) => {
    await installed();
    const p = problemOf("NCHW", "eval");
    expectModel(await modelOf(op, p, { format: "NCHW", training: false }), p);
  });

  it("attributes that are left out have their defaults, and is_training that of the statistics: given or empty", async () => {
    await installed();
    for (const mode of ["train", "eval"] as const) {
      const p = problemOf("NHWC", mode);
      expectModel(await modelOf("FusedBatchNormV3", p, {}), p);
    }
  });

  it("one value per channel in training is beta", async () => {
    await installed();
    const p = tfjsProblem([1, 1, 1, 4], 3, { eps: 0.002 });
    const model = await modelOf("FusedBatchNormV3", p, { training: true });
    const y = model.execute({ x: tf.tensor(p.x, [...p.own]) }, "out") as tf.Tensor;
    expect([...read(y)]).toEqual([...(p.beta as Float32Array)]);
  });

  it("models that were loaded while it was installed run on without, as TensorFlow.js runs them", async () => {
    const p = problemOf("NCHW", "eval");
    const x = tf.tensor(p.x, [...p.own]);
    const attributes = { format: "NCHW", training: false };
    const undo = await installed();
    const model = await modelOf("FusedBatchNormV3", p, attributes);
    undo();
    const answer = read(model.execute({ x }, "out") as tf.Tensor);
    const [scale, offset, mean, variance] = ["scale", "offset", "mean", "variance"].map(
      (name) => model.weights[name][0],
    );
    const theirs = tf.batchNorm(
      x,
      mean as tf.Tensor1D,
      variance as tf.Tensor1D,
      offset as tf.Tensor1D,
      scale as tf.Tensor1D,
      p.eps,
    );
    expect([...answer]).toEqual([...read(theirs)]);
    await installed();
    expectModel(model, p);
  });
});
