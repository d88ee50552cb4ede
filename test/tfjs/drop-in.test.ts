import { describe, expect, it, vi } from "vitest";
import { install, uninstall } from "../../src/tfjs/index.js";
import { BatchNormalization } from "../../src/tfjs/layers.js";
import { expectClose, expectWithin } from "../helpers/compare.js";
import { u } from "../helpers/metric.js";
import { expectation } from "../helpers/problem.js";
import { backends, eachOn, read, rounded, type TfjsProblem, tensorsOf, tf, tfjsProblem, tfl } from "./backends.js";

type Layer = tfl.layers.Layer;

const installed = (options = {}) => install(tf, { layers: tfl.layers, ...options });
const statisticsOf = (layer: Layer) =>
  layer
    .getWeights()
    .slice(-2)
    .map((weight) => [...read(weight)]);

function setWeights(layer: Layer, p: TfjsProblem): void {
  const { gamma, beta, mean, variance } = tensorsOf(p);
  layer.setWeights([gamma, beta, mean, variance].filter((weight) => weight !== null));
}

/** A layer's problem, in training and by the moving statistics. */
function problem() {
  const frozen = rounded(tfjsProblem([4, 3, 5], 2, { mode: "eval" }));
  return { frozen, byBatch: expectation({ ...frozen, frozen: null }), byMoving: expectation(frozen) };
}

