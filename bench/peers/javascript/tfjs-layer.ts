import type { Problem } from "../../baseline/index.js";
import type { Case } from "../../cases.js";
import { type JavaScriptPeer, type Prepared, peerPackage, serve, versionOf } from "./serve.js";
import { type Backend, type Core, Kept, tensorflow, tensors, warmUp } from "./tfjs.js";

type Layers = typeof import("@tensorflow/tfjs-layers");

function prepare(tf: Core, layers: Layers, { layout, shape }: Case, p: Problem): Prepared {
  const { x, dy, gamma, beta } = tensors(tf, p, shape, [p.channels]);
  const axis = layout === "NCHW" ? 1 : -1;
  // Keras's momentum is the weight of the OLD statistics
  const layer = layers.layers.batchNormalization({ axis, momentum: 1 - p.momentum, epsilon: p.eps });
  layer.build(x.shape);
  const moving = [p.runningMean, p.runningVar].map((values) => tf.tensor1d(Float32Array.from(values)));
  layer.setWeights([gamma, beta, ...moving]);
  tf.dispose([gamma, beta, ...moving]);

  const [gammaVariable, betaVariable] = layer.trainableWeights.map((weight) => weight.read());
  const [mean, variance] = layer.nonTrainableWeights;
  const apply = (training: boolean) => layer.apply(x, { training }) as typeof x;
  const gradients = tf.grads(() => apply(true));
  const kept = new Kept(tf);
  const training = kept.work(() => ({ y: apply(true) }));
  const both = kept.work(() => {
    const [dx, dgamma, dbeta] = gradients([x, gammaVariable, betaVariable], dy);
    return { dx, dgamma, dbeta };
  });
  return {
    verbs: {
      inference: kept.work(() => ({ y: apply(false) })),
      trainingForward: training,
      backward: { run: both.run, without: training.run },
    },
    firstCallsCount: tf.getBackend() === "cpu",
    results: () => kept.read({ runningMean: mean.read(), runningVar: variance.read() }),
    dispose() {
      kept.dispose();
      // layer.dispose() throws for a layer that is not part of a model
      for (const weight of layer.weights) weight.dispose();
      tf.dispose([x, dy]);
    },
  };
}

async function start(backend: Backend): Promise<JavaScriptPeer> {
  const tf = await tensorflow(backend);
  const layers = (await peerPackage("@tensorflow/tfjs-layers")) as Layers;
  const peer: JavaScriptPeer = {
    version: versionOf("@tensorflow/tfjs-core"),
    runningVariance: "population",
    prepare: (extents, p) => prepare(tf, layers, extents, p),
  };
  if (backend === "cpu") await warmUp(peer.prepare);
  return peer;
}

await serve(() => start(process.argv[2] as Backend));