describe.each(backends)("programs go on on %s", (backend) => {
  eachOn(backend);

  const args = { inputShape: [3, 5] };
  const makers: [name: string, make: () => Layer][] = [
    ["tf.layers.batchNormalization", () => tfl.layers.batchNormalization(args)],
    ["the class", () => new BatchNormalization(args)],
  ];

  it("fit goes past a left-over batch of one, with one warning", async () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
    await installed();
    const layers = [tfl.layers.batchNormalization({ inputShape: [4] }), tfl.layers.dense({ units: 1 })];
    const model = tfl.sequential({ layers });
    model.compile({ optimizer: "sgd", loss: "meanSquaredError" });
    let batches = 0;
    const onBatchEnd = () => void batches++;
    const options = { epochs: 3, batchSize: 4, verbose: 0 as const, callbacks: { onBatchEnd } };
    await model.fit(tf.randomNormal([9, 4]), tf.randomNormal([9, 1]), options);
    expect([batches, warn.mock.calls.length]).toEqual([9, 1]);
    warn.mockRestore();
  });

  describe.each(makers)("%s that is not trainable", (_, make) => {
    const applied = (model: Layer, p: TfjsProblem) => {
      const { x, dy } = tensorsOf(p);
      const apply = (x: tf.Tensor) => model.apply(x, { training: true }) as tf.Tensor;
      return { y: read(apply(x)), dx: read(tf.grad(apply)(x, dy)) };
    };

    it('with frozen "inference" takes the moving statistics in training, which stay, until it is trainable', async () => {
      await installed({ frozen: "inference" });
      await installed(); // takes nothing back
      const { frozen, byBatch, byMoving } = problem();
      const layer = make();
      layer.build([null, 3, 5]);
      setWeights(layer, frozen);
      const before = statisticsOf(layer);
      layer.trainable = false;
      const { y, dx } = applied(layer, frozen);
      expectClose(frozen.line, "y", y, byMoving.y);
      expectClose(frozen.line, "dx", dx, byMoving.dx);
      expect(statisticsOf(layer)).toEqual(before);
      layer.trainable = true;
      expectClose(frozen.line, "y", applied(layer, frozen).y, byBatch.y);
      expect(statisticsOf(layer)).not.toEqual(before);
    });

    it('with frozen "inference" so does one in a model that is not trainable', async () => {
      await installed({ frozen: "inference" });
      const { frozen, byMoving } = problem();
      const layer = make();
      const base = tfl.sequential({ layers: [layer] });
      setWeights(layer, frozen);
      base.trainable = false;
      const input = tfl.input({ shape: [3, 5] });
      const model = tfl.model({ inputs: input, outputs: base.apply(input) as tfl.SymbolicTensor });
      expectClose(frozen.line, "y", applied(model, frozen).y, byMoving.y);
    });

    it("by default computes as in TensorFlow.js: by the batch, which the statistics follow", async () => {
      await installed({ frozen: "inference" });
      uninstall();
      await installed();
      const { frozen, byBatch } = problem();
      const layer = make();
      layer.build([null, 3, 5]);
      setWeights(layer, frozen);
      const before = statisticsOf(layer);
      layer.trainable = false;
      expectClose(frozen.line, "y", applied(layer, frozen).y, byBatch.y);
      expect(statisticsOf(layer)).not.toEqual(before);
    });
  });

  describe("training: true in a saved model's node", () => {
    /** A model as Keras saves it: its one layer is called with `callArgs`, once for each. */
    async function modelOf(...callArgs: object[]): Promise<tfl.LayersModel> {
      const input = { batch_input_shape: [null, 3, 5], dtype: "float32", sparse: false, name: "in" };
      const nodes = callArgs.map((each) => [["in", 0, 0, each]]);
      const layers = [
        { name: "in", class_name: "InputLayer", config: input, inbound_nodes: [] },
        {
          name: "bn",
          class_name: "BatchNormalization",
          config: { name: "bn", axis: [2] },
          inbound_nodes: nodes,
        },
      ];
      const outputs = callArgs.map((_, i) => ["bn", i, 0]);
      const config = { name: "model", layers, input_layers: [["in", 0, 0]], output_layers: outputs };
      return tfl.loadLayersModel(tf.io.fromMemory({ modelTopology: { class_name: "Model", config } }), {
        strict: false,
      });
    }

    it("is honoured by predict, also by its statistics, but for a call with training: false", async () => {
      await installed();
      const { frozen, byBatch, byMoving } = problem();
      const model = await modelOf({ training: true });
      const layer = model.layers[1];
      setWeights(layer, frozen);
      const before = statisticsOf(layer);
      const { x } = tensorsOf(frozen);
      expectClose(frozen.line, "y", read(layer.apply(x, { training: false }) as tf.Tensor), byMoving.y);
      expect(statisticsOf(layer)).toEqual(before);
      expectClose(frozen.line, "y", read(model.predict(x) as tf.Tensor), byBatch.y);
      expect(statisticsOf(layer)).not.toEqual(before);
    });

    it.each([[[{}]], [[{ training: false }]], [[{ training: true }, {}]]])(
      "is not made of nodes that do not agree: %j",
      async (callArgs) => {
        await installed();
        const { frozen, byMoving } = problem();
        const model = await modelOf(...callArgs);
        setWeights(model.layers[1], frozen);
        const [y] = [model.predict(tensorsOf(frozen).x)].flat();
        expectClose(frozen.line, "y", read(y), byMoving.y);
      },
    );

    it("gives way to a layer that is not trainable, as in Keras", async () => {
      await installed({ frozen: "inference" });
      const { frozen, byMoving } = problem();
      const model = await modelOf({ training: true });
      setWeights(model.layers[1], frozen);
      model.layers[1].trainable = false;
      expectClose(frozen.line, "y", read(model.predict(tensorsOf(frozen).x) as tf.Tensor), byMoving.y);
    });
  });

  describe("what is not for the kernels is left to TensorFlow.js", () => {
    const layerOf = (args: { axis?: unknown } = {}) => {
      const layer = tfl.layers.batchNormalization(args as { axis?: number });
      layer.build([2, 2]);
      return layer;
    };
    const floats = () => tf.tensor2d([1, 2, 3, 5], [2, 2]);
    // Statistics of 0 and 1; one product of two coefficients that are rounded to float32.
    const ref = [1, 2, 3, 5].map((value) => value / Math.sqrt(1 + 1e-3));
    const expectRef = (y: Float32Array) => expectWithin("layer", "y", y, ref, (i) => 4 * u * ref[i]);
    const infer = (layer: Layer, x: tf.Tensor) => read(layer.call(x, { training: false }) as tf.Tensor);

    it("an axis that is a string", async () => {
      await installed();
      expectRef(infer(layerOf({ axis: "1" }), floats()));
    });

    it("a weight that is not float32", async () => {
      await installed();
      const layer = layerOf();
      const ones = tf.ones([2], "int32");
      (layer as unknown as { movingMean: object }).movingMean = { read: () => ones };
      expectRef(infer(layer, tf.add(floats(), 1)));
    });

    const wrong: [name: string, x: () => tf.Tensor][] = [
      ["more channels than the layer has", () => tf.tensor2d([1, 2, 3, 5, 8, 13], [2, 3])],
      ["strings", () => tf.tensor2d(["a", "b", "c", "d"], [2, 2])],
    ];
    it.each(wrong)("%s: the same answer, or the same error", async (_, x) => {
      const answers = () =>
        [true, false].map((training) => {
          try {
            return [...read(layerOf().call(x(), { training }) as tf.Tensor)];
          } catch (error) {
            return String(error);
          }
        });
      const theirs = answers();
      await installed();
      expect(answers()).toEqual(theirs);
    });
  });
});
